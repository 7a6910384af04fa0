from __future__ import annotations

import errno
import json
from collections.abc import Iterator
from typing import Any

import pytest

from querist.core.errors import ArgumentError, DataError, ResourceError, StateError, UnknownNameError
from querist.server.problems import problem_body, problem_of
from serving import Asker, make, running

KEY = "0123abcd-0000-4000-8000-00000000000{}"


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    with running(make(tmp_path_factory.mktemp("problems") / "p")) as ask:
        yield ask


@pytest.fixture(autouse=True)
def untouched(ask: Asker) -> Iterator[None]:
    """Whatever is refused here changes nothing: the journal is as long as before."""

    def length() -> Any:
        return ask.server.service.overview.rows("SELECT count(*) FROM event WHERE stream = ? AND kind <> 'asked'")

    before = length()
    yield
    assert length() == before


@pytest.mark.parametrize(
    "raw, pointer, word",
    [
        (b'{"count": NaN}', "/count", "NaN"),
        (b'{"count": Infinity}', "/count", "Infinity"),
        (b'{"count": 1, "count": 2}', "/count", "twice"),
        (b'{"have": ' + b"[" * 33 + b"]" * 33 + b"}", None, "32 levels"),
        (b'{"count": 9223372036854775808}', "/count", "64 bits"),
        (b'{"have": ["\\ud800"]}', "/have/0", "surrogate"),
        (b'{"count": 1e999}', "/count", "too large"),
        (b"{", None, "not JSON"),
        (b"\xff", None, "UTF-8"),
        (b"[" * 100_000, None, "levels"),
    ],
)
def test_row_54_json_is_strict(ask: Asker, raw: bytes, pointer: str | None, word: str) -> None:
    said = ask("POST", "/api/v1/next", raw=raw)
    assert (said.status, said.code) == (400, "BadJson")
    assert said.json["pointer"] == pointer
    assert word in said.json["detail"]


@pytest.mark.parametrize(
    "kind", [None, "", "text/plain", "application/xml", "application/json; charset=utf-16", "application/jsonx"]
)
def test_row_53_only_json_is_taken(ask: Asker, kind: str | None) -> None:
    said = ask("POST", "/api/v1/next", raw=b'{"count": 1}', headers={"Content-Type": kind})
    assert (said.status, said.code) == (415, "BadContentType")
    assert "application/json is wanted" in said.json["detail"]
    assert (kind or "no named kind")[:20] in said.json["detail"]


def test_row_53_packed_bodies_are_not_taken(ask: Asker) -> None:
    assert ask("POST", "/api/v1/next", raw=b"x", headers={"Content-Encoding": "gzip"}).status == 415


BODIES: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "/api/v1/next", {"count": 1}),
    ("POST", "/api/v1/answers", {"key": KEY.format(1), "query": "q0", "fence": 0, "item": "i0", "kind": "skip"}),
    ("POST", "/api/v1/undo", {"key": KEY.format(2)}),
    ("POST", "/api/v1/return", {"queries": []}),
    ("POST", "/api/v1/renew", {"queries": []}),
    ("POST", "/api/v1/items/i0/take", {}),
    ("POST", "/api/v1/items/i0/flag", {"flag": True}),
    ("POST", "/api/v1/classes", {"add": "bird"}),
    ("PATCH", "/api/v1/settings", {"advance": False}),
    ("POST", "/api/v1/seeds", {"class": "cat", "text": "item"}),
    ("POST", "/api/v1/trainer", {"do": "pause"}),
    ("POST", "/api/v1/export", {"format": "csv"}),
    ("POST", "/api/v1/session/link", {}),
    ("POST", "/api/v1/session", {"token": "x"}),
]
EXTRA = (
    "role",
    "project_id",
    "annotator",
    "annotator_id",
    "user",
    "is_gold",
    "created_at",
    "lease_until",
    "password_hash",
    "counted",
    "seq",
)


@pytest.mark.parametrize("method, path, body", BODIES)
def test_row_55_no_field_can_be_slipped_in(ask: Asker, method: str, path: str, body: dict[str, Any]) -> None:
    for name in EXTRA:
        said = ask(method, path, {**body, name: "admin"})
        assert (said.status, said.code) == (422, "UnknownField"), name
        assert said.json["pointer"] == f"/{name}"
        assert name in said.json["detail"]


@pytest.mark.parametrize(
    "method, path, body, code, pointer",
    [
        ("POST", "/api/v1/next", {"count": 0}, "BadValue", "/count"),
        ("POST", "/api/v1/next", {"count": 21}, "BadValue", "/count"),
        ("POST", "/api/v1/next", {"count": "1"}, "BadValue", "/count"),
        ("POST", "/api/v1/next", {"count": True}, "BadValue", "/count"),
        ("POST", "/api/v1/next", {"have": [1]}, "BadValue", "/have/0"),
        ("POST", "/api/v1/next", [], "BadValue", ""),
        ("POST", "/api/v1/undo", {}, "MissingField", "/key"),
        ("POST", "/api/v1/undo", {"key": "x"}, "BadValue", "/key"),
        ("POST", "/api/v1/classes", {"add": "a", "merge": "b"}, "BadValue", ""),
        ("POST", "/api/v1/classes", {}, "BadValue", ""),
        ("POST", "/api/v1/classes", {"rename": "cat"}, "BadValue", ""),
        ("POST", "/api/v1/classes", {"rename": "cow", "to": "bull"}, "UnknownLabel", None),
        ("POST", "/api/v1/classes", {"add": "Cat"}, "AmbiguousClasses", None),
        ("POST", "/api/v1/classes", {"into": "0", "merge": "0", "rename": None}, "UnknownLabel", None),
        ("PATCH", "/api/v1/settings", {}, "BadValue", ""),
        ("PATCH", "/api/v1/settings", {"advance": None}, "BadValue", ""),
        ("PATCH", "/api/v1/settings", {"validation": 0.9}, "BadSetting", None),
        ("PATCH", "/api/v1/settings", {"keys": {"explode": "x"}}, "UnknownSetting", None),
        ("PATCH", "/api/v1/settings", {"encoder": "some/model"}, "UnknownField", "/encoder"),
        ("POST", "/api/v1/trainer", {"do": "explode"}, "BadValue", "/do"),
        ("POST", "/api/v1/export", {"format": "xlsx"}, "BadValue", "/format"),
        ("POST", "/api/v1/seeds", {"class": "cow", "text": "x"}, "UnknownLabel", "/class"),
        ("POST", "/api/v1/items/i0/flag", {"flag": "yes"}, "BadValue", "/flag"),
    ],
)
def test_values_are_named(ask: Asker, method: str, path: str, body: Any, code: str, pointer: str | None) -> None:
    said = ask(method, path, body)
    assert (said.status, said.code, said.json["pointer"]) == (422, code, pointer), said.body


def test_row_61_filters_are_on_a_list(ask: Asker) -> None:
    for query in ("user__password__startswith=a", "order=id", "state__in=labelled", "__class__=x"):
        said = ask("GET", f"/api/v1/items?{query}")
        assert said.status == 400
        assert query.split("=")[0] in said.json["detail"]
        assert "state, label, flag, text, sort, cursor, limit" in said.json["detail"]
    for query in ("sort=password", "state=deleted", "flag=maybe", "text="):
        assert ask("GET", f"/api/v1/items?{query}").status == 400


def test_row_62_pages_are_bounded(ask: Asker) -> None:
    for query, word in (
        ("limit=-1", "limit"),
        ("limit=1000000000", "200"),
        ("limit=x", "limit"),
        ("limit=1e3", "limit"),
        ("page=-1", "page"),
    ):
        said = ask("GET", f"/api/v1/items?{query}")
        assert said.status == 400
        assert word in said.json["detail"]
    for cursor in ("x", "AAAA", "a" * 300, "%00", "%F0%9F%98%80", "a" * 500):
        said = ask("GET", f"/api/v1/items?cursor={cursor}")
        assert said.status == 400
        assert "cursor" in said.json["detail"]


def test_row_63_an_item_of_elsewhere_is_as_absent(ask: Asker) -> None:
    bodies = set()
    for id in ("nothing", "j0", "..%2F..%2Fjournal.db", "%00", "%FF", "i0%00", "I0", "i0%20"):
        for method, tail, body in (("GET", "", None), ("GET", "/image", None)):
            said = ask(method, f"/api/v1/items/{id}{tail}", body)
            assert said.status == 404, (id, said.body)
            bodies.add(said.body)
    assert len(bodies) == 1


def test_what_is_not_there_is_said_in_the_same_shape(ask: Asker) -> None:
    assert ask("GET", "/nothing").code == "NotFound"
    assert ask("DELETE", "/api/v1/project").code == "BadMethod"


def test_a_fault_of_ours_names_no_data(ask: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken() -> dict[str, Any]:
        raise RuntimeError("secret text")

    monkeypatch.setattr(ask.server.service, "project_now", broken)
    said = ask("GET", "/api/v1/project")
    assert (said.status, said.code) == (500, "Fault")
    assert b"secret" not in said.body


def test_a_full_disk_anywhere_is_507_and_another_fault_of_the_disk_is_ours(
    ask: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = OSError(errno.ENOSPC, "No space left on device", "/a/path")

    async def broken() -> dict[str, Any]:
        raise error

    monkeypatch.setattr(ask.server.service, "project_now", broken)
    said = ask("GET", "/api/v1/project")
    assert (said.status, said.code) == (507, "DiskFull")
    assert "retry-after" in {name.lower() for name in said.headers}
    assert b"/a/path" not in said.body
    error.errno = errno.EIO
    assert ask("GET", "/api/v1/project").code == "Fault"


def test_named_errors_have_a_status() -> None:
    cases = [
        (StateError("x", code="NotLeased"), 409),
        (StateError("x", code="NothingToUndo"), 409),
        (ArgumentError("x", code="KeyReused"), 422),
        (UnknownNameError("x", code="UnknownItem"), 404),
        (UnknownNameError("x", code="UnknownLabel"), 422),
        (DataError("x", code="BadSpan"), 422),
        (ResourceError("x", code="DiskFull"), 507),
        (ResourceError("x", code="Overload"), 503),
    ]
    for error, status in cases:
        problem = problem_of(error)
        assert (problem.status_code, problem.code) == (status, error.code)
        assert ("Retry-After" in (problem.headers or {})) == (status in (503, 507))


def test_the_field_is_pointed_at_and_an_unknown_item_is_nobodys() -> None:
    assert problem_of(DataError("x", code="BadSpan"), "/value").pointer == "/value"
    said = problem_of(
        UnknownNameError("unknown item 'a' in items.db; ids look like 'secret'", code="UnknownItem"), "/x"
    )
    assert (said.status_code, said.detail, said.pointer) == (404, "there is no such item", None)


def test_half_a_surrogate_cannot_break_the_answer() -> None:
    assert json.loads(problem_body(400, "X", "a\ud800"))["detail"] == "a?"
