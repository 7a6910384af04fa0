from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("schemathesis")

from fuzz_api import LEFT_OUT, fuzz, operations
from serving import make, running


def test_the_short_form(tmp_path: Path) -> None:
    with running(make(tmp_path / "p", 50)) as ask:
        described = ask("GET", "/api/v1/openapi.json").json
        assert len(operations(described)) + len(LEFT_OUT) == sum(
            len(methods) for methods in described["paths"].values()
        )
        statuses, faults = fuzz(ask, 70)
        assert faults == []
        assert sum(statuses.values()) >= 70
        assert statuses[200] > 0
        assert statuses[422] > 0
        assert ask("GET", "/api/v1/project").status == 200
