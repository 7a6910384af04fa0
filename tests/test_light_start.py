"""`import querist` and `querist --help` load nothing heavy; the time is a benchmark (benchmarks/startup.py)."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("torch", "numpy", "sklearn", "pandas", "pydantic", "scipy", "matplotlib", "PIL")
CHECK = f"import sys; sys.exit(' '.join(m for m in {HEAVY!r} if m in sys.modules) or 0)"


@pytest.mark.parametrize(
    "code",
    [
        "import querist",
        "from querist.cli.app import _run; _run(['--help'])",
        "from querist.cli.app import _run; _run(['--version'])",
    ],
)
def test_nothing_heavy_is_loaded(code: str) -> None:
    done = subprocess.run([sys.executable, "-c", f"{code}\n{CHECK}"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_verb_loads_no_more_than_the_command_line_library() -> None:
    """typer itself may load pydantic to read a verb's parameters; arrays and models stay away."""
    code = "from querist.cli.app import _run; _run(['demo', '--help'])"
    names = ("torch", "numpy", "sklearn", "matplotlib")
    check = f"import sys; sys.exit(' '.join(m for m in {names!r} if m in sys.modules) or 0)"
    done = subprocess.run([sys.executable, "-c", f"{code}\n{check}"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_score_loads_no_linear_algebra_library() -> None:
    """SciPy takes 20 MiB: more than the scores of millions of rows add themselves."""
    code = "import querist; querist.score('margin', probs=[[0.5, 0.5]])"
    check = f"import sys; sys.exit(' '.join(m for m in {('torch', 'scipy', 'sklearn')!r} if m in sys.modules) or 0)"
    done = subprocess.run([sys.executable, "-c", f"{code}\n{check}"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_whole_face_can_be_imported() -> None:
    import querist

    for name in querist.__all__:
        assert getattr(querist, name) is not None
    assert querist.Margin() == querist.parse("margin")
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = querist.Nothing


def test_the_face_and_its_homes_agree() -> None:
    import querist

    assert set(querist.__all__) - {"__version__"} == set(querist._HOMES)
