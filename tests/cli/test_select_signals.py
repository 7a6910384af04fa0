"""Signals from files: by flag, by name, by role."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

import querist
from querist.cli.select_signals import read_signals
from querist.core.errors import QueristError

from .conftest import Run

T = np.random.default_rng(0).dirichlet(np.ones(3), (6, 4))


@pytest.fixture
def files(tmp_path: Path) -> Path:
    np.save(tmp_path / "t.npy", T)
    np.savetxt(tmp_path / "y.csv", np.arange(4.0), delimiter=",")
    sparse.save_npz(tmp_path / "g.npz", sparse.csr_matrix(np.eye(6)))
    return tmp_path


def test_any_signal_and_role(files: Path) -> None:
    given = [f"tokens={files}/t.npy", f"labelled.targets={files}/y.csv", f"graph={files}/g.npz"]
    out = read_signals({"pool.cost": None}, given)
    np.testing.assert_array_equal(out["pool"]["tokens"], T)
    np.testing.assert_array_equal(out["labelled"]["targets"], np.arange(4.0))
    np.testing.assert_array_equal(out["pool"]["graph"].toarray(), np.eye(6))
    assert out["pending"] == {}


def test_the_same_as_in_python(cli: Run, files: Path) -> None:
    done = cli("select", "mnlp", "-n", 3, "--signal", f"tokens={files}/t.npy")
    assert [int(v) for v in done.out.split()] == querist.select("mnlp", 3, tokens=T).indices.tolist()


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (["tokens"], "BadValue"),
        (["tokns=t.npy"], "UnknownSignal"),
        (["test.probs=t.npy"], "UnknownSignal"),
        (["tokens=t.npy", "pool.tokens=t.npy"], "BadValue"),
        (["gradient_a=t.npy"], "MissingSignal"),
        (["graph=t.txt"], "BadArray"),
    ],
)
def test_what_is_wrong_is_named(given: list[str], code: str, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(files)
    (files / "t.txt").write_text("1")
    with pytest.raises(QueristError) as caught:
        read_signals({}, given)
    assert caught.value.code == code


def test_a_missing_signal_names_the_flag(cli: Run, files: Path) -> None:
    done = cli("select", "margin", "-n", 3, "--signal", f"tokens={files}/t.npy")
    assert done.code == 2
    assert "--signal name=file" in done.err
