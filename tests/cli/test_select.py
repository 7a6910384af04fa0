"""`querist select` on files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import querist

from .conftest import Run

P = np.random.default_rng(0).dirichlet(np.ones(3), 20)
E = np.random.default_rng(1).normal(size=(20, 4))


@pytest.fixture
def files(tmp_path: Path) -> Path:
    np.save(tmp_path / "p.npy", P)
    np.savez(tmp_path / "e.npz", E)
    np.savetxt(tmp_path / "p.csv", P, delimiter=",", header="a,b,c", comments="")
    (tmp_path / "ids.csv").write_text("id,other\n" + "\n".join(f"x{k},0" for k in range(20)))
    np.save(tmp_path / "objects.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    return tmp_path


def test_the_same_as_in_python(cli: Run, files: Path) -> None:
    done = cli("select", "shortlist(margin, times=3) | k_center", "-n", 4, "--probs", files / "p.npy", "--embedding",
               files / "e.npz", "--seed", 5, "--json")  # fmt: skip
    assert done.code == 0, done.err
    here = querist.select("shortlist(margin, times=3) | k_center", 4, probs=P, embedding=E, seed=5)
    out = json.loads(done.out)
    assert out["indices"] == here.indices.tolist()
    assert out["reasons"] == list(here.reasons)


def test_ids_a_line(cli: Run, files: Path) -> None:
    done = cli("select", "margin", "-n", 3, "--probs", files / "p.csv", "--ids", files / "ids.csv")
    top = querist.select("margin", 3, probs=P, ids=[f"x{k}" for k in range(20)])
    assert done.out.split() == list(top.ids)


def test_gradient_factors(cli: Run, files: Path) -> None:
    a = P.copy()
    a[np.arange(20), P.argmax(1)] -= 1
    np.save(files / "a.npy", a)
    done = cli("select", "badge", "-n", 3, "--gradient-a", files / "a.npy", "--gradient-h", files / "e.npz")
    assert len(done.out.split()) == 3
    assert cli("select", "badge", "-n", 3, "--gradient-a", files / "a.npy").code == 2


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("absent.npy", 3, "absent.npy"),
        ("objects.npy", 3, "Python objects"),
        ("ids.csv", 3, "BadArray"),
        ("e.txt", 3, "use .npy"),
    ],
)
def test_bad_files(cli: Run, files: Path, name: str, code: int, words: str) -> None:
    (files / "e.txt").write_text("1")
    done = cli("select", "margin", "-n", 2, "--probs", files / name)
    assert done.code == code
    assert words in done.err


def test_too_many_is_a_warning(cli: Run, files: Path) -> None:
    done = cli("select", "margin", "-n", 50, "--probs", files / "p.npy")
    assert done.code == 0
    assert len(done.out.split()) == 20
    assert "warning: n is 50 and the pool has 20 items" in done.err
