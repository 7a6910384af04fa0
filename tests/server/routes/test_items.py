from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from PIL import Image

from querist.data.record import Record
from querist.server.alike import InUse, write_in_use
from querist.server.project import FEATURES
from querist.server.task import Task
from serving import Asker, make, running

ODD = [
    "a/b.png",
    "a/b.png/image",
    "50%",
    "é😀",
    "a b",
    "x?y#z",
    "<script>alert(1)</script>",
    "..a",
    "a%2Fb",
    "+",
    "take",
    "a/take",
]


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    with running(make(tmp_path_factory.mktemp("items") / "p", [Record(id=i, text=f"about {i}") for i in ODD])) as ask:
        yield ask


@pytest.mark.parametrize("id", ODD)
def test_every_id_is_its_own_address(ask: Asker, id: str) -> None:
    address = f"/api/v1/items/{quote(id, safe='')}"
    said = ask("GET", address)
    assert (said.status, said.json["id"], said.json["text"]) == (200, id, f"about {id}")
    assert ask("POST", f"{address}/flag", {"flag": True}).status == 204
    assert ask("GET", address).json["flag"] is True
    assert [h["kind"] for h in ask("GET", address).json["history"]] == ["flagged"]
    assert ask("GET", f"{address}/image").code == "NoPicture"


def test_pages_hold_all_items_once(ask: Asker) -> None:
    seen: list[str] = []
    cursor = ""
    while True:
        page = ask("GET", f"/api/v1/items?limit=5{cursor}").json
        seen += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == ODD


def test_alike_items_come_in_order_of_their_likeness(tmp_path: Path) -> None:
    rows = np.array([[1, 0], [0, 1], [0.9, 0.1], [0.2, 1], [-1, 0.1], [-1, 0.3]], dtype=np.float32)
    with running(make(tmp_path / "p", 6)) as ask:
        early = ask("GET", "/api/v1/items/i0/alike")
        assert (early.status, early.code) == (409, "NoFeatures")
        folder = ask.server.service.folder / FEATURES
        folder.mkdir(exist_ok=True)
        np.save(folder / "features-a.npy", rows)
        write_in_use(folder, InUse("made", (("features-a.npy", 0, 6),)))
        client = ask.server.client()
        client.label(client.take("i3"), "cat")
        # cosines with (1, 0): .994, .196, 0, -.958, -.995
        found = client.alike("i0")
        assert [item["id"] for item in found] == ["i2", "i3", "i1", "i5", "i4"]
        assert [(item["state"], item["value"]) for item in found[:2]] == [("unlabelled", None), ("labelled", "cat")]
        assert [item["id"] for item in client.alike("i0", 2)] == ["i2", "i3"]
        assert ask("GET", "/api/v1/items/nothing/alike").status == 404
        for limit in ("0", "201", "x"):
            assert ask("GET", f"/api/v1/items/i0/alike?limit={limit}").status == 400


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    folder = tmp_path_factory.mktemp("pictures")
    root = folder / "root"
    root.mkdir()
    Image.new("RGB", (30, 20), (200, 10, 10)).save(root / "red.png")
    (root / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    (root / "vector.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>")
    (folder / "secret.png").write_bytes((root / "red.png").read_bytes())
    (root / "out.png").symlink_to(folder / "secret.png")
    names = ["red.png", "bad.png", "vector.svg", "out.png", "../secret.png", str(folder / "secret.png"), "gone.png"]
    records = [Record(id=f"p{k}", file=name) for k, name in enumerate(names)]
    made = make(folder / "p", records, task=Task("single", ("a", "b")), modality="image", root=root)
    with running(made) as ask:
        yield ask


def test_a_picture_comes_written_anew(pictures: Asker) -> None:
    said = pictures("GET", "/api/v1/items/p0/image")
    assert (said.status, said.headers["content-type"]) == (200, "image/png")
    assert said.body.startswith(b"\x89PNG")
    assert said.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in said.headers["content-security-policy"]
    tag = said.headers["etag"]
    again = pictures("GET", "/api/v1/items/p0/image", headers={"If-None-Match": tag})
    assert (again.status, again.body) == (304, b"")
    handed = pictures("POST", "/api/v1/items/p0/take").json["item"]
    assert (handed["image"], handed["width"], handed["height"]) == ("/api/v1/items/p0/image", 30, 20)


@pytest.mark.parametrize("id", ["p1", "p2", "p3", "p4", "p5", "p6"])
def test_what_cannot_be_shown_or_lies_outside_is_refused(pictures: Asker, id: str) -> None:
    said = pictures("GET", f"/api/v1/items/{id}/image")
    assert (said.status, said.code) == (404, "BadImage")
    assert b"secret" not in said.body


def test_what_cannot_be_shown_is_never_handed_out(pictures: Asker) -> None:
    pictures("POST", "/api/v1/return", {"queries": [h["query"] for h in pictures.hand(1)]})
    handed = pictures("POST", "/api/v1/next", {"count": 20, "tab": "all"}).json
    assert {one["item"]["id"] for one in handed["items"]} <= {"p0"}
    rows = {item["id"]: item for item in pictures("GET", "/api/v1/items").json["items"]}
    assert {id for id, row in rows.items() if row["state"] == "rejected"} == {"p1", "p2", "p3", "p4", "p5", "p6"}
    assert rows["p1"]["by"] == "querist"
    step = pictures("GET", "/api/v1/items/p2").json["history"][-1]
    assert "not an image of a known kind" in step["note"]
    undo = pictures("POST", "/api/v1/undo", {"key": "0123abcd-0000-4000-8000-000000000001", "tab": "all"})
    assert undo.code == "NothingToUndo"  # it was nobody's answer


def test_pictures_need_a_session(pictures: Asker) -> None:
    assert pictures("GET", "/api/v1/items/p0/image", anonymous=True).status == 401
