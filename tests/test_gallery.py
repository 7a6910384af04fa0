"""The gallery has advice for every registered part and no other, and its page can be drawn."""

from __future__ import annotations

import importlib.util
import tomllib
from pathlib import Path
from typing import Any

import pytest

import querist

ROOT = Path(__file__).resolve().parent.parent
NAMES = {e.name for e in querist.registry.entries("score", "selector", "filter", "strategy")}
ADVICE = tomllib.loads((ROOT / "docs/gallery.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def gallery() -> Any:
    spec = importlib.util.spec_from_file_location("gallery", ROOT / "docs/gallery.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_part_has_advice() -> None:
    assert NAMES - set(ADVICE) == set()
    for name in NAMES:
        for key in ("cost", "when", "loses"):
            assert ADVICE[name].get(key, "").strip(), f"{name} has no {key}"


def test_advice_is_about_registered_parts_and_has_known_keys() -> None:
    assert set(ADVICE) - NAMES == set()
    assert {key for told in ADVICE.values() for key in told} <= {"cost", "when", "loses", "study"}


def test_studies_exist() -> None:
    named = {path for told in ADVICE.values() if "study" in told for path in told["study"].split(", ")}
    assert named
    for path in named:
        assert path.startswith("studies/"), path
        assert (ROOT / path).is_file(), path


def test_the_page_has_a_picture_and_advice_for_every_part(gallery: Any) -> None:
    page = gallery.page()
    for name in NAMES:
        assert f"\n### {name}\n" in page
        assert f"what {name} picks" in page
    assert page.count("\n- use it when ") == page.count("\n- it loses when ") == len(NAMES)


def test_a_picture_shows_a_whole_batch(gallery: Any) -> None:
    rows, reason = gallery.chosen("margin")
    assert len(set(rows.tolist())) == gallery.BATCH
    assert reason


def test_prose_is_shown_as_it_is(gallery: Any) -> None:
    assert gallery._prose("- a * b_c <g, G> `k_center`") == r"\- a \* b\_c &lt;g, G&gt; `k_center`"
