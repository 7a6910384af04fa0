from __future__ import annotations

import pytest

from querist.server.problems import Problem
from querist.server.routes.kit import item_path


@pytest.mark.parametrize(
    "sent, id", [("a", "a"), ("a%2Fb", "a/b"), ("%25", "%"), ("%C3%A9", "é"), ("a+b", "a+b"), ("%", "%")]
)
def test_ids_are_decoded_once(sent: str, id: str) -> None:
    assert item_path(sent) == id


def test_what_is_no_text_is_not_there() -> None:
    with pytest.raises(Problem) as caught:
        item_path("%FF")
    assert caught.value.status_code == 404
