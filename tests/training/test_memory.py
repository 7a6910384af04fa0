from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch

from querist.core.errors import QueristWarning, ResourceError
from querist.training.memory import with_smaller_batches


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
    with pytest.raises(ResourceError, match="batches of 2, 1"):
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
