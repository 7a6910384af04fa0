"""The one door to torch and to optional packages.

torch is imported through `torch`, which first mends a trap: a CUDA build of torchvision beside a CPU build of torch
fails on import, and so does every library that imports torchvision when it is there. Declaring the operators that
torchvision registers fake kernels for is enough to cure it.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from querist.core.errors import ResourceError

__all__ = ["loaded_torch", "need", "spare_torch", "spared", "torch"]

_kept: list[Any] = []  # torch.library.Library objects must live as long as the process
_checked = False
_spared = False


def torch() -> ModuleType:
    """The torch module, imported on first use, with the torchvision cure applied where it is needed."""
    global _checked
    module = importlib.import_module("torch")
    if not _checked:
        _checked = True
        _cure(module)
    return module


def loaded_torch() -> Any:
    """The torch module where it is imported already; None where it is not, or another thread is at it still."""
    module = sys.modules.get("torch")
    half = getattr(getattr(module, "__spec__", None), "_initializing", False)
    return None if half else module


def spare_torch(sparing: bool = True) -> None:
    """What only goes faster with torch does without it from now on, for a process in which somebody waits for the import.

    It takes seconds. What cannot be done without torch imports it as ever, and then all of it is used.
    """
    global _spared
    _spared = sparing


def spared() -> bool:
    """Whether torch is not to be imported for speed alone."""
    return _spared and loaded_torch() is None


def need(name: str, extra: str, why: str = "") -> ModuleType:
    """Import an optional package, or say which extra brings it.

    Args:
        name: module to import.
        extra: the extra of querist that installs it.
        why: what it is for, for the message.

    Raises:
        ResourceError: the package is not installed (code ``MissingExtra``).
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        purpose = f" for {why}" if why else ""
        raise ResourceError(
            f"{name.split('.')[0]} is needed{purpose} and cannot be imported ({error}); "
            f"install it with: pip install 'querist[{extra}]'",
            code="MissingExtra",
        ) from error


def _cure(torch_module: Any) -> list[str]:
    """Declare torchvision's operators when a CUDA torchvision lies beside a CPU torch; give back their names."""
    spec = importlib.util.find_spec("torchvision")
    if spec is None or not spec.submodule_search_locations:
        return []
    folder = Path(next(iter(spec.submodule_search_locations)))
    try:
        version = (folder / "version.py").read_text(encoding="utf-8")
        registrations = (folder / "_meta_registrations.py").read_text(encoding="utf-8")
    except OSError:
        return []
    if "+cu" not in version or torch_module.version.cuda is not None:
        return []
    names = sorted(set(re.findall(r"register_fake\(\s*[\"']torchvision::(\w+)[\"']", registrations)))
    library = torch_module.library.Library("torchvision", "DEF")
    for name in names:
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _kept.append(library)
    return names
