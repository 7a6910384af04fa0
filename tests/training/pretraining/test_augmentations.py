from __future__ import annotations

from typing import Any

import pytest
import torch

from querist.core.errors import ArgumentError
from querist.training.pretraining.augmentations import ImageViews

NOTHING: dict[str, Any] = {"crop": 1.0, "flip": False, "light": 0.0, "blur": 0.0, "noise": 0.0, "erase": 0.0}


def images(n: int = 400, channels: int = 2) -> torch.Tensor:
    return torch.rand(n, channels, 8, 8, generator=torch.Generator().manual_seed(0))


def views(x: torch.Tensor, **change: Any) -> torch.Tensor:
    torch.manual_seed(3)
    return torch.as_tensor(ImageViews(**{**NOTHING, **change})(x))


def test_nothing_asked_for_changes_nothing() -> None:
    assert torch.equal(views(images()), images())


@pytest.mark.parametrize(
    "change", [{}, {"crop": 0.4, "flip": True, "light": 0.3, "blur": 0.5, "noise": 0.1, "erase": 0.5}]
)
@pytest.mark.parametrize("shape", [(5, 8, 8), (5, 3, 8, 10)])
def test_shapes_stay(change: Any, shape: tuple[int, ...]) -> None:
    x = torch.rand(shape)
    before = x.clone()
    assert views(x, **change).shape == x.shape
    assert torch.equal(x, before)


def test_half_of_the_images_are_mirrored() -> None:
    x = images()
    out = views(x, flip=True)
    mirrored = (out == x.flip(-1)).flatten(1).all(dim=1)
    same = (out == x).flatten(1).all(dim=1)
    assert bool((mirrored ^ same).all())
    assert 150 < int(mirrored.sum()) < 250


def test_a_crop_of_a_slope_is_a_gentler_slope_within_it() -> None:
    slope = torch.arange(8.0).expand(300, 1, 8, 8)
    out = views(slope, crop=0.5)
    assert float(out.min()) >= 0
    assert float(out.max()) <= 7
    steps = (out[:, :, :, 4] - out[:, :, :, 3])[:, 0, 4]
    assert float(steps.min()) >= 0.5 - 1e-4
    assert float(steps.max()) <= 1.0 + 1e-4
    assert float(steps.std()) > 0.1
    assert float(views(slope, crop=0.5, flip=True)[:, 0, 4].diff(dim=1).min()) < -0.4


def test_light_is_an_affine_map_of_each_image() -> None:
    x = images()
    out = views(x, light=0.4)
    mean = x.mean(dim=(1, 2, 3), keepdim=True)
    brightness = out.mean(dim=(1, 2, 3), keepdim=True) / mean
    contrast = ((out - mean * brightness).square().sum(dim=(1, 2, 3)) / (x - mean).square().sum(dim=(1, 2, 3))).sqrt()
    affine = (x - mean) * contrast.reshape(-1, 1, 1, 1) + mean * brightness
    assert torch.allclose(out, affine, atol=1e-5)
    for factor in (brightness.flatten(), contrast):
        assert float(factor.min()) >= 0.6 - 1e-3
        assert float(factor.max()) <= 1.4 + 1e-3
        assert float(factor.std()) > 0.15


def test_a_blurred_pixel_is_the_mean_of_its_neighbours() -> None:
    x = images()
    out = views(x, blur=0.5)
    blurred = (out != x).flatten(1).any(dim=1)
    assert 150 < int(blurred.sum()) < 250
    k = int(blurred.nonzero()[0])
    assert float(out[k, 0, 3, 4]) == pytest.approx(float(x[k, 0, 2:5, 3:6].mean()), abs=1e-6)
    assert float(out[k, 0, 0, 0]) == pytest.approx(float(x[k, 0, :2, :2].mean()), abs=1e-6)


def test_an_erased_patch_is_a_rectangle_of_the_mean() -> None:
    x = images()
    out = views(x, erase=1.0)
    changed = out != x
    assert torch.equal(changed[:, 0], changed[:, 1])
    for k in range(50):
        rows, columns = changed[k, 0].any(dim=1), changed[k, 0].any(dim=0)
        assert torch.equal(changed[k, 0], rows[:, None] & columns[None])
        assert int(rows.sum()) <= 4
        assert torch.allclose(out[k][changed[k]], x[k].mean())
    assert not bool((views(x, erase=0.3) != x).flatten(1).any(dim=1).all())


def test_noise_has_the_deviation_asked_for() -> None:
    assert float((views(images(), noise=0.1) - images()).std()) == pytest.approx(0.1, rel=0.05)


@pytest.mark.parametrize("change", [{"crop": 0.0}, {"crop": 1.2}, {"light": -0.1}, {"erase": 2.0}, {"noise": -1.0}])
def test_what_is_out_of_range_is_refused(change: Any) -> None:
    with pytest.raises(ArgumentError):
        ImageViews(**change)


@pytest.mark.parametrize("shape", [(5, 64), (5, 3), (5, 8, 8, 3), (5, 1, 8, 8, 8)])
def test_what_is_no_image_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ArgumentError, match="height, width"):
        ImageViews()(torch.rand(shape))
