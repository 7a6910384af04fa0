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


def test_limits_and_exclusions(cli: Run, files: Path) -> None:
    (files / "group.csv").write_text("group\n" + "\n".join("abcd"[k % 4] for k in range(20)))
    (files / "done.csv").write_text("id\nx3\nx7\nnot here\n")
    np.save(files / "cost.npy", np.linspace(1.0, 2.0, 20))
    flags = ("--probs", files / "p.npy", "--ids", files / "ids.csv", "--exclude", files / "done.csv")
    done = cli("select", "limit(margin, per_group=1, budget=5)", "-n", 4, "--group", files / "group.csv", "--cost",
               files / "cost.npy", *flags, "--json")  # fmt: skip
    assert done.code == 0, done.err
    ids = [f"x{k}" for k in range(20)]
    here = querist.select("limit(margin, per_group=1, budget=5)", 4, probs=P, ids=ids, exclude=["x3", "x7"],
                          group=np.arange(20) % 4, cost=np.linspace(1.0, 2.0, 20))  # fmt: skip
    out = json.loads(done.out)
    assert out["ids"] == list(here.ids)
    assert out["reasons"] == list(here.reasons)
    assert len(out["ids"]) < 4  # the budget ends it
    few = cli("select", "limit(margin, per_group=1)", "-n", 5, "--group", files / "group.csv", *flags)
    assert few.code == 4
    assert "4 of 18 items fit where 5 were asked" in few.err


def test_exclusions_by_row_and_by_mask(cli: Run, files: Path) -> None:
    order = [str(row) for row in querist.select("margin", 3, probs=P).indices.tolist()]
    (files / "rows.txt").write_text(f"{order[0]}\n{order[1]}\n")
    np.save(files / "mask.npy", np.isin(np.arange(20), [int(order[0]), int(order[1])]))
    np.save(files / "rows.npy", np.array([int(order[0]), int(order[1])]))
    for name in ("rows.txt", "mask.npy", "rows.npy"):
        assert cli("select", "margin", "-n", 1, "--probs", files / "p.npy", "--exclude", files / name).out.split() == [
            order[2]
        ]
    bad = cli("select", "margin", "-n", 1, "--probs", files / "p.npy", "--exclude", files / "ids.csv")
    assert bad.code == 3
    assert "must hold row numbers, for no --ids were given" in bad.err
    assert cli("select", "margin", "-n", 1, "--probs", files / "p.npy", "--exclude", files / "absent.csv").code == 3
