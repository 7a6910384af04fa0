from __future__ import annotations

import pytest
import torch

from querist.core.errors import ArgumentError
from querist.models.mlp import MLP
from querist.models.stochastic.dropout import dropout_layers, need_dropout, one_mask


def test_layers_that_drop_are_found() -> None:
    net = torch.nn.Sequential(torch.nn.Dropout(0.2), torch.nn.Dropout(0.0), torch.nn.Dropout2d(0.1))
    assert list(dropout_layers(net)) == ["0", "2"]


def test_a_network_without_dropout_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"MLP has none with p > 0 \(looked for Dropout, Dropout1d") as caught:
        need_dropout(MLP(3, 2))
    assert caught.value.code == "NeedsDropout"
    need_dropout(MLP(3, 2, dropout=0.1))


def test_one_sample_is_one_network_for_all_items_in_batches_of_any_size() -> None:
    net = MLP(4, 3, hidden=(16, 16), dropout=0.5).eval()
    x = torch.randn(10, 4)
    with torch.no_grad(), one_mask(net, 11):
        whole = net(x)
        single = torch.cat([net(x[i : i + 1]) for i in range(10)])
        same = net(x[:1].expand(10, 4))
    assert torch.allclose(whole, single, atol=1e-6)
    assert torch.allclose(same, same[:1].expand(10, 3), atol=1e-6)
    with torch.no_grad(), one_mask(net, 11):
        assert torch.equal(net(x), whole)
    with torch.no_grad(), one_mask(net, 12):
        assert not torch.allclose(net(x), whole)
    with torch.no_grad():
        assert not torch.allclose(net(x), whole)  # the masks are gone


def test_masks_keep_the_right_share_and_scale_it() -> None:
    net = torch.nn.Sequential(torch.nn.Dropout(0.25)).eval()
    with one_mask(net, 0):
        out = net(torch.ones(2, 40_000))
    kept = out[0] > 0
    assert abs(float(kept.float().mean()) - 0.75) < 0.01
    assert torch.allclose(out[0][kept], torch.tensor(1 / 0.75))
    assert torch.equal(out[0], out[1])


def test_layers_of_one_network_have_masks_of_their_own() -> None:
    first, second = torch.nn.Dropout(0.5), torch.nn.Dropout(0.5)
    net = torch.nn.ModuleList([first, second]).eval()
    with one_mask(net, 0):
        x = torch.ones(1, 200)
        assert not torch.equal(first(x), second(x))


def test_the_mean_over_many_samples_is_the_plain_output() -> None:
    net = torch.nn.Sequential(torch.nn.Dropout(0.3), torch.nn.Linear(20, 1)).eval()
    x = torch.rand(5, 20)
    samples = []
    with torch.no_grad():
        for s in range(3000):
            with one_mask(net, s):
                samples.append(net(x))
        stacked = torch.stack(samples)
        error = stacked.std(dim=0) / 3000**0.5
        assert ((stacked.mean(dim=0) - net(x)).abs() < 5 * error).all()


def test_dropout_by_channel_drops_whole_channels() -> None:
    net = torch.nn.Sequential(torch.nn.Dropout2d(0.5)).eval()
    with one_mask(net, 1):
        out = net(torch.ones(2, 64, 3, 3))
    per_channel = out.reshape(2, 64, 9)
    assert ((per_channel == 0).all(dim=2) | (per_channel == 2).all(dim=2)).all()
    assert (per_channel == 0).any()
    assert (per_channel == 2).any()
    assert torch.equal(out[0], out[1])


def test_the_global_generator_is_not_moved() -> None:
    before = torch.get_rng_state()
    with one_mask(net := torch.nn.Dropout(0.5).eval(), 1):
        net(torch.ones(1, 5))
    assert torch.equal(before, torch.get_rng_state())
