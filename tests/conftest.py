"""``QUERIST_EXAMPLES=N`` gives every Hypothesis test at least N examples: the nightly script's way to the full numbers."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import settings

EXAMPLES = int(os.environ.get("QUERIST_EXAMPLES", "0"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Raise the examples of each property."""
    if not EXAMPLES:
        return
    for item in items:
        function: Any = getattr(item, "obj", None)
        held = getattr(function, "_hypothesis_internal_use_settings", None)
        if held is not None and held.max_examples < EXAMPLES:
            wider = settings(held, max_examples=EXAMPLES)
            getattr(function, "__func__", function)._hypothesis_internal_use_settings = wider
            item.add_marker(pytest.mark.timeout(7200))
