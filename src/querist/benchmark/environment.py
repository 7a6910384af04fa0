"""What a result was made with: a whitelist of versions and hardware words that name no path, user or host."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

__all__ = ["environment"]

_PACKAGES = ("querist", "torch", "numpy", "scipy", "scikit-learn")


def environment() -> dict[str, Any]:
    """Versions, processor model, number of threads and operating system.

    A package that is not installed has None. Nothing else is ever added: no path, user or host name.
    """
    found: dict[str, Any] = {name: _version(name) for name in _PACKAGES}
    found["python"] = platform.python_version()
    found["processor"] = _processor()
    found["threads"] = os.cpu_count()
    found["system"] = platform.system()
    order = ("querist", "python", *_PACKAGES[1:], "processor", "threads", "system")
    return {key: found[key] for key in order}


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        if package != "querist":
            return None
        import querist  # a source tree that was never installed

        return querist.__version__


def _processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """The model as the system names it; the bare architecture where it names none."""
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    for line in lines:
        name, _, value = line.partition(":")
        if name.strip() == "model name" and value.strip():
            return " ".join(value.split())
    return platform.processor() or platform.machine()
