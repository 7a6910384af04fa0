"""Sends what the description of the interface allows, and what it does not, to a running server: no 5xx, no broken shape.

A script: python tests/fuzz_api.py --cases 20000 (promise R-11 of the bar: 20,000 cases, 0 answers 5xx, 0 broken shapes).
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode

from serving import Asker, make, running

LEFT_OUT = {("get", "/api/v1/events"), ("delete", "/api/v1/session")}
"""A stream does not end, and a log-out would end the run; both have tests of their own."""

_TURNS = 1_000
"""Seeds that one run may use."""


def operations(described: dict[str, Any]) -> list[Any]:
    """All operations but `LEFT_OUT`."""
    schema = schemathesis.openapi.from_dict(described)
    found: list[Any] = [result.ok() for result in schema.get_all_operations()]  # type: ignore[union-attr]
    return [op for op in found if (op.method.lower(), op.path) not in LEFT_OUT]


def fuzz(ask: Asker, cases: int, number: int = 0) -> tuple[Counter[int], list[str]]:
    """Statuses by number, and the faults that were found, in at least so many requests.

    ``cases`` are spread over operations, good and bad data. Some have fewer different ones, and what is missing then is
    sent with other seeds; fewer are sent only when nothing comes any more.
    """
    sources = list(_sources(operations(ask("GET", "/api/v1/openapi.json").json)))
    statuses: Counter[int] = Counter()
    faults: list[str] = []
    headers = {"Origin": ask.server.address, "Cookie": ask.cookie}
    turn, before = number * _TURNS, -1
    with requests.Session() as line:
        while before < statuses.total() < cases:
            before = statuses.total()
            each = math.ceil((cases - before) / len(sources))
            for operation, strategy in sources:
                _run(operation, strategy, each, turn, ask, line, headers, statuses, faults)
            turn += 1
    return statuses, faults


def _sources(found: list[Any]) -> Iterator[tuple[Any, Any]]:
    """Each operation with what makes good requests of it, and with what makes bad ones."""
    for operation in found:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            try:
                strategy = operation.as_strategy(generation_mode=mode)
            except Exception:  # nothing can be wrong with a request that takes nothing
                continue
            yield operation, strategy


def _run(
    operation: Any,
    strategy: Any,
    each: int,
    number: int,
    ask: Asker,
    line: requests.Session,
    headers: dict[str, str],
    statuses: Counter[int],
    faults: list[str],
) -> None:
    @seed(number)
    @settings(
        max_examples=each,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def one(case: Any) -> None:
        if any(str(value) in ("", ".", "..") for value in (case.path_parameters or {}).values()):
            return  # another address
        response = case.call(base_url=ask.server.address, session=line, headers=headers)
        statuses[response.status_code] += 1
        where = f"{operation.method.upper()} {operation.path}"
        if response.status_code >= 500:
            faults.append(f"{where}: {response.status_code} {response.content[:200]!r} for {str(case.body)[:200]}")
        elif response.status_code >= 400:
            body = response.json()
            if set(body) != {"type", "title", "status", "code", "detail", "pointer"}:
                faults.append(f"{where}: not the shape of an error: {str(body)[:200]}")
        else:
            try:
                operation.validate_response(response, case=case)
            except Exception as error:
                faults.append(f"{where}: {str(error)[:300]}")

    try:
        one()
    except Exception as error:
        if type(error).__name__ not in ("Unsatisfiable", "SkipTest"):
            raise


def main() -> int:
    """The long run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    wanted = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, running(make(Path(folder) / "p", 200)) as ask:
        statuses, faults = fuzz(ask, wanted.cases, wanted.seed)
    print(f"{sum(statuses.values()):,} requests in {time.monotonic() - began:.0f} s: {dict(sorted(statuses.items()))}")
    for fault in sorted(set(faults))[:20]:
        print(fault)
    print(f"{len(faults)} faults")
    if statuses.total() < wanted.cases:
        print(f"only {statuses.total():,} of {wanted.cases:,} requests were sent")
    return 1 if faults or statuses.total() < wanted.cases else 0


if __name__ == "__main__":
    sys.exit(main())
