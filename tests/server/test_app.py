from __future__ import annotations

import asyncio
from typing import Any

from querist.server.app import RawItemPaths


def passed(path: str, raw: bytes) -> str:
    seen: list[str] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["path"])

    async def nothing(*_: Any) -> Any:
        return None

    asyncio.run(RawItemPaths(inner)({"type": "http", "path": path, "raw_path": raw}, nothing, nothing))
    return seen[0]


def test_only_items_are_routed_as_they_were_sent() -> None:
    assert passed("/api/v1/items/a/b", b"/api/v1/items/a%2Fb") == "/api/v1/items/a%2Fb"
    assert passed("/static/a b", b"/static/a%20b") == "/static/a b"
    assert passed("/api/v1/items", b"/api/v1/items") == "/api/v1/items"
