"""Time of `import querist` and `querist --help` in fresh processes: best of five, and what they load.

Usage: python benchmarks/startup.py [--runs 5]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time

HEAVY = ("torch", "numpy", "sklearn", "pandas", "pydantic", "scipy", "matplotlib")
GOAL = 0.3

IMPORT = "import querist"
HELP = "import sys; from querist.cli.app import _run; sys.argv[0] = 'querist'; _run(['--help'])"
LOADED = "import sys; print(' '.join(m for m in {heavy!r} if m in sys.modules), file=sys.stderr)"


def seconds(code: str) -> float:
    """Wall time of a fresh process that runs ``code``."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def loaded(code: str) -> list[str]:
    """Heavy modules that ``code`` leaves in ``sys.modules``."""
    check = f"{code}\n{LOADED.format(heavy=HEAVY)}"
    done = subprocess.run([sys.executable, "-c", check], check=True, capture_output=True, text=True)
    return done.stderr.split()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    bare = min(seconds("pass") for _ in range(runs))
    print(f"{'command':<16} {'best of ' + str(runs):>10}  goal  heavy modules loaded")
    print(f"{'python -c pass':<16} {bare:>9.3f}s  {'':>4}")
    for name, code in (("import querist", IMPORT), ("querist --help", HELP)):
        best = min(seconds(code) for _ in range(runs))
        print(f"{name:<16} {best:>9.3f}s  {GOAL:>3}s  {' '.join(loaded(code)) or 'none'}")


if __name__ == "__main__":
    main()
