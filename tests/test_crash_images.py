"""The short form of crash_images.py, and that its judge tells a journal that syncs from one that does not."""

from __future__ import annotations

import random
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from crash_images import Op, Trace, fault_of, image, read_trace, traced


def hexed(text: str) -> str:
    return "".join(f"\\x{b:02x}" for b in text.encode())


LOG = hexed("/p/journal.db-wal")
LINES = [
    f'7 pwrite64(9<{LOG}>, "{hexed("abcd")}", 4, 32) = 4',
    f"7 fdatasync(9<{LOG}> <unfinished ...>",
    f'8 pwrite64(9<{LOG}>, "{hexed("ef")}", 2, 36) = 2',
    "7 <... fdatasync resumed>) = 0",
    f'8 sendto(5<{hexed("TCP")}TCP:[1]>, "{hexed("{")}{hexed(chr(34))}counted{hexed(chr(34))}", 9, 0) = 9',
    f'8 sendto(5<TCP:[a]>, "{hexed(chr(123) + chr(34) + "counted" + chr(34) + ":true," + chr(34) + "item" + chr(34))}'
    f'{hexed(":" + chr(34) + "i4" + chr(34))}", 40, 0) = 40',
    f"8 ftruncate(9<{LOG}>, 16) = 0",
    f'8 pwrite64(4<{hexed("/p/other.txt")}>, "{hexed("zz")}", 2, 0) = 2',
]


def test_a_trace_is_read() -> None:
    trace = read_trace(LINES)
    name = "journal.db-wal"
    assert trace.ops == [Op(0, name, "write", 32, b"abcd"), Op(2, name, "write", 36, b"ef"), Op(6, name, "cut", 16)]
    assert trace.syncs == [(1, 3, name)]
    assert trace.acks == [(5, "i4")]
    assert trace.end == 8


def test_what_was_synced_is_always_there(tmp_path: Path) -> None:
    base = tmp_path / "base"
    base.mkdir()
    seen = set()
    for seed in range(40):
        image(read_trace(LINES[:6]), base, tmp_path / f"{seed}", 6, random.Random(seed))
        seen.add((tmp_path / f"{seed}" / "journal.db-wal").read_bytes()[32:])
    assert seen == {b"abcd", b"abcdef"}  # the write after the sync began may be lost


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_no_power_cut_loses_an_answer(tmp_path: Path) -> None:
    trace = traced(40, tmp_path)
    assert len(trace.acks) == 40
    assert judged(trace, tmp_path, "kept") == [None] * 12
    forgetful = replace_syncs(trace)
    assert any(fault is not None and "lost" in fault for fault in judged(forgetful, tmp_path, "forgotten"))


def judged(trace: Trace, folder: Path, name: str) -> list[str | None]:
    out = []
    for k in range(12):
        rng, place = random.Random(k), folder / f"{name} {k}"
        moment = trace.acks[2 * k + 1][0] + 1
        image(trace, folder / "base", place, moment, rng)
        out.append(fault_of(place, {item for at, item in trace.acks if at < moment}))
    return out


def replace_syncs(trace: Trace) -> Trace:
    """The same trace of a program that never syncs after its first answer."""
    first = trace.acks[0][0]
    return replace(trace, syncs=[s for s in trace.syncs if s[1] < first])
