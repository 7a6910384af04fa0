"""The documentation's examples run, its generated pages are whole, and its links and verbs exist."""

from __future__ import annotations

import importlib.util
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import querist
from querist.strategies.cells import CELLS
from querist.testing.strategies import check_strategy

DOCS = Path(__file__).resolve().parent.parent / "docs"


def blocks(page: str) -> list[str]:
    """Python blocks of a page."""
    return re.findall(r"```python\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), flags=re.DOTALL)


def run(code: str, names: dict[str, Any]) -> None:
    exec(compile(code, "docs", "exec"), names)  # noqa: S102


def test_the_loop_of_the_start_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    loop = next(b for b in blocks("index.md") if "load_digits" in b)
    names: dict[str, Any] = {}
    run(loop, names)
    assert names["session"].progress.labels == 100
    run(loop, names)
    assert names["session"].progress.labels == 200, "run again, it goes on where it stood"


def test_the_strategy_of_the_how_to_passes_the_suite() -> None:
    names: dict[str, Any] = {"__name__": "__main__"}
    run(blocks("how-to/write-a-strategy.md")[0], names)
    impurity = names["Impurity"]()
    registry = querist.registry
    registry.add("score", "impurity", names["Impurity"])
    try:
        check_strategy(impurity)
        assert str(impurity >> querist.KMeans()) == "impurity >> k_means"
    finally:
        registry._entries.pop(("score", "impurity"))


def test_the_specifications_of_the_how_to_are_right_and_show_every_learner() -> None:
    from querist.assembly.learners import LEARNERS
    from querist.assembly.spec import parse_spec
    from querist.strategies.algebra import as_strategy

    page = (DOCS / "how-to" / "specification.md").read_text(encoding="utf-8")
    specs = [parse_spec(text) for text in re.findall(r"```toml\n(.*?)```", page, flags=re.DOTALL)]
    assert {spec.model.learner for spec in specs} == LEARNERS.keys() - {"sklearn", "torch"}
    for spec in specs:
        as_strategy(spec.run.strategy)


def test_the_page_on_labelling_runs(capsys: pytest.CaptureFixture[str]) -> None:
    run(blocks("how-to/label.md")[0], {"__name__": "docs"})
    assert capsys.readouterr().out.strip().endswith("5")


def test_the_page_on_plugins_runs_from_top_to_bottom() -> None:
    names: dict[str, Any] = {"__name__": "docs"}
    for block in blocks("how-to/plugins.md"):
        run(block, names)
    assert names["session"].progress.labels == 60
    names["test_guessed_loss"]()


def test_the_page_on_limits_runs_from_top_to_bottom() -> None:
    names: dict[str, Any] = {}
    for block in blocks("how-to/limits.md"):
        run(block, names)
    assert names["again"].asked == names["sampler"].asked > 40


def test_the_page_on_uncertainty_runs_from_top_to_bottom() -> None:
    names: dict[str, object] = {}
    for block in blocks("how-to/uncertainty.md"):
        run(block, names)
    assert names["shape"] == (1297, 5, 10)


def test_the_page_on_graphs_runs_from_top_to_bottom() -> None:
    names: dict[str, Any] = {}
    for block in blocks("how-to/graphs.md"):
        run(block, names)
    assert names["rows"].shape == (180, 8)
    assert len(names["query"]) == 9


def test_the_page_on_training_runs_from_top_to_bottom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for block in blocks("how-to/training.md"):
        run(block, names)
    assert len(names["encoder"].losses) == 3
    assert names["tuned"].fit(names["labels"], seed=0).labels == 100


def test_generated_pages_are_whole() -> None:
    spec = importlib.util.spec_from_file_location("hooks", DOCS / "hooks.py")
    assert spec is not None
    assert spec.loader is not None
    hooks = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hooks)
    markers = {
        m for p in DOCS.rglob("*.md") for m in re.findall(r"<!-- querist:(\w+) -->", p.read_text(encoding="utf-8"))
    }
    assert markers == set(hooks.FILLERS)
    table = hooks.strategies()
    for entry in querist.registry.entries("score", "selector", "filter", "strategy"):
        assert f"`{entry.name}`" in table
    cells = hooks.grid()
    for entry in querist.registry.entries("score", "selector", "filter", "strategy"):
        assert f"| `{entry.name}` | {entry.kind} |" in cells
    assert "## Representative: density\n\nWhat stands for many items.\n" in cells
    assert "`plateau`" in hooks.rules()
    assert "`run.batch`" in hooks.specification()
    assert '## `[model] learner = "graph"`' in hooks.specification()
    assert "## querist demo" in hooks.commands()


def test_what_is_called_absent_is_absent() -> None:
    """Each row names a method, a cell and a reason; what was shipped in the meantime has left the table."""
    rows = re.findall(r"^\| (.+?) \| (.+?) \| (.+) \|$", (DOCS / "reference/absent.md").read_text(), flags=re.MULTILINE)
    names = {e.name for e in querist.registry.entries("score", "selector", "filter", "strategy")}
    assert len(rows) > 30
    for method, cell, reason in rows[1:]:
        assert cell in CELLS, method
        assert reason.strip(), method
        assert not set(re.findall(r"`(\w+)`", method)) & names, method


def test_the_page_on_sequences_runs_from_top_to_bottom() -> None:
    names: dict[str, Any] = {}
    for block in blocks("how-to/sequences.md"):
        run(block, names)
    assert names["report"].metrics["entity_f1"] > 0.5
    assert names["session"].progress.cost > 60


def there(package: str) -> bool:
    """Whether an optional package can be imported; what its import warns of is not ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            importlib.import_module(package)
        except ImportError:
            return False
    return True


def test_the_page_on_tables_runs_as_far_as_the_extras_allow() -> None:
    names: dict[str, Any] = {"__name__": "docs"}
    packages = {"bayes": "gpytorch", "skorch": "skorch"}
    able = {extra for extra, package in packages.items() if there(package)}
    for block in blocks("how-to/tables.md"):
        if set(re.findall(r"# querist\[(\w+)\]", block)) <= able:
            run(block, names)
    assert min(names["accuracy"], names["forest"], names["machine"]) > 0.7, "half would be a guess"
    spread = float(np.std(list(names["price"].values())))
    assert names["error"] < 0.6 * spread
    assert names["exact"] > 0.4, "a quarter would be a guess"
    if "bayes" in able:
        assert names["error_of_process"] < 0.3 * spread
    if "skorch" in able:
        assert names["by_skorch"] > 0.7
