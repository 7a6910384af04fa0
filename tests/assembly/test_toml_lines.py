"""Lines of keys in TOML texts."""

from __future__ import annotations

import pytest

from querist.assembly.toml_lines import line_of

TEXT = """\
# a comment
[data]
source = "x"
[model]
name = "mlp"
parameters = { hidden = [3] }

[ model . training ]
"lr" = 0.1
run.batch = 3
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (["data", "source"], 3),
        (["model", "name"], 5),
        (["model", "training", "lr"], 9),
        (["model", "parameters", "hidden", 0], 6),
        (["model", "training", "run", "batch"], 10),
        (["data", "absent"], 2),
        (["nowhere"], None),
    ],
)
def test_line(path: list[str | int], line: int | None) -> None:
    assert line_of(TEXT, path) == line
