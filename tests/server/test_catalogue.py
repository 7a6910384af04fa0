from __future__ import annotations

import subprocess
import sys

import pytest

from querist.core.errors import UnknownNameError
from querist.server.catalogue import catalogue, check_strategy


def test_what_is_named_can_be_set() -> None:
    found = catalogue()
    assert {"margin", "random", "k_center"} <= {one["name"] for one in found}
    assert all(one["about"] for one in found)
    check_strategy("margin")
    with pytest.raises(UnknownNameError, match="margin"):
        check_strategy("margn")


def test_the_server_loads_neither_torch_nor_scikit_learn() -> None:
    code = (
        "import sys, querist.server.serve\nfrom querist.server.catalogue import *\ncatalogue(); check_strategy('auto')\n"
        "print([m for m in ('torch', 'sklearn', 'scipy', 'PIL') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
