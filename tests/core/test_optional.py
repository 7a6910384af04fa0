"""The door to torch: a CUDA torchvision beside a CPU torch is made importable, and nothing else is touched."""

from __future__ import annotations

import importlib
import importlib.util
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from querist.core import optional
from querist.core.errors import ResourceError

REGISTRATIONS = """
import torch

@torch.library.register_fake("torchvision::nms")
def meta_nms(dets, scores, iou_threshold):
    return dets

@torch.library.register_fake('torchvision::other_op')
def meta_other(dets, scores, iou_threshold):
    return dets
"""


def fake_torchvision(folder: Path, version: str = "0.20.1+cu124") -> None:
    package = folder / "torchvision"
    package.mkdir()
    (package / "__init__.py").write_text("from torchvision import _meta_registrations\nREADY = True\n")
    (package / "version.py").write_text(f"__version__ = {version!r}\n")
    (package / "_meta_registrations.py").write_text(REGISTRATIONS)


def run(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    lines = f"import sys; sys.path.insert(0, {str(folder)!r})\n{code}"
    return subprocess.run([sys.executable, "-W", "ignore", "-c", lines], capture_output=True, text=True, check=False)


class Library:
    """Stands for torch.library.Library and keeps what is defined."""

    made: list[Library] = []

    def __init__(self, name: str, kind: str) -> None:
        self.name, self.kind = name, kind
        self.defined: list[str] = []
        Library.made.append(self)

    def define(self, schema: str) -> None:
        self.defined.append(schema)


def torch_like(cuda: str | None) -> Any:
    return types.SimpleNamespace(
        version=types.SimpleNamespace(cuda=cuda), library=types.SimpleNamespace(Library=Library)
    )


@pytest.fixture
def on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder at the head of the path; nothing of torchvision is imported or kept."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "torchvision", raising=False)
    monkeypatch.setattr(Library, "made", [])
    monkeypatch.setattr(optional, "_kept", [])
    importlib.invalidate_caches()
    return tmp_path


def test_broken_torchvision_fails_alone_and_works_behind_the_door(tmp_path: Path) -> None:
    import torch

    if torch.version.cuda is not None:
        pytest.skip("the trap is one of CPU builds of torch")
    fake_torchvision(tmp_path)
    alone = run("import torch, torchvision", tmp_path)
    assert alone.returncode != 0
    assert "torchvision::nms" in alone.stderr
    cured = run(
        "from querist.core.optional import torch\ntorch(); torch()\nimport torchvision\nprint(torchvision.READY)",
        tmp_path,
    )
    assert cured.stdout.strip() == "True", cured.stderr


def test_every_operator_of_a_broken_torchvision_is_declared_once(on_path: Path) -> None:
    fake_torchvision(on_path)
    importlib.invalidate_caches()
    assert optional._cure(torch_like(None)) == ["nms", "other_op"]
    (library,) = Library.made
    assert (library.name, library.kind) == ("torchvision", "DEF")
    assert [d.split("(")[0] for d in library.defined] == ["nms", "other_op"]
    assert optional._kept == [library]
    assert "torchvision" not in sys.modules  # looked at, never imported


@pytest.mark.parametrize(("version", "cuda"), [("0.20.1+cpu", None), ("0.20.1+cu124", "12.4"), ("0.20.1", None)])
def test_a_torchvision_that_fits_is_left_alone(on_path: Path, version: str, cuda: str | None) -> None:
    fake_torchvision(on_path, version)
    importlib.invalidate_caches()
    assert optional._cure(torch_like(cuda)) == []
    assert Library.made == []


def test_absent_torchvision_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(Library, "made", [])
    assert optional._cure(torch_like(None)) == []
    assert Library.made == []


def test_a_torchvision_without_its_files_is_left_alone(on_path: Path) -> None:
    (on_path / "torchvision").mkdir()
    (on_path / "torchvision" / "__init__.py").write_text("")
    importlib.invalidate_caches()
    assert optional._cure(torch_like(None)) == []


def test_torch_is_the_module_and_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    seen: list[object] = []
    monkeypatch.setattr(optional, "_checked", False)
    monkeypatch.setattr(optional, "_cure", seen.append)
    assert optional.torch() is torch
    assert optional.torch() is torch
    assert seen == [torch]


def test_a_missing_extra_is_named_with_its_command() -> None:
    assert optional.need("json", "none") is sys.modules["json"]
    with pytest.raises(ResourceError, match=r"no_such_package is needed for trees .*querist\[trees\]") as caught:
        optional.need("no_such_package.part", "trees", "trees")
    assert caught.value.code == "MissingExtra"


def test_a_half_imported_torch_is_not_loaded_and_sparing_ends_when_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(optional, "_spared", False)
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    assert optional.loaded_torch() is None
    assert not optional.spared()
    optional.spare_torch()
    assert optional.spared()
    module: Any = types.ModuleType("torch")
    module.__spec__ = types.SimpleNamespace(_initializing=True)  # as while another thread imports it
    monkeypatch.setitem(sys.modules, "torch", module)
    assert optional.loaded_torch() is None
    assert optional.spared()
    module.__spec__._initializing = False
    assert optional.loaded_torch() is module
    assert not optional.spared()
    optional.spare_torch(False)
    monkeypatch.delitem(sys.modules, "torch")
    assert not optional.spared()


def test_where_torch_is_spared_no_kernel_imports_it(tmp_path: Path) -> None:
    code = """
import numpy as np
from querist.core.optional import spare_torch
from querist.strategies.kernels import products
from querist.strategies.kernels.clipped import clipped_product, lift
spare_torch()
a, b = (np.random.default_rng(k).normal(size=(600, 64)).astype(np.float32) for k in range(2))
got = clipped_product(a, b, None, -1.0, 1.0)
assert np.allclose(got, np.clip(a @ b.T, -1, 1), atol=1e-5)
assert np.allclose(lift(got, got[:, :1]), np.maximum(got - got[:, :1], 0))
print(type(products.fast(np.dtype(np.float32), 1e15)).__name__, 'torch' in sys.modules)
"""
    done = run(code, tmp_path)
    assert done.stdout.split() == ["Numpy", "False"], done.stderr
