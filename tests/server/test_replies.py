"""What was said to a key is said again, and a key that comes with another post is refused."""

from __future__ import annotations

import sqlite3

import pytest

from querist.core.errors import ArgumentError
from querist.server.replies import digest_of, keep, repeated


def test_a_key_has_one_post_and_one_reply() -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE reply (person, key, body, status, text, at)")
    first, other = digest_of("undo", "q1", "tab"), digest_of("undo", "q1", "another tab")
    assert first != other != digest_of("classes", "q1", "another tab")
    assert repeated(connection, "me", "k", first) is None
    keep(connection, "me", "k", first, {"item": "i1"}, 1e6)
    assert repeated(connection, "me", "k", first) == {"item": "i1"}
    assert repeated(connection, "you", "k", first) is None
    with pytest.raises(ArgumentError, match="'k' came with another post at 1970-01-12 13:46:40 UTC") as caught:
        repeated(connection, "me", "k", other)
    assert caught.value.code == "KeyReused"
