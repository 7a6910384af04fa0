"""Networks of torchvision and timm: there, absent, and installed beside a torch that it does not fit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from querist.core.errors import ArgumentError, DataError, QueristError, ResourceError
from querist.core.optional import torch as mended
from querist.models.embedding import last_linear
from querist.models.guard import rng_kept
from querist.models.zoo import Body, ImageEncoder, ZooNet, zoo_body, zoo_network

FAKE = {
    "__init__.py": "from torchvision import _meta_registrations, models\n",
    "version.py": "__version__ = '0.20.1+cu124'\n",
    "_meta_registrations.py": (
        "import torch\n\n@torch.library.register_fake('torchvision::nms')\ndef meta_nms(dets, scores, iou_threshold):\n"
        "    return dets\n"
    ),
    "models.py": (
        "import torch\n\ndef list_models(module=None):\n    return ['fakenet']\n\n"
        "def get_model(name, weights=None):\n    return torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(2),"
        " torch.nn.Flatten(), torch.nn.Linear(12, 7), torch.nn.ReLU(), torch.nn.Linear(7, 1000))\n"
    ),
}
USE = """
from querist.models.zoo import zoo_network
import torch
print(tuple(zoo_network("torchvision:fakenet", 4)()(torch.rand(2, 1, 8, 8)).shape))
"""


def run(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    lines = f"import sys; sys.path.insert(0, {str(folder)!r})\n{code}"
    return subprocess.run([sys.executable, "-W", "ignore", "-c", lines], capture_output=True, text=True, check=False)


def test_installed_and_broken_it_works_behind_the_door(tmp_path: Path) -> None:
    if torch.version.cuda is not None:
        pytest.skip("the trap is one of CPU builds of torch")
    package = tmp_path / "torchvision"
    package.mkdir()
    for name, text in FAKE.items():
        (package / name).write_text(text)
    alone = run(tmp_path, "import torch, torchvision")
    assert alone.returncode != 0
    assert "torchvision::nms" in alone.stderr
    cured = run(tmp_path, USE)
    assert cured.stdout.strip() == "(2, 4)", cured.stderr


def test_installed_and_past_curing_the_extra_is_named(tmp_path: Path) -> None:
    package = tmp_path / "torchvision"
    package.mkdir()
    (package / "__init__.py").write_text("raise ImportError('libcudart.so.12 is not there')\n")
    code = (
        "from querist.core.errors import ResourceError\nfrom querist.models.zoo import zoo_body\n"
        "try:\n    zoo_body('torchvision:resnet18')\nexcept ResourceError as error:\n    print(error.code, error)"
    )
    found = run(tmp_path, code).stdout
    assert found.startswith("MissingExtra torchvision is needed for torchvision:resnet18")
    assert "libcudart" in found
    assert "querist[vision]" in found


@pytest.mark.parametrize("library", ["torchvision", "timm"])
def test_absent_the_extra_is_named(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (library, f"{library}.models"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ResourceError, match=rf"{library} is needed .*querist\[vision\]") as caught:
        zoo_body(f"{library}:resnet18")
    assert caught.value.code == "MissingExtra"


@pytest.mark.parametrize("name", ["resnet18", "keras:resnet18", "timm:", ":x"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(ArgumentError, match="torchvision:NAME or timm:NAME") as caught:
        zoo_body(name)
    assert caught.value.code == "BadValue"


class Mean(torch.nn.Module):
    """The mean of each channel."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.seen = tuple(x.shape)
        return x.mean(dim=(2, 3))


def test_a_body_brings_images_to_what_its_network_takes() -> None:
    mean = Mean()
    body = Body(mean, 3, size=6, mean=(0.5, 0.0, 0.25), deviation=(0.5, 1.0, 0.25))
    grey = torch.full((2, 9, 7), 0.5)
    for images in (grey, grey[:, None], grey[:, None].expand(2, 3, 9, 7)):
        torch.testing.assert_close(body(images), torch.tensor([[0.0, 0.5, 1.0]] * 2))
        assert mean.seen == (2, 3, 6, 6)
    Body(mean, 3)(grey)
    assert mean.seen == (2, 3, 9, 7)


def test_the_head_is_the_last_layer_and_its_input_the_embedding() -> None:
    net = ZooNet(Body(Mean(), 3), 5, dropout=0.5)
    assert last_linear(net) == "head"
    assert net(torch.rand(4, 3, 8, 8)).shape == (4, 5)


def real(library: str) -> None:
    mended()
    pytest.importorskip(library, reason="needs the extra vision", exc_type=ImportError)


@pytest.mark.parametrize("name", ["torchvision:resnet18", "torchvision:mobilenet_v3_small", "timm:resnet18"])
def test_real_networks_take_small_images_and_have_our_head(name: str) -> None:
    real(name.partition(":")[0])
    make = zoo_network(name, 4)
    with rng_kept(0):
        one, other = make().eval(), make().eval()
    with rng_kept(0):
        again = make().eval()
    x = torch.rand(2, 1, 32, 32)
    assert one(x).shape == (2, 4)
    assert torch.equal(one(x), again(x))
    assert not torch.equal(one.body(x), other.body(x)), "without weights all of it is drawn anew"
    one(torch.rand(2, 3, 40, 40)).sum().backward()
    assert one.head.weight.grad is not None


@pytest.mark.parametrize("name", ["torchvision:resnet18", "timm:resnet18"])
def test_weights_from_a_file_are_in_the_body_and_only_the_head_is_fresh(name: str, tmp_path: Path) -> None:
    real(name.partition(":")[0])
    kept = zoo_body(name)
    file = tmp_path / "mine.safetensors"
    save_file({**kept.network.state_dict(), "fc.weight": torch.zeros(1000, 512)}, file)
    make = zoo_network(name, 3, weights=str(file))
    one, other = make(), make()
    assert all(torch.equal(v, one.body.network.state_dict()[k]) for k, v in kept.network.state_dict().items())
    assert not torch.equal(one.head.weight, other.head.weight)
    encoder = ImageEncoder(name, weights=file, device="cpu")
    images = np.random.default_rng(0).integers(0, 256, (3, 1, 32, 32), dtype=np.uint8)
    rows = encoder(images)
    assert rows.shape == (3, 512)
    with torch.no_grad():
        wanted = kept(torch.as_tensor(images / np.float32(255)))
    np.testing.assert_allclose(rows, wanted.numpy(), rtol=1e-4, atol=1e-5)
    assert encoder.name != ImageEncoder(name, weights=None, device="cpu").name
    save_file({"conv1.weight": torch.zeros(64, 3, 7, 7)}, file)
    with pytest.raises(DataError, match=r"mine\.safetensors lacks") as caught:
        zoo_body(name, weights=file)
    assert caught.value.code == "BadWeights"


def test_what_is_not_there_is_named() -> None:
    for name, near in (("torchvision:rsnet18", "torchvision:resnet18"), ("timm:resnet181", "timm:resnet18")):
        real(name.partition(":")[0])
        with pytest.raises(QueristError, match=near) as caught:
            zoo_body(name)
        assert caught.value.code == "UnknownModel"
    with pytest.raises(ArgumentError, match=r"no file mine\.pth"):
        zoo_body("torchvision:resnet18", weights="mine.pth")
    with pytest.raises(ArgumentError, match="no linear layer") as caught:
        zoo_body("torchvision:squeezenet1_0")
    assert caught.value.code == "ShapeMismatch"


def test_weights_that_cannot_be_fetched_say_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    real("torchvision")
    real("timm")

    def closed(*_: Any, **__: Any) -> Any:
        raise OSError("no network")

    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", closed)
    monkeypatch.setattr("huggingface_hub.hf_hub_download", closed)
    for name in ("torchvision:resnet18", "timm:resnet18"):
        with pytest.raises(ResourceError, match=r"no network.*weights=") as caught:
            zoo_body(name, weights="default")
        assert caught.value.code == "NoHub"
