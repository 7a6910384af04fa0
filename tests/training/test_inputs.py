from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy import sparse

from querist.core.errors import ArgumentTypeError
from querist.data.arrays import array_source, sparse_source, text_source
from querist.data.numpy_file import numpy_source
from querist.training import inputs as module
from querist.training.inputs import Inputs, as_tensor

ROWS = np.array([2, 0])


@pytest.mark.parametrize("kind", [np.float64, np.float32, np.int16, np.bool_])
def test_numbers_become_float32(kind: Any) -> None:
    x = (np.arange(12).reshape(4, 3) % 5).astype(kind)
    got = Inputs(array_source(x)).take(ROWS)
    assert got.dtype == torch.float32
    assert got.tolist() == x[ROWS].astype(float).tolist()


def test_bytes_are_divided_by_255() -> None:
    x = np.array([[0, 51], [255, 102]], dtype=np.uint8)
    assert Inputs(array_source(x)).take(np.array([0, 1])).numpy() == pytest.approx(np.array([[0, 0.2], [1, 0.4]]))


def test_sparse_rows_become_dense() -> None:
    matrix = sparse.csr_matrix(np.array([[0.0, 2.0], [3.0, 0.0], [0.0, 1.0]]))
    assert Inputs(sparse_source(matrix)).take(ROWS).tolist() == [[0.0, 1.0], [0.0, 2.0]]


def test_texts_need_a_transform() -> None:
    source = text_source(["one", "three", "fourteen"])
    with pytest.raises(ArgumentTypeError, match="pass transform="):
        Inputs(source).take(ROWS)
    lengths = Inputs(source, lambda texts: torch.tensor([[float(len(t))] for t in texts]))
    assert lengths.take(ROWS).tolist() == [[8.0], [3.0]]


@pytest.mark.parametrize("kept", [1 << 20, 0])
def test_small_sources_are_read_once_and_answers_are_the_same(kept: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_KEPT", kept)
    source = array_source(np.arange(20.0).reshape(5, 4))
    inputs = Inputs(source)
    first = inputs.take(ROWS)
    calls: list[Any] = []
    real = source.take

    def counted(rows: Any) -> Any:
        calls.append(rows)
        return real(rows)

    monkeypatch.setattr(source, "take", counted)
    assert torch.equal(inputs.take(ROWS), first)
    assert len(calls) == (0 if kept else 1)


def test_changing_a_tensor_changes_neither_the_source_nor_the_next_tensor() -> None:
    x = np.arange(8, dtype=np.float32).reshape(4, 2)
    inputs = Inputs(array_source(x))
    for _ in range(2):
        inputs.take(np.arange(4)).fill_(-1.0)
        inputs.take(ROWS).fill_(-1.0)
    assert x.tolist() == np.arange(8.0).reshape(4, 2).tolist()
    assert inputs.take(ROWS).tolist() == [[4.0, 5.0], [0.0, 1.0]]


def resident() -> int:
    """Kilobytes of the process that are mapped from files and in memory."""
    status = Path("/proc/self/status")  # noqa: path
    if not status.exists():
        pytest.skip("the memory of a process is read from /proc")
    found = [line for line in status.read_text().splitlines() if line.startswith("RssFile")]
    return int(found[0].split()[1]) if found else 0


def test_a_mapped_file_is_read_and_its_pages_stay_out_of_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_KEPT", 0)
    x = np.random.default_rng(0).integers(0, 256, (4000, 64, 64), dtype=np.uint8)  # 16 MB
    np.save(tmp_path / "x.npy", x)
    before = resident()
    inputs = Inputs(numpy_source(tmp_path / "x.npy"))
    for start in range(0, 4000, 500):
        rows = np.arange(start, start + 500)
        assert torch.equal(inputs.take(rows), as_tensor(x[rows]))
    shuffled = np.random.default_rng(1).permutation(4000)[:300]
    assert torch.equal(inputs.take(shuffled), as_tensor(x[shuffled]))
    assert resident() - before < 4_000
