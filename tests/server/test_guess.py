"""What a path holds: hand-made cases of every kind, and what has to be asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from querist.core.errors import DataError
from querist.data.formats import FORMATS, SUFFIXES, read_records, write_records
from querist.data.formats.exported import About, Exported
from querist.data.record import Record
from querist.server.guess import Guess, guess

FILMS = [
    "a good film, really good",
    "a bad film that nobody likes",
    "so boring that I slept all night",
    "go and see it twice",
]


def write(path: Path, content: str | list[Any]) -> Path:
    text = content if isinstance(content, str) else "".join(json.dumps(row) + "\n" for row in content)
    path.write_text(text, encoding="utf-8")
    return path


def asked(found: Guess) -> list[str]:
    return [u.what for u in found.unknown]


def test_a_csv_of_texts_with_labels(tmp_path: Path) -> None:
    rows = "".join(f'{k},"{FILMS[k % 4]} {k}",{"pos" if k % 2 else "neg"},web\n' for k in range(20))
    found = guess(write(tmp_path / "films.csv", "id,review,label,source\n" + rows))
    assert (found.format, found.modality, found.task) == ("csv", "text", "single")
    assert (found.text, found.id, found.label) == ("review", "id", "label")
    assert found.classes == ("neg", "pos")
    assert (found.looked_at, found.labelled, found.whole) == (20, 20, True)
    assert found.unknown == ()
    first = next(read_records("csv", found.path, found.reading()))
    assert (first.id, first.text, first.labels[0]["value"]) == ("0", FILMS[0] + " 0", "neg")
    assert first.extra == {"source": "web"}


def test_a_text_column_is_found_by_its_values(tmp_path: Path) -> None:
    rows = "".join(f'{k},"{FILMS[k % 4]} {k}",en\n' for k in range(12))
    found = guess(write(tmp_path / "x.csv", "nr,comment,lang\n" + rows))
    assert (found.text, found.id, found.label, found.modality) == ("comment", None, None, "text")
    assert asked(found) == ["task", "classes"]
    assert next(read_records("csv", found.path, found.reading())).text == FILMS[0] + " 0"


def test_two_columns_of_text_are_asked_about(tmp_path: Path) -> None:
    rows = "".join(f'"{FILMS[k % 4]} {k}","{FILMS[(k + 1) % 4]} {k}",a\n' for k in range(8))
    found = guess(write(tmp_path / "x.csv", "summary,answer,label\n" + rows))
    assert found.text is None
    assert asked(found)[0] == "text"
    assert set(found.unknown[0].choices) == {"summary", "answer"}
    assert guess(tmp_path / "x.csv", text="answer").text == "answer"


def test_a_table_of_numbers(tmp_path: Path) -> None:
    rows = "".join(f"{k / 7:.3f},{k},{'red' if k % 2 else 'blue'},{k % 3}\n" for k in range(30))
    found = guess(write(tmp_path / "t.tsv", ("width,height,colour,target\n" + rows).replace(",", "\t")))
    assert (found.format, found.modality, found.label) == ("csv", "table", "target")
    assert found.features == ("width", "height", "colour")
    assert (found.task, found.classes) == ("single", ("0", "1", "2"))
    assert asked(found) == ["task"], "0, 1, 2 may be classes or a rating"
    record = next(read_records("csv", found.path, found.reading()))
    assert record.fields == {"width": 0.0, "height": 0, "colour": "blue"}


def test_numbers_and_ratings(tmp_path: Path) -> None:
    decimal = guess(write(tmp_path / "a.csv", "text,y\n" + "".join(f"film {k},{k / 4}\n" for k in range(9))))
    assert (decimal.task, decimal.low, decimal.high, decimal.unknown) == ("number", 0.0, 2.0, ())
    stars = guess(write(tmp_path / "b.csv", "text,y\n" + "".join(f"film {k},{k % 5 + 1}\n" for k in range(20))))
    assert (stars.task, stars.classes) == ("single", ("1", "2", "3", "4", "5"))
    assert stars.unknown[0].choices == ("single", "number")
    told = guess(tmp_path / "b.csv", task="number")
    assert (told.task, told.low, told.high, told.unknown) == ("number", 1.0, 5.0, ())
    assert next(read_records("csv", told.path, told.reading())).labels[0]["value"] == 1.0


def test_several_classes_in_a_cell(tmp_path: Path) -> None:
    rows = "".join(f"film {k},{['funny|sad', 'sad', 'long|sad', 'funny|long|sad'][k % 4]}\n" for k in range(12))
    found = guess(write(tmp_path / "m.csv", "text,labels\n" + rows))
    assert (found.task, found.separator, found.classes) == ("multi", "|", ("funny", "long", "sad"))
    values = [r.labels[0]["value"] for r in read_records("csv", found.path, found.reading())]
    assert values[:2] == [["funny", "sad"], ["sad"]]


def test_ids_that_come_twice_are_not_taken(tmp_path: Path) -> None:
    found = guess(write(tmp_path / "d.csv", "id,text,label\n1,film one,a\n1,film two,b\n"))
    assert found.id == ""
    assert "twice" in found.notes[0]
    assert [r.id for r in read_records("csv", found.path, found.reading())] == [None, None]


def test_jsonl_kinds(tmp_path: Path) -> None:
    plain = guess(
        write(tmp_path / "p.jsonl", [{"text": f, "label": "x" if k % 2 else "y"} for k, f in enumerate(FILMS)])
    )
    assert (plain.format, plain.modality, plain.task, plain.classes) == ("jsonl", "text", "single", ("x", "y"))
    several = guess(
        write(tmp_path / "s.jsonl", [{"text": f, "tags": 1, "label": ["x", "y"][: k % 3]} for k, f in enumerate(FILMS)])
    )
    assert (several.format, several.task, several.classes) == ("jsonl", "multi", ("x", "y"))
    doccano = guess(
        write(tmp_path / "d.jsonl", [{"id": k, "text": f, "label": [[0, 1, "ART"]]} for k, f in enumerate(FILMS)])
    )
    assert (doccano.format, doccano.task, doccano.classes) == ("doccano", "spans", ("ART",))
    choice = [
        {"text": f, "accept": ["A"], "options": [{"id": "A"}], "answer": "accept", "_input_hash": k}
        for k, f in enumerate(FILMS)
    ]
    prodigy = guess(write(tmp_path / "q.jsonl", choice))
    assert (prodigy.format, prodigy.task, prodigy.classes) == ("prodigy", "single", ("A",))
    assert asked(prodigy) == ["classes"], "one class alone cannot be told apart"


def test_label_studio_and_conll(tmp_path: Path) -> None:
    tasks = [
        {
            "id": k,
            "data": {"text": film},
            "annotations": [
                {"result": [{"type": "labels", "value": {"start": 0, "end": 1, "text": film[:1], "labels": ["ART"]}}]}
            ],
        }
        for k, film in enumerate(FILMS)
    ]
    studio = guess(write(tmp_path / "t.json", json.dumps(tasks)))
    assert (studio.format, studio.modality, studio.task, studio.classes) == ("label-studio", "text", "spans", ("ART",))
    assert studio.labelled == 4
    conll = guess(write(tmp_path / "n.conll", "EU B-ORG\nrejects O\n\nPeter B-PER\nBlackburn I-PER\n"))
    assert (conll.format, conll.task, conll.classes) == ("conll", "spans", ("ORG", "PER"))
    assert guess(write(tmp_path / "n.txt", "EU B-ORG\nrejects O\n")).format == "conll"


def test_folders_of_images(tmp_path: Path) -> None:
    for name in ("cat/1.png", "cat/2.png", "dog/1.png"):
        (tmp_path / "by" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (4, 4)).save(tmp_path / "by" / name)
    found = guess(tmp_path / "by")
    assert (found.format, found.modality, found.task, found.classes) == ("images", "image", "single", ("cat", "dog"))
    assert found.root == tmp_path / "by"
    (tmp_path / "flat").mkdir()
    Image.new("RGB", (4, 4)).save(tmp_path / "flat" / "a.png")
    flat = guess(tmp_path / "flat")
    assert (flat.modality, flat.task, asked(flat)) == ("image", None, ["task", "classes"])


def test_a_table_of_image_files(tmp_path: Path) -> None:
    found = guess(write(tmp_path / "i.csv", "photo,label\na/1.png,cat\na/2.JPG,dog\n"))
    assert (found.modality, found.file, found.classes) == ("image", "photo", ("cat", "dog"))
    record = next(read_records("csv", found.path, found.reading()))
    assert (record.file, record.text, record.fields) == ("a/1.png", None, None)


@pytest.mark.parametrize("format", [f for f in FORMATS if f not in ("datasets", "images", "conll")])
def test_what_querist_wrote_is_known(format: str, tmp_path: Path) -> None:
    items = [
        Exported(Record(f"i{k}", film), [{"kind": "label", "value": "ab"[k % 2]}], "labelled")
        for k, film in enumerate(FILMS)
    ]
    path = tmp_path / f"out{SUFFIXES[format]}"
    write_records(format, items, path, About(classes=("a", "b")))
    found = guess(path)
    assert (found.format, found.modality, found.task, found.classes) == (format, "text", "single", ("a", "b"))
    assert found.unknown == ()
    assert [r.id for r in read_records(found.format, path, found.reading())] == ["i0", "i1", "i2", "i3"]


def test_only_the_first_rows_are_looked_at(tmp_path: Path) -> None:
    rows = "".join(f"film {k},{'a' if k % 2 else 'b'}\n" for k in range(1_500))
    found = guess(write(tmp_path / "long.csv", "text,label\n" + rows + "broken,row,here\n"))
    assert (found.looked_at, found.whole) == (1_000, False)
    assert "first 1,000" in found.notes[-1]


def test_classes_that_differ_by_case_are_asked_about(tmp_path: Path) -> None:
    found = guess(write(tmp_path / "c.csv", "text,label\nfilm a,Cat\nfilm b,cat\n"))
    assert asked(found) == ["classes"]
    assert "differ by case" in found.unknown[0].why


@pytest.mark.parametrize(
    "name, content, code",
    [
        ("none.csv", None, "NoData"),
        ("empty.csv", "", "EmptyPool"),
        ("header.csv", "text,label\n", "EmptyPool"),
        ("x.csv", "text,label\na,b,c\n", "BadRow"),
        ("x.jsonl", '{"text": "a"}\n{"text":\n', "BadRow"),
        ("x.json", '[{"text": "a"}]', "UnknownFormat"),
        ("x.txt", "a line of text\n", "UnknownFormat"),
        ("x.pkl", "x", "PickleRefused"),
        ("x.png", "x", "UnknownFormat"),
        ("x", "x", "UnknownFormat"),
        ("x.parquet", "no parquet", "NoData"),
    ],
)
def test_what_cannot_be_used_is_named(name: str, content: str | None, code: str, tmp_path: Path) -> None:
    if content is not None:
        write(tmp_path / name, content)
    with pytest.raises(DataError, match=name.replace(".", r"\.")) as caught:
        guess(tmp_path / name)
    assert caught.value.code == code


def test_a_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no column 'txt'; it has: id, text\. Did you mean 'text'") as caught:
        guess(write(tmp_path / "x.csv", "id,text\n1,a\n"), text="txt")
    assert caught.value.code == "NoColumn"
