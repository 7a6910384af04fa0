from __future__ import annotations

import pytest
import torch

from querist.core.errors import ArgumentError, ResourceError
from querist.models.device import choose_device, threads


def test_cpu_is_there() -> None:
    assert choose_device("cpu") == torch.device("cpu")


def test_auto_is_the_processor_where_nothing_else_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert choose_device("auto").type == "cpu"


def test_auto_takes_the_first_accelerator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert str(choose_device("auto")) == "cuda:0"
    assert str(choose_device("cuda:1")) == "cuda:1"


def test_an_absent_device_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(ResourceError, match=r"'cuda:7' is not there; present are: cpu, cuda:0") as caught:
        choose_device("cuda:7")
    assert caught.value.code == "NoDevice"


def test_what_is_no_device_is_refused() -> None:
    with pytest.raises(ArgumentError, match="'gpu0'") as caught:
        choose_device("gpu0")
    assert caught.value.code == "BadValue"


def test_threads_are_set_inside_and_put_back_also_after_an_error() -> None:
    before = torch.get_num_threads()
    other = 2 if before == 1 else 1

    def fail() -> None:
        with threads(other):
            assert torch.get_num_threads() == other
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert torch.get_num_threads() == before
    with threads(None):
        assert torch.get_num_threads() == before
