"""The judge of strace_label.py tells right from wrong; the run itself is the script's (short here, where strace is)."""

from __future__ import annotations

import shutil

import pytest

from strace_label import judged, traced

OPENED = '7 openat(AT_FDCWD, "/p/journal.db-wal", O_RDWR) = 9'
WRITE = '7 pwrite64(9, "..{\\"query\\":\\"q0\\",\\"answers\\":[{\\"item\\":\\"i4\\",\\"kind\\"..", 4096, 56) = 4096'
SYNC = "7 fdatasync(9) = 0"
ACK = '8 sendto(5, "HTTP/1.1 200 OK\\r\\n\\r\\n{\\"counted\\":true,\\"seq\\":3,\\"item\\":\\"i4\\"}", 90, 0) = 90'


@pytest.mark.parametrize(
    "lines, fine",
    [
        ([OPENED, WRITE, SYNC, ACK], True),
        ([OPENED, WRITE, ACK, SYNC], False),
        ([OPENED, SYNC, WRITE, ACK], False),
        ([OPENED, WRITE, "7 fdatasync(4) = 0", ACK], False),
        ([OPENED, WRITE, "7 fdatasync(9 <unfinished ...>", ACK, "7 <... fdatasync resumed>) = 0"], False),
        ([OPENED, WRITE, "7 fdatasync(9 <unfinished ...>", "7 <... fdatasync resumed>) = 0", ACK], True),
        ([OPENED, "7 fdatasync(9 <unfinished ...>", WRITE, "7 <... fdatasync resumed>) = 0", ACK], False),
    ],
)
def test_the_judge(lines: list[str], fine: bool) -> None:
    good, bad = judged("\n".join(lines))
    assert (good, len(bad)) == ((1, 0) if fine else (0, 1))


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_answers_are_on_the_disk_before_they_are_acknowledged() -> None:
    good, bad = judged(traced(20))
    assert bad == []
    assert good == 20
