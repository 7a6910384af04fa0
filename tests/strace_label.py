"""Watch the system calls of a labelling server: an answer is on the disk before it is acknowledged (promise R2b).

A script for Linux with strace: python tests/strace_label.py 500. For every acknowledged post, between the write of its
event to the journal's log (journal.db-wal) and the reply on the socket there must be an fdatasync of that log which began
after the write and ended before the reply.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import tempfile
from pathlib import Path

from label_server import LabelServer, answer_all, free_port, made, texts

_CALLS = "trace=openat,close,pwrite64,fdatasync,fsync,sendto,write,writev,sendmsg"
_OPEN = re.compile(r'openat\(.*journal\.db-wal".*\) = (\d+)')
_ITEM = re.compile(r'answers\\":\[\{\\"item\\":\\"(i\d+)\\"')
_ACK = re.compile(r'\\"counted\\":true.*?\\"item\\":\\"(i\d+)\\"')
_SYNC = re.compile(r"f(?:data)?sync\((\d+)")
_WRITE = re.compile(r"pwrite64\((\d+),")


def judged(trace: str) -> tuple[int, list[str]]:
    """Acknowledged posts, and those that were acknowledged before they were on the disk, from strace's lines in order."""
    written: dict[str, int] = {}
    synced: list[tuple[int, int]] = []
    begun: dict[str, int] = {}
    wal: set[str] = set()
    good, bad = 0, []
    for number, line in enumerate(trace.splitlines()):
        thread = line.split(None, 1)[0]
        if opened := _OPEN.search(line):
            wal.add(opened[1])
        write, sync = _WRITE.search(line), _SYNC.search(line)
        if write and write[1] in wal:
            for item in _ITEM.findall(line):
                written.setdefault(item, number)
        elif sync and sync[1] in wal:
            if "unfinished" in line:
                begun[thread] = number
            else:
                synced.append((number, number))
        elif "sync resumed" in line and thread in begun:
            synced.append((begun.pop(thread), number))
        for item in _ACK.findall(line):
            start = written.get(item)
            if start is not None and any(start < a and b < number for a, b in reversed(synced[-200:])):
                good += 1
            else:
                bad.append(f"{item}: acknowledged at line {number}, written at {start}, not synced between")
    return good, bad


def traced(posts: int) -> str:
    """What strace saw while ``posts`` answers were given by four clients."""
    with tempfile.TemporaryDirectory() as folder:
        project = made(Path(folder) / "project", texts(posts + 100), validation=0.0)
        out = Path(folder) / "trace"
        # -s: a page of the log holds 4,096 bytes, in which the text of the event stands as it is
        prefix = ["strace", "-f", "-q", "-s", "9000", "-e", _CALLS, "-e", "signal=none", "-o", str(out)]
        server = LabelServer(project, port=free_port(), prefix=prefix)

        answer_all(server, posts)
        server.stop()
        return out.read_text(encoding="utf-8", errors="replace")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("posts", type=int, nargs="?", default=500)
    options = parser.parse_args()
    if shutil.which("strace") is None:
        sys.exit("strace is not installed")
    good, bad = judged(traced(options.posts))
    print(f"{good + len(bad)} acknowledged, {good} of them on the disk before")
    for line in bad[:20]:
        print(line)
    sys.exit(bool(bad) or not good)


if __name__ == "__main__":
    main()
