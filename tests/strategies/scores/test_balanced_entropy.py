"""BalEntAcq."""

from __future__ import annotations

import numpy as np

from querist.strategies.arrays import score, select
from querist.strategies.kernels.beta_entropy import balanced_entropy


def test_the_inverse_above_zero_and_itself_below() -> None:
    rng = np.random.default_rng(0)
    m = np.concatenate([rng.dirichlet(np.full(3, c), (40, 10)) for c in (0.5, 5.0, 500.0)])
    balance = balanced_entropy(m)
    assert (balance > 0).any()
    assert (balance < 0).any()
    got = score("balanced_entropy", members=m)
    np.testing.assert_allclose(got[balance > 0], 1 / balance[balance > 0])
    np.testing.assert_allclose(got[balance < 0], balance[balance < 0])
    first = select("balanced_entropy", 1, members=m)
    assert balance[first.indices[0]] == balance[balance > 0].min()
    assert first.reasons == (
        f"balanced entropy {balance[balance > 0].min():.2g}: 0 where knowledge and uncertainty balance",
    )


def test_members_that_agree_come_last() -> None:
    m = np.random.default_rng(1).dirichlet(np.full(3, 2.0), (6, 8))
    m[2] = m[2, :1]
    assert select("balanced_entropy", 6, members=m).indices[-1] == 2
