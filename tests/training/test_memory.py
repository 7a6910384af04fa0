from __future__ import annotations

import subprocess
import sys
import warnings
from typing import Any

import pytest
import torch

from querist.core.errors import QueristWarning, ResourceError
from querist.training.memory import is_out_of_memory, with_smaller_batches


class Small:
    """Work that fails above a batch size, on one device or on all."""

    def __init__(self, fits: int, device: str | None = None) -> None:
        self.fits, self.device = fits, device
        self.calls: list[tuple[int, str]] = []

    def __call__(self, batch: int, device: Any) -> str:
        self.calls.append((batch, device.type))
        if batch > self.fits and self.device in (None, device.type):
            raise torch.OutOfMemoryError("injected")
        return f"{batch} on {device.type}"


@pytest.fixture(autouse=True)
def _no_card(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: None)


def test_what_fits_runs_once_and_warns_of_nothing() -> None:
    work = Small(64)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert with_smaller_batches(work, 64, torch.device("cpu")) == "64 on cpu"
    assert work.calls == [(64, "cpu")]


def test_batches_are_halved_until_they_fit() -> None:
    work = Small(10)
    with pytest.warns(QueristWarning, match="batches of 64, 32, 16; went on with 8 on cpu"):
        assert with_smaller_batches(work, 64, torch.device("cpu")) == "8 on cpu"
    assert [b for b, _ in work.calls] == [64, 32, 16, 8]


def test_at_last_there_is_a_named_error_with_the_sizes_and_the_device() -> None:
    with pytest.raises(ResourceError, match=r"on cpu: batches of 4, 2, 1 were tried") as caught:
        with_smaller_batches(Small(0), 4, torch.device("cpu"))
    assert caught.value.code == "OutOfMemory"


def test_after_the_card_comes_the_processor() -> None:
    work = Small(0, "cuda")
    with pytest.warns(QueristWarning, match="went on with 4 on cpu"):
        assert with_smaller_batches(work, 4, torch.device("cuda")) == "4 on cpu"
    assert work.calls == [(4, "cuda"), (2, "cuda"), (1, "cuda"), (4, "cpu")]


def test_the_processor_is_not_taken_where_it_is_not_allowed() -> None:
    with pytest.raises(ResourceError, match=r"batches of 2, 1 were tried; .* or cpu_fallback=True"):
        with_smaller_batches(Small(0, "cuda"), 2, torch.device("cuda"), to_cpu=False)


def test_memory_is_emptied_when_the_failed_tensors_are_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    alive: list[int] = []

    class Big:
        count = 0

        def __init__(self) -> None:
            Big.count += 1

        def __del__(self) -> None:
            Big.count -= 1

    def work(batch: int, device: Any) -> int:
        big = Big()
        if batch > 1:
            raise torch.OutOfMemoryError("injected")
        del big
        return batch

    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: alive.append(Big.count))
    with pytest.warns(QueristWarning):
        with_smaller_batches(work, 4, torch.device("cuda"))
    assert alive == [0, 0]


def test_other_errors_pass() -> None:
    def work(batch: int, device: Any) -> None:
        raise RuntimeError("something else")

    with pytest.raises(RuntimeError, match="something else"):
        with_smaller_batches(work, 8, torch.device("cpu"))


@pytest.mark.parametrize(
    ("error", "memory"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"), True),
        (
            RuntimeError(
                "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to "
                "allocate 4294967296 bytes. Error code 12 (Cannot allocate memory)"
            ),
            True,
        ),
        (
            RuntimeError("[enforce fail] data. DefaultCPUAllocator: not enough memory: you tried to allocate 8 bytes."),
            True,
        ),
        (RuntimeError("MPS backend out of memory (MPS allocated: 5.56 GB, max allowed: 6.80 GB)."), True),
        (MemoryError("Unable to allocate 8.00 GiB"), True),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
        (ValueError("DefaultCPUAllocator: can't allocate memory"), False),
    ],
)
def test_every_device_says_it_in_its_own_way(error: Exception, memory: bool) -> None:
    assert is_out_of_memory(error) is memory

    def work(batch: int, device: Any) -> int:
        if batch > 2:
            raise error
        return batch

    if memory:
        with pytest.warns(QueristWarning, match="batches of 8, 4; went on with 2 on cpu"):
            assert with_smaller_batches(work, 8, torch.device("cpu")) == 2
    else:
        with pytest.raises(type(error)) as caught:
            with_smaller_batches(work, 8, torch.device("cpu"))
        assert caught.value is error


_LIMITED = """
import resource, sys, warnings
import numpy as np, torch
import querist
from querist.core.types import Labels

torch.set_num_threads(1)

class Wide(torch.nn.Module):  # an item of ITEM numbers in its middle
    def __init__(self, item):
        super().__init__()
        self.item, self.head = item, torch.nn.Linear(4, 2)

    def forward(self, x):
        return self.head(x) + torch.zeros(len(x), self.item, 1)[:, :1, 0]

source = querist.read(np.ones((32, 4), dtype="float32"))
labels = Labels(source.items(np.arange(32)), np.arange(32) % 2)
schema = querist.SingleLabel(("a", "b"))
for item in (1 << 23, 1 << 28):  # 32 MiB and 1 GiB an item
    size = [1]
    make = lambda: Wide(size[0])
    learner = querist.TorchLearner(
        make, source, schema, recipe=querist.Recipe(epochs=1, batch_size=32), device="cpu", score_batch=32
    )
    learner.fit(labels, seed=0)
    size[0] = item
    pages = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (pages + (700 << 20), resource.RLIM_INFINITY))
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            learner.fit(labels, seed=0)
            learner.signals(labels.items, learner.provides)
        except querist.QueristError as error:
            print(error.code, type(error).__name__, error)
        for line in said:
            print("warned:", line.message)
    print("labels", labels.targets.tolist() == [0, 1] * 16)
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the limit of a process's memory is Linux's")
def test_a_process_that_really_has_no_memory_halves_its_batches_or_says_so() -> None:
    done = subprocess.run([sys.executable, "-c", _LIMITED], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    told = done.stdout.splitlines()
    assert told[0] == "warned: out of memory with batches of 32; went on with 16 on cpu", told
    assert told[1] == told[0], "scoring too"
    assert told[2] == "labels True"
    assert told[3].startswith(
        "OutOfMemory ResourceError out of memory on cpu: batches of 32, 16, 8, 4, 2, 1 were tried"
    )
    assert told[4:] == ["labels True"]
