"""Rows come the same from memory, from the file of a memory-map and from a device, and nothing is mapped in."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from querist.core.rows import DeviceRows, Rows

Maker = Any


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    np.save(tmp_path / "x.npy", np.random.default_rng(0).normal(size=(1_000, 7)).astype(np.float32))
    return tmp_path / "x.npy"


def mapped(path: Path, mode: Any = "r") -> np.ndarray[Any, Any]:
    return np.load(path, mmap_mode=mode)  # type: ignore[no-any-return]


@pytest.mark.parametrize("rows", [slice(None), slice(100, 700), slice(3, 4), slice(999, 1_000)])
def test_slices_of_a_map_are_read_from_its_file(saved: Path, rows: slice) -> None:
    array = mapped(saved)[rows]
    truth = np.load(saved)[rows]
    source = Rows(array)
    assert source.streams
    got = np.concatenate([block.copy() for _, block in source.blocks(64)])
    assert np.array_equal(got, truth)
    some = np.array([len(truth) - 1, 0, len(truth) // 2])
    assert np.array_equal(source.take(some), truth[some])
    assert np.array_equal(source.block(slice(0, 5)), truth[:5])


def test_a_plain_view_of_a_map_is_read_too(saved: Path) -> None:
    assert Rows(np.asarray(mapped(saved))[10:]).streams
    assert np.array_equal(Rows(np.asarray(mapped(saved))[10:]).block(slice(0, 3)), np.load(saved)[10:13])


@pytest.mark.parametrize("offset", [0, 4, 5_000, 70_000])
def test_raw_maps_with_an_offset(tmp_path: Path, offset: int) -> None:
    whole = np.arange(40_000, dtype=">f4")
    (tmp_path / "raw").write_bytes(whole.tobytes())
    array = np.memmap(tmp_path / "raw", dtype=">f4", mode="r", offset=offset, shape=(500, 4))
    source = Rows(array[2:])
    assert source.streams
    assert np.array_equal(source.block(slice(0, 498)), whole[offset // 4 : offset // 4 + 2_000].reshape(500, 4)[2:])


@pytest.mark.parametrize(
    "view",
    [
        lambda m: m[:, :3],
        lambda m: m[::2],
        lambda m: m[::-1],
        lambda m: m[np.array([5, 1])],
        lambda m: m.T,
        lambda m: m[:0],
    ],
    ids=["columns", "every second", "reversed", "gathered", "transposed", "empty"],
)
def test_what_does_not_lie_row_by_row_is_taken_as_it_is(saved: Path, view: Maker) -> None:
    source = Rows(view(mapped(saved)))
    assert not source.streams
    truth = view(np.load(saved))
    assert np.array_equal(source.block(slice(0, len(truth))), truth)


def test_private_changes_and_replaced_files_are_not_read_from_the_file(saved: Path) -> None:
    private = mapped(saved, "c")
    private[0] = 5.0
    assert not Rows(private).streams
    assert (Rows(private).block(slice(0, 1)) == 5.0).all()
    array = mapped(saved)
    truth = np.array(array)
    np.save(saved.with_name("other.npy"), np.zeros((1_000, 7), dtype=np.float32))
    os.replace(saved.with_name("other.npy"), saved)
    assert not Rows(array).streams
    assert np.array_equal(Rows(array).block(slice(0, 1_000)), truth)
    os.remove(saved)
    assert not Rows(array).streams


def test_changes_through_the_map_are_seen(saved: Path) -> None:
    array = mapped(saved, "r+")
    source = Rows(array)
    array[17] = 9.0
    assert (source.block(slice(17, 18)) == 9.0).all()


def test_a_file_cut_short_is_an_error(saved: Path) -> None:
    source = Rows(mapped(saved))
    os.truncate(saved, 200)
    with pytest.raises(OSError, match="ends before row"):
        source.block(slice(500, 600))


def test_threads_have_buffers_of_their_own(saved: Path) -> None:
    source, truth, wrong = Rows(mapped(saved)), np.load(saved), []

    def work(start: int) -> None:
        for _ in range(200):
            block = source.block(slice(start, start + 300))
            if not np.array_equal(block, truth[start : start + 300]):
                wrong.append(start)

    threads = [threading.Thread(target=work, args=(s,)) for s in (0, 300, 600)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux says how much is mapped in")
def test_a_map_that_is_read_stays_out_of_the_process(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.ones((200_000, 64), dtype=np.float32))  # 51 MB
    code = (
        "import sys, numpy as np\n"
        "from querist.core.checks import check_signal\n"
        "from querist.core.rows import Rows\n"
        "from querist.core.signals import EMBEDDING\n"
        "def shared(): return int(open('/proc/self/statm').read().split()[2]) * 4096\n"
        "x = np.load(sys.argv[1], mmap_mode='r')\n"
        "before = shared()\n"
        "check_signal(EMBEDDING, x, 'pool')\n"
        "sum(float(b.sum()) for _, b in Rows(x).blocks())\n"
        "Rows(x).take(np.arange(0, 200_000, 500))\n"
        "print(shared() - before)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "x.npy")], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 4 << 20


def test_a_tensor_is_an_array_of_rows() -> None:
    import torch

    truth = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)
    rows = DeviceRows(torch.from_numpy(truth.copy()).requires_grad_())
    assert (rows.shape, rows.ndim, rows.size, len(rows)) == ((50, 4), 2, 200, 50)
    assert rows.dtype == np.float32
    some = np.array([3, 1, 3])
    assert np.array_equal(rows[some], truth[some])
    assert np.array_equal(rows[2:5], truth[2:5])
    assert np.array_equal(rows.narrow(some)[:], truth[some])
    assert np.array_equal(np.asarray(rows, dtype=np.float64), truth.astype(np.float64))
    assert np.array_equal(rows * 2 + 1, truth * 2 + 1)
    assert np.array_equal(rows.mean(axis=0), truth.mean(axis=0))
    assert np.array_equal(rows @ np.ones((4, 1), dtype=np.float32), truth @ np.ones((4, 1), dtype=np.float32))
    assert np.array_equal(Rows(rows).block(slice(7, 9)), truth[7:9])
    assert np.array_equal(Rows(rows).take(some), truth[some])
    with pytest.raises(AttributeError):
        _ = rows.nonsense


def test_half_precision_becomes_single() -> None:
    import torch

    rows = DeviceRows(torch.ones((3, 2), dtype=torch.bfloat16))
    assert rows.dtype == np.float32
    assert rows[:].dtype == np.float32
    assert (rows[:] == 1).all()
