"""Items that are alike: the right ones, from several files, with bounded memory, and a named error before there are any."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from querist.core.errors import StateError
from querist.server import alike
from querist.server.alike import IN_USE, InUse, most_alike, read_in_use, write_in_use


def made(folder: Path, features: np.ndarray, *cuts: int, **names: list[float]) -> Path:
    """Features in files that end at the rows ``cuts`` and at the last."""
    folder.mkdir(exist_ok=True)
    files, first = [], 0
    for k, stop in enumerate((*cuts, len(features))):
        np.save(folder / f"features-{k}.npy", features[first:stop].astype(np.float32))
        files.append((f"features-{k}.npy", first, stop))
        first = stop
    write_in_use(folder, InUse("made", tuple(files), names))
    return folder


def test_the_nearest_directions_come_first_and_the_example_is_left_out(tmp_path: Path) -> None:
    features = np.array([[1, 0], [5, 0.5], [0, 1], [0.9, 0.9], [-1, 0]])
    folder = made(tmp_path / "f", features)
    assert most_alike(folder, 10, rows=[0]) == [1, 3, 2, 4]  # cosines .995, .707, 0, -1
    assert most_alike(folder, 2, rows=[0]) == [1, 3]
    assert most_alike(folder, 2, vector=[0.0, 3.0]) == [2, 3]
    assert most_alike(folder, 1, rows=[0, 2]) == [3]  # the mean of both directions


def test_it_is_what_a_plain_sort_gives_whatever_the_files_and_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alike, "_BLOCK_BYTES", 4 * 8 * 7)  # seven rows a block
    features = np.random.default_rng(0).normal(size=(100, 8)).astype(np.float32)
    features[40] = features[60]  # equal likeness: the lower row first
    folder = made(tmp_path / "f", features, 30, 61)
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    for row in (0, 29, 30, 60, 99):
        wanted = [k for k in np.lexsort((np.arange(100), -(unit @ unit[row]).round(6))).tolist() if k != row]
        assert most_alike(folder, 20, rows=[row]) == wanted[:20]
    assert most_alike(folder, 3, rows=[60])[0] == 40


def test_rows_of_zeros_are_like_nothing(tmp_path: Path) -> None:
    folder = made(tmp_path / "f", np.array([[0.0, 0], [1, 0], [2, 0]]))
    assert most_alike(folder, 3, rows=[1]) == [2, 0]
    assert most_alike(folder, 3, rows=[0]) == [1, 2]


def test_memory_does_not_grow_with_the_items(tmp_path: Path) -> None:
    folder = made(tmp_path / "f", np.ones((400_000, 64), dtype=np.float32))  # 98 MiB
    tracemalloc.start()
    try:
        assert len(most_alike(folder, 1_000, rows=[5])) == 1_000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 32 << 20


def test_what_was_said_is_read_again(tmp_path: Path) -> None:
    said = InUse("minilm", (("a.npy", 0, 3), ("b.npy", 3, 5)), {"käse": [0.5, 1.0]})
    write_in_use(tmp_path / "f", said)
    assert read_in_use(tmp_path / "f") == said
    assert (tmp_path / "f" / IN_USE).stat().st_mode & 0o077 == 0
    assert [p.name for p in (tmp_path / "f").iterdir()] == [IN_USE]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"encoder": "a", "files": [], "names": {}}',
        '{"encoder": "a", "names": {}, "files": [["../x", 0, 1]]}',
    ],
)
def test_what_cannot_be_read_is_not_there_yet(tmp_path: Path, text: str) -> None:
    for _ in range(2):
        with pytest.raises(StateError) as caught:
            most_alike(tmp_path, 3, rows=[0])
        assert caught.value.code == "NoFeatures"
        (tmp_path / IN_USE).write_text(text, encoding="utf-8")


def test_missing_files_and_rows_are_named(tmp_path: Path) -> None:
    folder = made(tmp_path / "f", np.eye(4), 2, name=[1.0, 0.0])
    for wanted in ({"rows": [4]}, {"vector": [1.0, 0.0]}, {}):  # no such row yet, of another encoder, nothing
        with pytest.raises(StateError) as caught:
            most_alike(folder, 3, **wanted)
        assert caught.value.code == "NoFeatures"
    (folder / "features-1.npy").write_bytes(b"\x93NUMPY damaged")
    with pytest.raises(StateError, match="cannot be read"):
        most_alike(folder, 3, rows=[0])
    said = json.loads((folder / IN_USE).read_text(encoding="utf-8"))
    (folder / IN_USE).write_text(json.dumps({**said, "files": [["features-0.npy", 0, 3]]}), encoding="utf-8")
    with pytest.raises(StateError, match="not made yet"):
        most_alike(folder, 3, rows=[0])
