from __future__ import annotations

import pytest
import torch

from querist.core.errors import ArgumentError
from querist.core.seeds import derive
from querist.models.mlp import MLP
from querist.models.stochastic.dropout import one_mask
from querist.models.stochastic.mc_dropout import MCDropout


def test_sample_s_is_the_mask_called_member_s() -> None:
    net, x = MLP(4, 3, dropout=0.5).eval(), torch.randn(6, 4)
    with torch.no_grad():
        with MCDropout(3).member(net, {}, 2, 11):
            told = net(x)
        with one_mask(net, derive(11, "member", 2)):
            assert torch.equal(net(x), told)


def test_no_dropout_and_no_samples_are_refused() -> None:
    with pytest.raises(ArgumentError) as caught:
        MCDropout().check(MLP(4, 3))
    assert caught.value.code == "NeedsDropout"
    with pytest.raises(ArgumentError, match="samples must be a whole number of 1 or more, got 0"):
        MCDropout(0)
