"""Keys of the labelling page: what each profile gives to the actions, and which keys a class may have."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from querist.core.errors import ArgumentError, ArgumentTypeError, UnknownNameError, nearest, shorten

__all__ = ["ACTIONS", "PROFILES", "action_keys", "check_action_keys", "check_class_keys", "refuse_clashes"]

_QUERIST: dict[str, tuple[str, ...]] = {
    "submit": ("Enter",),
    "skip": ("Space",),
    "reject": ("x",),
    "undo": ("Backspace", "u", "Ctrl+z"),
    "previous": ("ArrowLeft",),
    "next": ("ArrowRight",),
    "unsure": ("s",),
    "reason": ("r",),
    "note": ("n",),
    "flag": ("f",),
    "find": ("/",),
    "guideline": ("g",),
    "help": ("?",),
}
_LABEL_STUDIO = {
    "submit": ("Ctrl+Enter",),
    "skip": ("Ctrl+Space",),
    "undo": ("Ctrl+z",),
    "previous": ("Ctrl+ArrowLeft",),
    "next": ("Ctrl+ArrowRight",),
}
_DEFAULTS = {
    "querist": _QUERIST,
    "label-studio": {**_QUERIST, **_LABEL_STUDIO},
    "argilla": {**_QUERIST, "skip": ("Backspace",), "undo": ("u", "Ctrl+z")},
}
_IN_SPANS = {"previous": (",", "["), "next": (".", "]")}
"""The arrows move the word cursor there."""
ACTIONS = tuple(_QUERIST)
PROFILES = tuple(_DEFAULTS)
_LONGEST_KEY = 40
_KEY = re.compile(
    r"\S|(?:Ctrl\+)?(?:Alt\+)?(?:Shift\+)?[A-Z][A-Za-z0-9]+|(?:Ctrl\+(?:Alt\+)?|Alt\+)(?:Shift\+)?[^\sA-Z]"
)
_TAKEN = frozenset({"Escape", "Tab", "Backspace", "Delete", "Shift", "Control", "Alt", "Meta", "Dead", "Process"})
"""Keys that leave a field, move the focus, remove a part of an answer, or are none by themselves."""
_OF_WORDS = frozenset({"ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"})


def action_keys(profile: str, own: Mapping[str, str], task: str) -> dict[str, tuple[str, ...]]:
    """The keys of each action.

    Args:
        profile: one of `PROFILES`.
        own: key by action, in place of the profile's.
        task: kind of the task.

    Returns:
        Keys by action.

    >>> action_keys("querist", {"skip": "k"}, "spans")["previous"]
    (',', '[')
    """
    keys = dict(_DEFAULTS[profile])
    if task == "spans" and profile != "label-studio":
        keys.update(_IN_SPANS)
    keys.update({action: (key,) for action, key in own.items() if key.rpartition("+")[2] != "Tab"})
    return keys


def check_action_keys(keys: object) -> None:
    """Whether this can be key by action.

    Raises:
        ArgumentError, ArgumentTypeError: not an object of keys, or a key for two actions (code ``BadSetting``).
        UnknownNameError: no such action (code ``UnknownSetting``), with the nearest one.
    """
    if not isinstance(keys, Mapping):
        raise ArgumentTypeError(
            f"keys must be an object of key by action, got {shorten(repr(keys))}", code="BadSetting"
        )
    for action, key in keys.items():
        if action not in ACTIONS:
            near = nearest(str(action), ACTIONS)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(ACTIONS)}"
            raise UnknownNameError(
                f"there is no action {shorten(repr(action))} to give a key to; {hint}", code="UnknownSetting"
            )
        if not isinstance(key, str) or not 0 < len(key) <= _LONGEST_KEY:
            raise ArgumentError(
                f"the key of {action} must be named in 1 to {_LONGEST_KEY} characters, got {shorten(repr(key))}",
                code="BadSetting",
            )
    twice = [k for k in keys.values() if list(keys.values()).count(k) > 1]
    if twice:
        raise ArgumentError(f"the key {twice[0]!r} is given to two actions; each needs its own", code="BadSetting")


def check_class_keys(keys: object) -> None:
    """Whether this can be key by class, whatever classes there are.

    Raises:
        ArgumentError, ArgumentTypeError: not an object of keys, a key that a class cannot have, or one key for two
            classes (code ``BadSetting``).
    """
    if not isinstance(keys, Mapping):
        raise ArgumentTypeError(
            f"class_keys must be an object of key by class, got {shorten(repr(keys))}", code="BadSetting"
        )
    owner: dict[str, str] = {}
    for name, key in keys.items():
        if not isinstance(name, str):
            raise ArgumentTypeError(
                f"class_keys must be by names of classes, got {shorten(repr(name))}", code="BadSetting"
            )
        shown = shorten(repr(name))
        if not isinstance(key, str) or len(key) > _LONGEST_KEY or not key.isprintable() or not _KEY.fullmatch(key):
            raise ArgumentError(
                f"the key of class {shown} must be one sign or a key's name, such as 'a', 'F2' or 'Ctrl+b'; "
                f"got {shorten(repr(key))}",
                code="BadSetting",
            )
        if key.rpartition("+")[2] in _TAKEN:
            raise ArgumentError(
                f"the key {key!r} has a use of its own on the page; give class {shown} another", code="BadSetting"
            )
        if key in owner:
            raise ArgumentError(
                f"the key {key!r} is given to the classes {shorten(repr(owner[key]))} and {shown}; each needs its own",
                code="BadSetting",
            )
        owner[key] = name


def refuse_clashes(class_keys: Mapping[str, str], actions: Mapping[str, Iterable[str]], task: str) -> None:
    """No class may have the key of an action.

    Args:
        class_keys: key by class.
        actions: keys by action, of `action_keys`.
        task: kind of the task.

    Raises:
        ArgumentError: a class has such a key (code ``BadSetting``); it names both.
    """
    action_of = {key: action for action, keys in actions.items() for key in keys}
    for name, key in class_keys.items():
        shown = shorten(repr(name))
        if key in action_of:
            raise ArgumentError(
                f"the key {key!r} of class {shown} is the key of the action {action_of[key]!r}; "
                "give one of the two another key",
                code="BadSetting",
            )
        if task == "spans" and key.removeprefix("Shift+") in _OF_WORDS:
            raise ArgumentError(f"the key {key!r} moves between words; give class {shown} another", code="BadSetting")
