from __future__ import annotations

import pytest
import torch

from querist.models.cnn import SmallCNN
from querist.models.embedding import tapped


@pytest.mark.parametrize(("channels", "size"), [(1, 8), (3, 9), (1, 28), (2, 4)])
def test_images_of_any_size_give_logits_and_an_embedding(channels: int, size: int) -> None:
    net = SmallCNN(channels, 5, size, hidden=16).eval()
    images = torch.randn(3, channels, size, size)
    with tapped(net, None) as tap:
        logits = net(images)
    assert logits.shape == (3, 5)
    assert tap.value.shape == (3, 16)


def test_rows_of_numbers_are_taken_as_images() -> None:
    net = SmallCNN(1, 4, 8).eval()
    images = torch.randn(2, 1, 8, 8)
    assert torch.equal(net(images), net(images.reshape(2, 64)))
    assert torch.equal(net(images), net(images[:, 0]))


def test_an_item_does_not_depend_on_the_others() -> None:
    net = SmallCNN(1, 4, 8).eval()
    images = torch.randn(6, 1, 8, 8)
    assert torch.allclose(net(images)[2:3], net(images[2:3]), atol=1e-6)
