from __future__ import annotations

import pytest
import torch

from querist.models.embedding import tapped
from querist.models.strided_cnn import StridedCNN


@pytest.mark.parametrize("size", [4, 28, 31])
def test_images_and_flat_rows_give_the_same_logits(size: int) -> None:
    module = StridedCNN(3, 5, size, widths=(4, 6), hidden=7).eval()
    images = torch.rand(2, 3, size, size)
    assert module(images).shape == (2, 5)
    assert torch.equal(module(images), module(images.flatten(1)))
    with tapped(module, None) as tap:
        module(images)
    assert tap.value.shape == (2, 7)


def test_each_layer_halves_the_image() -> None:
    module = StridedCNN(1, 2, 28)
    sides: list[tuple[int, ...]] = []
    for part in module.features:
        if isinstance(part, torch.nn.Conv2d):
            part.register_forward_hook(lambda _m, _i, out: sides.append(tuple(out.shape[1:])))
    module.eval()(torch.rand(1, 1, 28, 28))
    assert sides == [(16, 14, 14), (32, 7, 7), (64, 4, 4)]
