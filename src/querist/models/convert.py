"""Weights of torch into safetensors, in a process of its own: the one door for a file that is a pickle.

torch reads such a file as tensors only (its weights-only reader), under limits on memory, time and size of what is
written. A file that holds more is refused, and there is no other way in.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from querist.core.errors import ArgumentError, DataError, ResourceError, shorten, shorten_path
from querist.core.optional import torch as _torch
from querist.core.pickles import TORCH_FILES
from querist.models.weights_file import unsafe

__all__ = ["Converted", "convert", "main"]

_SECONDS = 600
_MEMORY = 32 << 30
"""Bytes of addresses: torch alone takes several GiB of them, most of which it never touches."""


@dataclass(frozen=True, slots=True)
class Converted:
    """What was written.

    Args:
        path: the file.
        tensors: how many it holds.
    """

    path: Path
    tensors: int


def convert(source: Path, target: Path) -> Converted:
    """Write the tensors of a ``.pt``, ``.pth``, ``.bin`` or ``.ckpt`` file to a safetensors file, whole or not at all.

    Raises:
        DataError: no such file (code ``NoData``), not a file of torch (``PickleRefused``), or one that holds more than
            tensors (``UnsafeWeights``).
        ArgumentError: the ending of ``target`` is another (code ``BadValue``).
        ResourceError: it took too long or too much memory (code ``TooLarge``), or cannot be written (``NotWritable``).
    """
    if target.suffix != ".safetensors":
        raise ArgumentError(
            f"the file to write ends in .safetensors, got {shorten_path(target.name)!r}", code="BadValue"
        )
    if not source.is_file():
        why = "it is a folder; name the file of its weights" if source.is_dir() else "no such file"
        raise DataError(f"cannot read {shorten_path(source)}: {why}", code="NoData")
    if source.suffix.lower() not in TORCH_FILES:
        raise DataError(
            f"{shorten_path(source)} is no file of torch ({', '.join(sorted(TORCH_FILES))}), and no other pickle can be "
            "read without running what is in it; save the model anew as safetensors where it was made",
            code="PickleRefused",
        )
    draft = target.with_name(f".{target.name}.part")
    try:
        tensors = _in_a_child(source, draft)
        os.replace(draft, target)
    except OSError as error:
        raise ResourceError(
            f"cannot write {shorten_path(target)} ({error.strerror}); its folder must be there and writable",
            code="NotWritable",
        ) from error
    finally:
        draft.unlink(missing_ok=True)
    return Converted(target, tensors)


def _in_a_child(source: Path, draft: Path) -> int:
    command = [
        sys.executable,
        "-P",
        "-m",
        "querist.models.convert",
        os.fspath(source.absolute()),
        os.fspath(draft.absolute()),
    ]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_SECONDS, stdin=subprocess.DEVNULL, check=False)
    except subprocess.TimeoutExpired as error:
        raise ResourceError(
            f"{source.name} was not read within {_SECONDS} s, and the process was ended", code="TooLarge"
        ) from error
    try:
        said = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError) as error:
        raise ResourceError(
            f"the process that read {source.name} died (exit {done.returncode}); it may hold too much for the limits "
            f"({_MEMORY >> 30} GiB, {_SECONDS} s)",
            code="TooLarge",
        ) from error
    if "tensors" in said:
        return int(said["tensors"])
    if said.get("code") == "NotWritable":
        raise ResourceError(str(said["text"]), code="NotWritable")
    raise DataError(str(said["text"]), code="UnsafeWeights")


def main(arguments: list[str]) -> int:
    """The child: read the first file, write the second, and say in one line of JSON what came of it."""
    source, draft = map(Path, arguments)
    _limit(source)
    said: dict[str, Any]
    try:
        state = _tensors(source)
        from safetensors.torch import save_file

        save_file({name: tensor.detach().clone().contiguous() for name, tensor in state.items()}, draft)
        said = {"tensors": len(state)}
    except DataError as error:
        said = {"code": error.code, "text": str(error)}
    except OSError as error:
        why = f"cannot write beside the target ({shorten(str(error), 120)}); its folder must be there and writable"
        said = {"code": "NotWritable", "text": why}
    except Exception as error:  # what safetensors cannot hold, such as sparse tensors
        cause = shorten((str(error).splitlines() or [""])[0], 120)
        said = {"code": "UnsafeWeights", "text": f"{source.name} cannot be written as safetensors: {cause}"}
    sys.stdout.write(json.dumps(said) + "\n")
    return 0


def _tensors(source: Path) -> dict[str, Any]:
    torch = _torch()
    try:
        held = torch.load(source, map_location="cpu", weights_only=True)  # tensors only: code in the file is never run
    except Exception as error:  # readers raise many classes on bad files
        raise unsafe(source, error) from error
    for key in ("state_dict", "model"):
        if isinstance(held, dict) and isinstance(held.get(key), dict):
            held = held[key]
    if not isinstance(held, dict) or not all(isinstance(v, torch.Tensor) for v in held.values()):
        raise DataError(f"{source.name} holds {type(held).__name__} and no state dict", code="UnsafeWeights")
    return dict(held)


def _limit(source: Path) -> None:
    try:
        import resource
    except ImportError:  # no such limits on Windows
        return
    for kind, most in (
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_CPU, _SECONDS),
        (resource.RLIMIT_FSIZE, 2 * source.stat().st_size + (16 << 20)),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (most, most))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
