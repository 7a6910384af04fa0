"""Where a training stood when it was last written down: one file of tensors, so that a killed run goes on from there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from querist.core.optional import torch as _torch

__all__ = ["read_halfway", "write_halfway"]


def write_halfway(path: Path, parts: dict[str, Any], optimizer: Any, losses: list[float], batch: int) -> None:
    """Write beside, then rename.

    Args:
        path: the file.
        parts: modules by name.
        optimizer: of their parameters.
        losses: of each step done.
        batch: items a step.
    """
    from safetensors.torch import save_file

    tensors = {f"{who}|{k}": v for who, part in parts.items() for k, v in part.state_dict().items()}
    for number, kept in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer|{number}|{k}": _torch().as_tensor(v) for k, v in kept.items()}
    tensors["losses"] = _torch().tensor(losses, dtype=_torch().float64)
    beside = path.with_suffix(f".{os.getpid()}")
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(
        {k: v.detach().cpu().contiguous().clone() for k, v in tensors.items()}, beside, metadata={"batch": str(batch)}
    )
    os.replace(beside, path)


def read_halfway(path: Path, parts: dict[str, Any], optimizer: Any, batch: int) -> list[float]:
    """Put modules and optimiser where they stood; the losses of the steps done, none where there is nothing to go on from.

    A file that cannot be read, or that was written with batches of another size, counts as none.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt") as file:
            if (file.metadata() or {}).get("batch") != str(batch):
                return []
            tensors = {k: file.get_tensor(k) for k in list(file.keys())}
    except (OSError, ValueError, SafetensorError):
        return []
    for who, part in parts.items():
        part.load_state_dict({k.partition("|")[2]: v for k, v in tensors.items() if k.startswith(f"{who}|")})
    state: dict[int, dict[str, Any]] = {}
    for key in [k for k in tensors if k.startswith("optimizer|")]:
        _, number, name = key.split("|", 2)
        state.setdefault(int(number), {})[name] = tensors[key]
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
    return [float(v) for v in tensors["losses"]]
