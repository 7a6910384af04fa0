from __future__ import annotations

from querist.cli.state import debug, set_debug


def test_what_was_said_is_known() -> None:
    assert debug() is False
    set_debug(True)
    try:
        assert debug() is True
    finally:
        set_debug(False)
