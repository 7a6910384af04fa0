"""Bad input over HTTP, rows 53 to 64: the status, the code, the words, and nothing changed.

A case is one request to a running server. What depends on a hand-out or on time has a test of its own below.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from querist.data.record import Record
from querist.server import policy
from querist.server.task import Task
from serving import Asker, Said, make, running

EDGE = "edge0123"


def of_form(name: str, content: bytes) -> bytes:
    head = f'--{EDGE}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: text/plain\r\n\r\n'
    return head.encode() + content + f"\r\n--{EDGE}--\r\n".encode()


def send(ask: Asker, name: str, content: bytes) -> Said:
    return form(ask, of_form(name, content))


def form(ask: Asker, raw: bytes) -> Said:
    return ask("POST", "/api/v1/import", raw=raw, headers={"Content-Type": f"multipart/form-data; boundary={EDGE}"})


def answer(handed: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "key": str(uuid.uuid4()), "query": handed["query"], "fence": handed["fence"], "item": handed["item"]["id"],
        "kind": "label", "value": "cat", "seconds": 1.5, **more,
    }  # fmt: skip


def length(ask: Asker) -> int:
    (found,) = ask.server.service.overview.rows("SELECT count(*) FROM event WHERE stream = ?")
    return int(found[0])


def refused(ask: Asker, said: Said, status: int, code: str, *words: str, pointer: str | None = None) -> None:
    assert (said.status, said.code, said.json["pointer"]) == (status, code, pointer), said.body
    assert [w for w in words if w not in said.json["detail"]] == [], said.json["detail"]
    assert b"Traceback" not in said.body
    assert str(ask.server.service.folder).encode() not in said.body


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    with running(make(tmp_path_factory.mktemp("bad") / "p", 30, settings={"validation": 0.0})) as ask:
        yield ask


@pytest.fixture
def ask(asker: Asker) -> Iterator[Asker]:
    """Whatever is refused here changes nothing: the journal is as long as before."""
    before, items = length(asker), len(asker.server.service.project.items)
    yield asker
    assert (length(asker), len(asker.server.service.project.items)) == (before, items)


NEXT = "POST /api/v1/next"
IMPORT = {"Content-Type": f"multipart/form-data; boundary={EDGE}"}
XML = {"Content-Type": "text/xml"}
FLOOD = f'--{EDGE}\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'.encode()
CASES: list[tuple[str, str, bytes | None, dict[str, str], int, str, str | None, tuple[str, ...]]] = [
    ("row_53", NEXT, b"<a/>", XML, 415, "BadContentType", None, ("'text/xml'", "application/json is wanted")),
    ("row_53_no_json", NEXT, b"hello", {}, 400, "BadJson", None, ("not JSON", "line 1, column 1")),
    ("row_54_nan", NEXT, b'{"count": NaN}', {}, 400, "BadJson", "/count", ("NaN is no number",)),
    ("row_54_infinity", NEXT, b'{"count": Infinity}', {}, 400, "BadJson", "/count", ("Infinity is no number",)),
    (
        "row_54_twice",
        NEXT,
        b'{"count": 1, "count": 2}',
        {},
        400,
        "BadJson",
        "/count",
        ("key 'count' stands there twice",),
    ),
    ("row_54_deep", NEXT, b"[" * 33 + b"]" * 33, {}, 400, "BadJson", None, ("more than 32 levels",)),
    ("row_54_large", NEXT, b'{"count": 9223372036854775808}', {}, 400, "BadJson", "/count", ("64 bits",)),
    ("row_54_surrogate", NEXT, b'{"have": ["\\ud800"]}', {}, 400, "BadJson", "/have/0", ("surrogate pair",)),
    ("row_55", NEXT, b'{"count": 1, "role": "admin"}', {}, 422, "UnknownField", "/role", ("'role'",)),
    (
        "row_55_item",
        "POST /api/v1/classes",
        b'{"add": "x", "project_id": 2}',
        {},
        422,
        "UnknownField",
        "/project_id",
        ("'project_id'",),
    ),
    ("row_60_json", NEXT, b'"' + b"a" * (1 << 20) + b'"', {}, 413, "TooLarge", None, ("1,048,576 bytes",)),
    ("row_60_fields", "POST /api/v1/import", FLOOD * 20_000, IMPORT, 400, "BadRequest", None, ("1000",)),
    (
        "row_60_urlencoded",
        NEXT,
        b"a=1&" * 200_000,
        {"Content-Type": "application/x-www-form-urlencoded"},
        415,
        "BadContentType",
        None,
        ("application/x-www-form-urlencoded", "application/json is wanted"),
    ),
    (
        "row_61",
        "GET /api/v1/items?user__password__startswith=a",
        None,
        {},
        400,
        "UnknownField",
        None,
        ("'user__password__startswith'", "allowed here: state, label, flag, text, sort, cursor, limit"),
    ),
    ("row_61_sort", "GET /api/v1/items?sort=password", None, {}, 400, "BadValue", None, ("sort", "'row' or 'doubt'")),
    ("row_62_page", "GET /api/v1/items?page=-1", None, {}, 400, "UnknownField", None, ("'page'", "cursor, limit")),
    ("row_62_limit", "GET /api/v1/items?limit=1000000000", None, {}, 400, "BadValue", None, ("limit", "200")),
    ("row_62_cursor", "GET /api/v1/items?cursor=Zm9yZ2Vk", None, {}, 400, "BadCursor", None, ("cursor",)),
    (
        "row_64_encoder",
        "PATCH /api/v1/settings",
        b'{"encoder": "file:///etc"}',
        {},
        422,
        "UnknownField",
        "/encoder",
        ("'encoder'",),
    ),
    (
        "row_64_import",
        "POST /api/v1/import",
        b'{"url": "http://10.0.0.1/"}',
        {},
        422,
        "MissingField",
        "/file",
        ("file",),
    ),
]


@pytest.mark.parametrize(
    ("where", "raw", "headers", "status", "code", "pointer", "words"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_it_is_refused_by_name(
    ask: Asker,
    where: str,
    raw: bytes | None,
    headers: dict[str, str],
    status: int,
    code: str,
    pointer: str | None,
    words: tuple[str, ...],
) -> None:
    method, path = where.split(" ")
    refused(ask, ask(method, path, raw=raw, headers=headers), status, code, *words, pointer=pointer)


def test_row_60_a_file_of_51_megabytes(ask: Asker) -> None:
    said = send(ask, "t.csv", b"text\n" + b"a" * (51 << 20))
    refused(ask, said, 413, "TooLarge", "52,494,336 bytes")


def test_row_60_a_body_that_does_not_come(ask: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "_SECONDS", 0.2)
    head = (
        f"POST /api/v1/next HTTP/1.1\r\nHost: 127.0.0.1:{ask.server.port}\r\nOrigin: {ask.server.address}\r\n"
        f"Cookie: {ask.cookie}\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{{"
    )
    came = ask.wire(head.encode())
    assert b" 408 " in came.split(b"\r\n")[0]
    assert b"within the limit of 0.2 s" in came


@pytest.mark.parametrize(
    "where",
    [
        "GET /api/v1/items/{}",
        "GET /api/v1/items/{}/image",
        "POST /api/v1/items/{}/take",
        "POST /api/v1/items/{}/flag",
    ],
)
def test_row_63_an_item_of_elsewhere_is_as_absent(ask: Asker, where: str, tmp_path: Path) -> None:
    """The id of a project that is there beside this one, and one that nobody has."""
    make(tmp_path / "other", [Record(id="theirs", text="a text of theirs")])
    method, path = where.split(" ")
    body = {"flag": True} if path.endswith("flag") else {} if method == "POST" else None
    said = [ask(method, path.format(id), body) for id in ("theirs", "nobodys", "file:%2F%2F%2Fetc%2Fpasswd")]
    assert {(s.status, s.body) for s in said} == {(404, said[0].body)}
    assert (said[0].code, said[0].json["detail"]) == ("UnknownItem", "there is no such item")


def test_row_63_nor_is_it_an_example_or_an_answer(ask: Asker) -> None:
    refused(ask, ask("POST", "/api/v1/seeds", {"class": "cat", "item": "theirs"}), 404, "UnknownItem", "no such item")
    body = answer({"query": "q99", "fence": 1, "item": {"id": "theirs"}})
    refused(ask, ask("POST", "/api/v1/answers", body), 409, "NotLeased", "'theirs'", "lease", pointer="/query")


# What depends on a hand-out ------------------------------------------------------------------------------------------


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Asker]:
    with running(make(tmp_path / "p", 3, settings={"validation": 0.0})) as ask:
        yield ask


def test_row_56_an_item_that_is_not_leased(fresh: Asker) -> None:
    (handed,) = fresh.hand()
    before = length(fresh)
    for change in ({"query": "q99"}, {"item": "i2"}):
        said = fresh("POST", "/api/v1/answers", answer(handed, **change))
        item = change.get("item", handed["item"]["id"])
        refused(fresh, said, 409, "NotLeased", repr(item), "under the lease", "never handed out", pointer="/query")
    pending = fresh("POST", "/api/v1/answers", answer(handed, query="q99")).json["detail"]
    assert "the item is pending" in pending
    assert length(fresh) == before


def test_row_57_an_old_token_is_refused_with_its_age(fresh: Asker) -> None:
    (handed,) = fresh.hand()
    said = fresh("POST", "/api/v1/answers", answer(handed, fence=handed["fence"] + 7))
    refused(fresh, said, 409, "StaleLease", repr(handed["item"]["id"]), "7 hand-outs", pointer="/fence")


def test_row_57_an_answer_after_the_lease_is_kept_and_not_counted(
    fresh: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    (handed,) = fresh.hand()
    desk = fresh.server.service.project.desk
    now = desk.clock
    monkeypatch.setattr(desk, "clock", lambda: now() + 86_400)
    other = {h["item"]["id"]: h for h in fresh.hand(3)}[handed["item"]["id"]]
    late = fresh("POST", "/api/v1/answers", answer(handed))
    assert (late.status, late.json["counted"]) == (202, False)
    for words in (repr(handed["item"]["id"]), "somebody else has it", " min ago", "kept and does not count"):
        assert words in late.json["why"]
    assert fresh("POST", "/api/v1/answers", answer(other, value="dog")).json["counted"] is True
    shown = fresh("GET", f"/api/v1/items/{handed['item']['id']}").json
    assert (shown["value"], [h["kind"] for h in shown["history"]][-2:]) == ("dog", ["late", "told"])


def test_row_58_the_same_key_with_another_body(fresh: Asker) -> None:
    (handed,) = fresh.hand()
    sent = answer(handed)
    assert fresh("POST", "/api/v1/answers", sent).status == 200
    before = length(fresh)
    said = fresh("POST", "/api/v1/answers", {**sent, "value": "dog"})
    refused(fresh, said, 422, "KeyReused", sent["key"], "another post at 20", " UTC", pointer="/key")
    assert length(fresh) == before


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([[3, 2, "x"]], ("3 to 2", "start must be below end")),
        ([[1, 1, "x"]], ("1 to 1", "start must be below end")),
        ([[0, 99, "x"]], ("0 to 99", "which has 9 characters (code points)")),
        ([[0, 10, "x"]], ("0 to 10", "which has 9 characters (code points)")),  # its length in UTF-16 code units
        ([[-1, 2, "x"]], ("-1 to 2", "code points")),
        ([[0, 1.5, "x"]], ("[start, end, class] with whole numbers",)),
        ([[0, 3, "x"], [2, 5, "x"]], ("2 to 5", "before 3")),
    ],
)
def test_row_59_spans(tmp_path: Path, value: Any, words: tuple[str, ...]) -> None:
    task = Task("spans", ("x", "y"))
    with running(make(tmp_path / "p", [Record(id="e", text="a😀b é cat")], task=task)) as ask:
        (handed,) = ask.hand()
        before = length(ask)
        refused(
            ask, ask("POST", "/api/v1/answers", answer(handed, value=value)), 422, "BadSpan", *words, pointer="/value"
        )
        assert length(ask) == before
        assert ask("POST", "/api/v1/answers", answer(handed, value=[[0, 9, "x"]])).status == 200


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    folder = tmp_path_factory.mktemp("pictures")
    (folder / "photos").mkdir()
    for k in range(2):
        Image.new("L", (9, 9), 40 * k).save(folder / "photos" / f"{k}.png")
    records = [Record(id="0.png", file="0.png")]
    with running(make(folder / "p", records, modality="image", root=folder / "photos")) as ask:
        yield ask


@pytest.mark.parametrize(
    "box", [[0.5, 0.5, 0.6, 0.1], [0, 0, 0, 0.1], [0, 0, 0.1, -0.1], [-0.1, 0, 0.5, 0.5], [0, 0, 1, "a"], [0, 0, 1]]
)
def test_row_59_boxes(pictures: Asker, box: list[Any]) -> None:
    (handed,) = pictures.hand()
    before = length(pictures)
    said = pictures("POST", "/api/v1/answers", answer(handed, rationale={"boxes": [box]}))
    words = ("fractions from 0 to 1", "area") if len(box) == 4 and box[3] != "a" else ("[x, y, width, height]",)
    refused(pictures, said, 422, "BadRationale", "box", *words, pointer="/rationale")
    raw = json.dumps(answer(handed, rationale={"boxes": [[0, 0, float("nan"), 1]]})).encode()
    said = pictures("POST", "/api/v1/answers", raw=raw)
    refused(pictures, said, 400, "BadJson", "NaN", pointer="/rationale/boxes/0/2")
    assert length(pictures) == before
    pictures("POST", "/api/v1/return", {"queries": [handed["query"]]})


ADDRESSES = (
    "file:///etc/passwd.png",
    "FILE:/etc/passwd.png",
    "http://169.254.169.254/latest/a.png",
    "https://example.org/a.png",
    " http://10.0.0.1/a.png",
    "//10.0.0.1/a.png",
    "\\\\10.0.0.1\\share\\a.png",
    "s3://bucket/a.png",
    "gopher://10.0.0.1/a.png",
    "data:image/png;base64,a.png",
)


@pytest.mark.parametrize("address", ADDRESSES)
def test_row_64_an_address_for_a_picture(pictures: Asker, address: str) -> None:
    before = length(pictures)
    for name, content in (
        ("x.jsonl", json.dumps({"id": "n", "image": address}) + "\n"),
        ("x.json", json.dumps([{"id": 7, "data": {"image": address}}])),
        ("x.csv", f'id,image\nn,"{address}"\n'),
    ):
        said = send(pictures, name, content.encode())
        refused(pictures, said, 400, "AddressNotAllowed", "record 1", "not allowed")
        assert address.strip().encode() not in said.body
        assert b"10.0.0.1" not in said.body
    assert (length(pictures), len(pictures.server.service.project.items)) == (before, 1)


def test_row_64_a_plain_name_is_taken(pictures: Asker) -> None:
    assert send(pictures, "x.jsonl", b'{"id": "1.png", "image": "1.png"}\n').json["items"] == 1


def test_every_row_has_its_test() -> None:
    here = Path(__file__).read_text(encoding="utf-8")
    assert [row for row in range(53, 65) if f"row_{row}" not in here] == []
