"""Rules of the house that no linter knows; run as a script in CI: python tests/house.py

Committed files name no absolute path, user, host or registry; every source file has its test; files stay short; unsafe
calls are absent; no module is called utils, helpers or common.
"""

from __future__ import annotations

import getpass
import re
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LONGEST = 420
BANNED_CALLS = re.compile(
    r"pickle\.load|torch\.load\(|allow_pickle=True|yaml\.load\(|(?<![\w.])eval\(|(?<![\w.])exec\(|trust_remote_code=True"
)
PRIVATE = re.compile(r"(?<![\w.~])/(?:home|root|work|Users|opt|tmp)/[\w.-]+")
NAMES = {"utils", "helpers", "common", "misc"}
# Sources whose tests stand in another file, each with the reason.
ELSEWHERE = {
    "__init__": "only names",
    "__main__": "two lines",
    "study": "through demo, run and bench",
}


def tracked() -> list[Path]:
    """Files that git tracks or would."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def faults() -> list[str]:
    """Every breach, one line each."""
    out: list[str] = []
    words = {w for w in (getpass.getuser(), socket.gethostname()) if len(w) > 4}
    tests = {p.relative_to(ROOT / "tests") for p in (ROOT / "tests").rglob("test_*.py")}
    for path in tracked():
        name = path.relative_to(ROOT).as_posix()
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if path != Path(__file__).resolve():
            for number, line in enumerate(text.splitlines(), start=1):
                if PRIVATE.search(line) and "noqa: path" not in line and not name.startswith(".ci/"):
                    out.append(f"{name}:{number}: a path of one machine: {line.strip()[:80]}")
                if any(word in line for word in words):
                    out.append(f"{name}:{number}: a user or host name")
                if name.startswith("src/") and BANNED_CALLS.search(line) and "never" not in line:
                    out.append(f"{name}:{number}: unsafe call: {line.strip()[:80]}")
        if not name.startswith("src/querist/") or path.suffix != ".py":
            continue
        if path.stem in NAMES:
            out.append(f"{name}: a module called {path.stem} says nothing")
        lines = text.count("\n")
        if lines > LONGEST and "long because" not in text:
            out.append(f"{name}: {lines} lines; say 'long because ...' in its docstring or split it")
        if path.stem not in ELSEWHERE:
            inside = path.relative_to(ROOT / "src" / "querist")
            if inside.with_name(f"test_{path.name}") not in tests:
                out.append(f"{name}: no tests/{inside.with_name('test_' + path.name).as_posix()}")
    return out


if __name__ == "__main__":
    found = faults()
    print("\n".join(found) or "the house is in order")
    sys.exit(1 if found else 0)
