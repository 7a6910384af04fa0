"""Keys of actions and classes: the same table as the page's, and what no class may have."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from querist.core.errors import QueristError
from querist.server.keys import ACTIONS, PROFILES, action_keys, check_class_keys, refuse_clashes

KEYMAP = Path(__file__).resolve().parents[2] / "web" / "src" / "logic" / "keymap.ts"


def _table(block: str) -> dict[str, tuple[str, ...]]:
    return {
        action: tuple(re.findall(r'"([^"]+)"', keys))
        for action, keys in re.findall(r"(\w+): \[((?:\"[^\"]+\",? ?)+)\]", block)
    }


def test_the_page_has_the_same_table() -> None:
    text = KEYMAP.read_text(encoding="utf-8")
    common = _table(text.partition("const COMMON")[2].partition("};")[0])
    profiles = text.partition("export const PROFILES")[2].partition("};")[0]
    spans = _table(text.partition("const SPAN_KEYS")[2].partition(";")[0])
    assert tuple(common) == ACTIONS
    assert action_keys("querist", {}, "single") == common
    studio, argilla = (profiles.partition(f"{name}: {{")[2].partition("}")[0] for name in ('"label-studio"', "argilla"))
    assert action_keys("label-studio", {}, "spans") == {**common, **_table(studio)}
    assert action_keys("argilla", {}, "single") == {**common, **_table(argilla)}
    assert action_keys("querist", {}, "spans") == {**common, **spans}
    assert len(PROFILES) == 3


def test_a_key_of_its_own_takes_the_place_of_the_profile_s() -> None:
    keys = action_keys("querist", {"undo": "z", "skip": "Tab", "previous": "p"}, "spans")
    assert (keys["undo"], keys["skip"], keys["previous"]) == (("z",), ("Space",), ("p",))


@pytest.mark.parametrize(
    "key", ["a", "A", "é", "+", "!", "F2", "Ctrl+b", "Alt+Shift+b", "Shift+F2", "Ctrl++", "PageUp"]
)
def test_keys_that_a_class_may_have(key: str) -> None:
    check_class_keys({"cat": key})


@pytest.mark.parametrize(
    "key", ["", " ", "ab", "\n", "\0", "Ctrl+B", "Shift+a", "x" * 41, 5, None, "Ctrl+", "Alt+Ctrl+b"]
)
def test_what_is_no_key(key: object) -> None:
    with pytest.raises(QueristError) as caught:
        check_class_keys({"cat": key})
    assert caught.value.code == "BadSetting"
    assert "'cat'" in str(caught.value)


@pytest.mark.parametrize("key", ["Tab", "Shift+Tab", "Escape", "Backspace", "Ctrl+Delete"])
def test_keys_with_a_use_of_their_own(key: str) -> None:
    with pytest.raises(QueristError, match="use of its own"):
        check_class_keys({"cat": key})


def test_the_arrows_move_between_words_where_spans_are_marked() -> None:
    for key in ("ArrowUp", "Shift+Home"):
        refuse_clashes({"cat": key}, action_keys("querist", {}, "single"), "single")
        with pytest.raises(QueristError, match="moves between words"):
            refuse_clashes({"cat": key}, action_keys("querist", {}, "spans"), "spans")


def test_a_long_name_makes_no_long_error() -> None:
    with pytest.raises(QueristError) as caught:
        check_class_keys({"c" * 200: "k", "d" * 200: "k"})
    assert len(str(caught.value)) < 400
