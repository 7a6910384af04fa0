"""Seeds: named streams, id hashes that do not depend on place or company, tie keys, accepted kinds."""

from __future__ import annotations

import os
import random
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.core.errors import ArgumentError, ArgumentTypeError
from querist.core.seeds import check_seed, derive, generator, id_hashes, tie_keys, uniform


def test_streams_are_named_and_independent() -> None:
    a = generator(0, "fit", 1).random(4)
    assert a.tolist() == generator(0, "fit", 1).random(4).tolist()
    assert a.tolist() != generator(0, "fit", 2).random(4).tolist()
    assert a.tolist() != generator(1, "fit", 1).random(4).tolist()
    assert derive(0, "1") != derive(0, 1), "a name and a number are different streams"
    assert 0 <= derive(2**63 - 1, "x") < 2**63


def test_same_streams_in_a_fresh_process_with_other_hash_seed() -> None:
    code = "from querist.core.seeds import *; print(derive(7, 'a', 3), id_hashes(['x', 'yy']).tolist())"
    outs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": h},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for h in ("0", "1")
    }
    assert outs == {f"{derive(7, 'a', 3)} {id_hashes(['x', 'yy']).tolist()}\n"}


@given(
    st.lists(
        st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"])), min_size=1, unique=True
    )
)
@settings(deadline=None, max_examples=50)
def test_hash_of_an_id_depends_on_the_id_alone(ids: list[str]) -> None:
    together = id_hashes(ids)
    alone = [int(id_hashes([i])[0]) for i in ids]
    assert together.tolist() == alone
    assert id_hashes(ids[::-1]).tolist() == alone[::-1]
    assert len(set(alone)) == len(ids)


def test_hashes_of_whole_numbers_and_rows_agree() -> None:
    assert id_hashes(5).tolist() == id_hashes(np.arange(5)).tolist()
    assert id_hashes([3, 1]).tolist() == id_hashes(np.array([3, 1])).tolist()
    assert len(np.unique(id_hashes(100_000))) == 100_000


def test_hashes_across_blocks_of_different_widths() -> None:
    ids = [f"i{i}" for i in range(70_000)]
    ids[3] = "a very long identifier indeed"
    assert id_hashes(ids)[69_999] == id_hashes([ids[69_999]])[0]


def test_tie_keys_differ_by_seed_and_draw_and_look_uniform() -> None:
    hashes = id_hashes(20_000)
    a, b = tie_keys(hashes, 0, "top_k"), tie_keys(hashes, 0, "random")
    assert (a != b).all()
    u = uniform(a)
    assert 0 < u.min() < u.max() < 1
    counts = np.histogram(u, 20, (0, 1))[0]
    assert ((counts - 1000) ** 2 / 1000).sum() < 43.8, "chi-square, 19 degrees of freedom, p = .001"
    assert abs(np.corrcoef(uniform(a), uniform(b))[0, 1]) < 0.03


def test_nothing_global_is_moved() -> None:
    before = (random.getstate(), str(np.random.get_state()))  # noqa: NPY002
    generator(0, "x").random()
    id_hashes(["a"])
    assert (random.getstate(), str(np.random.get_state())) == before  # noqa: NPY002


@pytest.mark.parametrize("seed", [float("nan"), -1, 2**100, 1.5])
def test_seed_values_are_refused(seed: object) -> None:
    with pytest.raises(ArgumentError, match="seed must be a whole number") as error:
        check_seed(seed)
    assert error.value.code == "BadSeed"


@pytest.mark.parametrize("seed", [True, "5", None, np.random.RandomState(0)])
def test_seed_kinds_are_refused(seed: object) -> None:
    with pytest.raises(ArgumentTypeError, match="seed must be a whole number"):
        check_seed(seed)


def test_seed_kinds_are_accepted() -> None:
    assert check_seed(np.int64(3)) == 3
    assert check_seed(0) == 0
