"""Trainers for tests: small scripts that hand in good candidates, or do what a trainer must not."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

__all__ = ["ILL", "SICK", "falls_ill", "trainer_that"]

ILL = "ill"
"""File in the project: when the trainer fell ill for the first time, by the monotonic clock that Linux has for all."""

_GOOD = """
import json, os, sys, time
folder = sys.argv[1]
def say(**line):
    sys.stdout.write(json.dumps(line) + "\\n"); sys.stdout.flush()
def candidate(n, item="a", weights=True, tell=True, **report):
    place = os.path.join(folder, "candidates", str(n)); os.makedirs(place, exist_ok=True)
    said = dict(round=n, labels=n + 1, cost=0.0, model=None, metrics={}, agreement=None, surprise=None, notes=[],
                seconds={}, encoder="fake", upto=n, advice={}, **report)
    queue = [dict(item=item, score=None, reason="because", role="queue")]
    with open(os.path.join(place, "report.json"), "w") as f: json.dump(said, f)
    with open(os.path.join(place, "queue.json"), "w") as f: json.dump(dict(queue=queue, guesses={}), f)
    if weights:
        with open(os.path.join(place, "model.safetensors"), "wb") as f: f.write(b"w%d" % n)
    if tell: say(**{"is": "candidate", "folder": "candidates/%d" % n, "round": n, "upto": n})
def ill():  # notes when it falls ill first
    path = os.path.join(folder, "ILL")
    if not os.path.exists(path):
        with open(path, "w") as f: f.write(repr(time.monotonic()))
def runs():  # how often this trainer was started
    path = os.path.join(folder, "runs"); n = os.path.getsize(path) if os.path.exists(path) else 0
    with open(path, "ab") as f: f.write(b"x")  # a kill leaves a whole count
    return n
say(**{"is": "idle"})
n = 0
for line in sys.stdin:
    if json.loads(line)["do"] != "round": break
    say(**{"is": "beat", "doing": "fit"})
    WORK
    n += 1
    say(**{"is": "idle"})
"""


def trainer_that(work: str, folder: Path) -> list[str]:
    """The command of a trainer on the project ``folder`` that does ``work`` in each round."""
    script = folder / "fake.py"
    script.write_text(
        _GOOD.replace("ILL", ILL).replace("    WORK", textwrap.indent(textwrap.dedent(work).strip(), "    "))
    )
    return [sys.executable, "-I", "-S", str(script), str(folder)]


def falls_ill(work: str) -> str:
    """A good candidate in the first round, then ``work`` in each; `ILL` says when that began."""
    first = "\nif runs() == 0: candidate(n); time.sleep(0.05)\n"
    sick = f"{first}else:\n    ill()\n{textwrap.indent(textwrap.dedent(work).strip(), '    ')}"
    return sick + "\nsay(**{'is': 'beat', 'doing': 'x'})"


SICK = {
    "spins": ("\nwhile True: pass", "said nothing"),
    "sleeps": ("time.sleep(1000)", "said nothing"),
    "raises": ("raise RuntimeError('no')", "exit code 1"),
    "says it failed": (
        "say(**{'is': 'failed', 'code': 'OutOfMemory', 'text': 'no memory'})",
        "no memory (OutOfMemory)",
    ),
    "segfaults": ("import ctypes; ctypes.string_at(0)", "segmentation fault"),
    "is killed for memory": ("os.kill(os.getpid(), 9)", "want of memory"),
    "takes all memory": ("x = bytearray(1 << 40)", "exit code 1"),
    "writes rubbish": ("print('hello'); sys.stdout.flush(); time.sleep(1000)", "no JSON"),
    "writes a line without end": ("\nwhile True: sys.stdout.write('x' * 4096); sys.stdout.flush()", "no JSON"),
    "writes a line of another kind": ("say(**{'is': 'done'}); time.sleep(1000)", "makes no sense"),
    "counts wrongly": ("say(**{'is': 'features', 'done': 5, 'of': 2}); time.sleep(1000)", "makes no sense"),
    "fills the disk": (
        "\nwith open(folder + '/big', 'wb') as f:\n    while True: f.write(b'x' * 65536)",
        "exit code 1",
    ),
    "hands in nothing": (
        "say(**{'is': 'candidate', 'folder': 'candidates/9', 'round': 9, 'upto': 9})",
        "no such folder",
    ),
    "hands in another round": (
        "candidate(n, tell=False); say(**{'is': 'candidate', 'folder': 'candidates/0', 'round': 5, 'upto': 0})",
        "another round",
    ),
    "names a stranger": ("candidate(n, item='zz')", "not in this project"),
    "ends": ("sys.exit(0)", "exit code 0"),
}
"""What a sick trainer does in a round, and what the reason must say, by what it is called."""
