from __future__ import annotations

from typing import Any

import pytest
import torch

import querist
from querist.core.errors import ArgumentError
from querist.models.embedding import last_linear, tapped
from querist.models.guard import rng_kept
from querist.models.resnet import ResNet18


def test_it_is_the_published_network() -> None:
    """He et al., table 1: eighteen layers with weights, and 11.17 million weights with the stem for CIFAR-10."""
    net = ResNet18(3, 10)
    layers = [p for p in net.modules() if isinstance(p, (torch.nn.Conv2d, torch.nn.Linear))]
    on_the_way = [p for p in layers if not (isinstance(p, torch.nn.Conv2d) and p.kernel_size == (1, 1))]
    assert len(on_the_way) == 18
    assert sum(p.numel() for p in net.parameters()) == 11_173_962
    assert not any(isinstance(p, torch.nn.MaxPool2d) for p in net.modules())


@pytest.mark.parametrize(("channels", "size"), [(1, 28), (3, 32), (2, 17)])
def test_small_images_keep_their_size_in_the_first_stage(channels: int, size: int) -> None:
    net = ResNet18(channels, 5, width=4).eval()
    seen: list[tuple[int, ...]] = []
    for place in (3, 5, 7, 9):
        net.features[place].register_forward_hook(lambda _m, _i, out: seen.append(tuple(out.shape[1:])))
    with tapped(net, None) as tap:
        assert net(torch.randn(2, channels, size, size)).shape == (2, 5)
    sides = [size, (size + 1) // 2, (size + 3) // 4, (size + 7) // 8]
    assert seen == [(4 * 2**k, side, side) for k, side in enumerate(sides)]
    assert tap.value.shape == (2, 32)
    assert last_linear(net) == "head"


def test_a_block_is_the_sum_of_two_ways() -> None:
    net = ResNet18(1, 2, width=2).eval()
    block: Any = net.features[3]
    x = torch.randn(3, 2, 6, 6)
    with torch.no_grad():
        block.second.weight.zero_()
    torch.testing.assert_close(block(x), torch.relu(x), rtol=1e-5, atol=1e-5)


def test_grey_images_may_lack_their_channel_and_items_stand_alone() -> None:
    net = ResNet18(1, 3, width=2).eval()
    x = torch.randn(4, 1, 28, 28)
    assert torch.equal(net(x[:, 0]), net(x))
    torch.testing.assert_close(net(x[2:3]), net(x)[2:3], rtol=1e-4, atol=1e-5)


def test_it_learns_where_a_spot_is() -> None:
    with rng_kept(0):
        net = ResNet18(1, 2, width=4)
        x = torch.rand(32, 1, 12, 12)
        y = torch.arange(32) % 2
        x[y == 1, :, 3:9, 3:9] += 1.0
        optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
        for _ in range(12):
            optimizer.zero_grad()
            loss: Any = torch.nn.functional.cross_entropy(net(x), y)
            loss.backward()
            optimizer.step()
        assert (net(x).argmax(dim=1) == y).all()


def test_it_is_registered_and_refuses_nonsense() -> None:
    assert isinstance(querist.registry.find("resnet18", "model").factory(channels_in=1, classes=2, width=2), ResNet18)
    with pytest.raises(ArgumentError, match="width must be 1 or more, got 0") as caught:
        ResNet18(width=0)
    assert caught.value.code == "BadValue"
