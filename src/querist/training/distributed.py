"""One fit on several devices of a machine: a process each, gradients averaged, through accelerate.

Each process takes its share of every batch, so that a step is the step that one process would make on the whole batch (up
to rounding; layers that look at the batch, such as batch norm, see their share only).
"""

from __future__ import annotations

import copy
import os
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from querist.core.errors import ResourceError, shorten
from querist.core.optional import need
from querist.core.optional import torch as _torch
from querist.core.seeds import derive
from querist.models.guard import rng_kept
from querist.training.memory import says_out_of_memory
from querist.training.torch_fit import Extras, train
from querist.training.training_run import TrainingRun

__all__ = ["train_on_several"]


@dataclass(frozen=True)
class _Job:
    """What each process is told; tensors travel through shared memory."""

    module: Any
    run: TrainingRun
    device: str
    port: int
    folder: str


def train_on_several(module: Any, run: TrainingRun, device: Any) -> list[str]:
    """As `train`, in as many processes as the recipe says; the trained weights are then in ``module``, on its device.

    Raises:
        ResourceError: accelerate is not installed (code ``MissingExtra``), fewer devices than processes (``NoDevice``), or
            a process failed (``WorkerFailed``).
    """
    torch, recipe = _torch(), run.recipe
    need("accelerate", "accelerate", "training in several processes")
    if device.type == "cuda" and torch.cuda.device_count() < recipe.processes:
        raise ResourceError(
            f"processes={recipe.processes} and there are {torch.cuda.device_count()} CUDA devices; use as many at most",
            code="NoDevice",
        )
    here = copy.deepcopy(module).cpu()
    with tempfile.TemporaryDirectory(prefix="querist-fit-") as folder:
        job = _Job(here, run.to("cpu"), device.type, _free_port(), folder)
        try:
            torch.multiprocessing.spawn(_work, args=(job,), nprocs=recipe.processes, join=True)
        except torch.multiprocessing.ProcessException as error:
            if says_out_of_memory(str(error)):
                raise torch.OutOfMemoryError(str(error)) from error
            raise ResourceError(
                f"one of {recipe.processes} training processes failed: {shorten(str(error), 300)}", code="WorkerFailed"
            ) from error
        from safetensors.torch import load_file

        module.load_state_dict(load_file(Path(folder) / "trained.safetensors"))
        notes = (Path(folder) / "notes").read_text(encoding="utf-8").splitlines()
    module.eval()
    return notes


def _work(rank: int, job: _Job) -> None:
    """One process: its share of each batch; the first writes the weights."""
    os.environ.update(
        RANK=str(rank),
        LOCAL_RANK=str(rank),
        WORLD_SIZE=str(job.run.recipe.processes),
        MASTER_ADDR="127.0.0.1",
        MASTER_PORT=str(job.port),
    )
    torch = _torch()
    torch.set_num_threads(max(job.run.recipe.threads, 1))
    from accelerate import Accelerator

    accelerator = Accelerator(cpu=job.device == "cpu")
    device = accelerator.device
    with rng_kept(derive(job.run.seed, "train", "process", rank)):
        wrapped = accelerator.prepare_model(job.module.to(device))
        notes = train(wrapped, job.run.to(device), Extras(shard=(rank, job.run.recipe.processes)))
    if rank == 0:
        from safetensors.torch import save_file

        state = accelerator.unwrap_model(wrapped).state_dict()
        kept = {k: v.detach().cpu().contiguous().clone() for k, v in state.items()}
        save_file(kept, Path(job.folder) / "trained.safetensors")
        (Path(job.folder) / "notes").write_text("\n".join(notes), encoding="utf-8")
    accelerator.wait_for_everyone()
    torch.distributed.destroy_process_group()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
