"""Compare a wheel with the package in this checkout: every file of it must be in there. python tests/wheel.py WHEEL"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def missing(wheel: Path) -> list[str]:
    """Files of the package that the wheel lacks."""
    files = (
        path for path in (ROOT / "src" / "querist").rglob("*") if path.is_file() and "__pycache__" not in path.parts
    )
    wanted = [path.relative_to(ROOT / "src").as_posix() for path in files]
    assert any("/static/" in name for name in wanted), "the built page is not kept"
    with zipfile.ZipFile(wheel) as archive:
        return sorted(set(wanted) - set(archive.namelist()))


def main() -> int:
    """Say what is missing; 1 if anything is."""
    found = missing(Path(sys.argv[1]))
    print("\n".join(f"the wheel lacks {name}" for name in found) or "the wheel is whole")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
