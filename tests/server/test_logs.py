from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from querist.server.logs import line, log, to_stream


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    handler = to_stream(stream)
    yield stream
    log.removeHandler(handler)
    log.setLevel(logging.NOTSET)


def test_a_line_is_one_object(out: io.StringIO) -> None:
    line("request", ms=1.5, route=None, status=200, method="GET")
    (entry,) = [json.loads(text) for text in out.getvalue().splitlines()]
    at = entry.pop("at")
    assert at.endswith("Z")
    assert entry == {"event": "request", "ms": 1.5, "route": None, "status": 200, "method": "GET"}


@pytest.mark.parametrize("value", ["x" * 121, "two\nlines", "é", ["a"], {"a": 1}, b"x"])
def test_what_could_be_data_is_refused(out: io.StringIO, value: object) -> None:
    with pytest.raises(TypeError, match="note"):
        line("request", note=value)
    assert out.getvalue() == ""


def test_nothing_is_written_before_a_server_asks_for_it(capfd: pytest.CaptureFixture[str]) -> None:
    line("request", note=["not even looked at"])
    assert capfd.readouterr() == ("", "")
