"""Importing the rooms of models and training loads neither torch nor scikit-learn."""

from __future__ import annotations

import subprocess
import sys


def test_rooms_are_light_until_they_are_used() -> None:
    code = (
        "import sys, querist.models, querist.training\n"
        "from querist.core.registry import Registry\n"
        "r = Registry(); querist.models.register(r); querist.training.register(r)\n"
        "print(*[m for m in ('torch', 'sklearn', 'safetensors') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("", "")
