"""Files are read in a process of their own: what it says, how it dies, and that nobody waits for it."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from querist.core.errors import DataError, ResourceError, StateError
from querist.server.bring import Target
from querist.server.importer import Importer
from querist.server.limits import Limits
from querist.server.project import Project
from serving import make

ROWS = "id,text,label\ni0,known already,cat\nz1,new and not known yet,dog\nz2,a third text here,bird\n"


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.open(make(tmp_path / "p", 6, settings={"validation": 0.0})) as project:
        yield project


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "sent" / "more.csv"
    path.parent.mkdir()
    path.write_text(ROWS, encoding="utf-8")
    return path


def test_it_says_what_came_of_it(project: Project, file: Path) -> None:
    importer = Importer(project)
    assert importer.check(file, "more.csv")["rows"] == [{"at": "record 3", "why": "the project has no class 'bird'"}]
    took = importer.take(file, "more.csv", new_classes=True)
    assert {k: took[k] for k in ("items", "known", "answers", "classes", "left_out")} == {
        "items": 2,
        "known": 1,
        "answers": 3,
        "classes": ("bird",),
        "left_out": 0,
    }
    assert project.desk.pool.size == len(project.items) == 8


def test_faults_keep_their_class_code_and_words(project: Project, file: Path) -> None:
    with pytest.raises(LookupError, match=r"shown\.csv, record 3: .*bird") as caught:
        Importer(project).take(file, "shown.csv")
    assert getattr(caught.value, "code", None) == "UnknownLabel"
    file.write_text("x,y\n1,2\n3,4\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"shown\.csv holds items of the kind table") as other:
        Importer(project).take(file, "shown.csv")
    assert other.value.code == "OtherKind"
    assert len(project.items) == 6


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux sets limits of another process")
def test_a_file_that_takes_too_much_ends_its_process_and_nothing_else(project: Project, file: Path) -> None:
    with pytest.raises(DataError, match=r"more.csv.*(died|memory)") as caught:
        Importer(project, limits=Limits(memory=24 << 20)).take(file, "more.csv")
    assert caught.value.code == "TooLarge"
    with pytest.raises(DataError, match="not read within 0 s") as caught:
        Importer(project, longest=0.0).take(file, "more.csv")
    assert caught.value.code == "TooLarge"
    assert len(project.items) == 6
    assert Importer(project).take(file, "more.csv", new_classes=True)["items"] == 2


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux sets limits of another process")
def test_a_small_file_that_unpacks_to_gigabytes_is_refused(project: Project, tmp_path: Path) -> None:
    """A text of 900,000 letters, held once in the file and meant 2,000 times: 1.8 GB in the first piece alone."""
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    bomb = tmp_path / "bomb.parquet"
    rows = arrow.DictionaryArray.from_arrays([0] * 2_000, ["x" * 900_000])
    parquet.write_table(arrow.table({"text": rows}), bomb)
    assert bomb.stat().st_size < 1 << 20
    with pytest.raises(DataError, match="memory") as caught:
        Importer(project).take(bomb, "bomb.parquet")
    assert caught.value.code == "TooLarge"
    assert len(project.items) == 6


def test_closing_ends_what_runs_and_refuses_what_comes(project: Project, file: Path) -> None:
    file.write_text("id,text\n" + "".join(f"k{k},text number {k}\n" for k in range(60_000)), encoding="utf-8")
    importer = Importer(project)
    faults: list[BaseException] = []

    def take() -> None:
        try:
            importer.take(file, "more.csv")
        except StateError as error:
            faults.append(error)

    thread = threading.Thread(target=take)
    thread.start()
    time.sleep(0.3)
    importer.close()
    thread.join(20)
    assert not thread.is_alive()
    assert [getattr(fault, "code", None) for fault in faults] == ["Closed"]
    with pytest.raises(StateError, match=r"import more\.csv again") as caught:
        importer.check(file, "more.csv")
    assert caught.value.code == "Closed"


def test_code_that_lies_beside_the_data_is_not_run(
    project: Project, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder of data may hold a json.py; the working folder is no place for modules."""
    trap = tmp_path / "data"
    trap.mkdir()
    for name in ("json", "threading", "csv", "numpy"):
        (trap / f"{name}.py").write_text("import os; os._exit(77)\n", encoding="utf-8")
    monkeypatch.chdir(trap)
    assert Importer(project).take(file, "more.csv", new_classes=True)["items"] == 2


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux sets limits of another process")
def test_computing_without_end_is_ended(project: Project, file: Path) -> None:
    file.write_text("id,text\n" + "".join(f"k{k},text number {k}\n" for k in range(200_000)), encoding="utf-8")
    with pytest.raises(DataError, match=r"more than 1 s of computing") as caught:
        Importer(project, limits=Limits(computing=1)).take(file, "more.csv")
    assert caught.value.code == "TooLarge"
    assert project.desk.pool.size == 6


def test_a_full_disk_is_called_so_and_takes_nothing(project: Project, file: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full here")
    file.with_name(".answers").symlink_to("/dev/full")
    with pytest.raises(ResourceError, match="out of space") as caught:
        Importer(project).take(file, "more.csv", new_classes=True)
    assert caught.value.code == "DiskFull"
    assert len(project.items) == 6, "the answers are written before the items"


def test_a_fault_of_ours_is_no_fault_of_the_file(project: Project, file: Path) -> None:
    file.with_name(".answers").mkdir()
    with pytest.raises(RuntimeError, match=r"reading an import: IsADirectoryError at import_process\.py:\d+"):
        Importer(project).take(file, "more.csv", new_classes=True)


def test_a_class_that_somebody_added_meanwhile_is_added_once(
    project: Project, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    importer = Importer(project)
    read = importer._read

    def slow(target: Target, *rest: Any) -> dict[str, Any]:
        said = read(target, *rest)
        project.writer.do(lambda work: project.changes.add_class(work, "me", "bird"))
        return said

    monkeypatch.setattr(importer, "_read", slow)
    assert importer.take(file, "more.csv", new_classes=True)["answers"] == 3
    assert project.writer.do(lambda work: project.changes.task(work.connection)).classes == ("cat", "dog", "bird")
