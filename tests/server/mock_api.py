"""A stand-in for the server, in memory: the HTTP API of docs/decisions/0010-live-loop.md, for the page and its tests.

Run it to look at the page: ``python tests/server/mock_api.py --task spans --port 8500``. Switches: `Mock.delay` (seconds
before each answer), `Mock.failing` (a status that every post gets), `Mock.lose` (answers that are kept but whose
reply is lost).
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import random
import re
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from querist.server.panel_page import panel_page
from querist.server.templates import filled

SERVER = Path(__file__).resolve().parents[2] / "src" / "querist" / "server"
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".html": "text/html; charset=utf-8"}
CLASSES = {
    "single": ["complaint", "praise", "question", "other"],
    "multi": ["price", "delivery", "quality", "service"],
    "spans": ["person", "place", "organisation", "date"],
    "number": [],
}
Json = dict[str, Any]


def texts(count: int) -> list[str]:
    """Generated sentences; the last few carry what must stay inert."""
    rng = random.Random(7)
    who = ["Ada Byron", "Karl Gauß", "Mira Okafor", "Li Wei", "Zoë Álvarez"]
    did = ["wrote to", "waited for", "praised", "asked about", "complained about"]
    what = ["the delivery from Lyon", "a broken lamp", "the invoice of 3 May", "the kind service", "the price 💶"]
    end = ["twice.", "on Monday.", "without an answer.", "and was pleased.", "in Kraków."]
    return [f"{rng.choice(who)} {rng.choice(did)} {rng.choice(what)} {rng.choice(end)}" for _ in range(count)]


def digits(count: int) -> list[bytes]:
    """Pictures of scikit-learn's digits as PNG."""
    from PIL import Image
    from sklearn.datasets import load_digits

    out = []
    for picture in load_digits().images[:count]:
        file = io.BytesIO()
        Image.fromarray((255 - picture * 15.9).astype("uint8")).save(file, "PNG")
        out.append(file.getvalue())
    return out


class Refused(Exception):
    """A problem to be sent."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status, self.code = status, code


class Mock:
    """State of a project and its switches."""

    def __init__(self, task: str = "single", modality: str = "text", items: int = 300, **project: Any) -> None:
        self.task, self.modality = task, modality
        self.pictures = digits(items) if modality == "image" else []
        self.ids = [f"item-{k:04d}" for k in range(items)]
        self.texts = texts(items) if modality == "text" else []
        self.classes = list(map(str, range(10))) if modality == "image" else list(CLASSES[task])
        self.project = project
        self.settings: Json = {
            "strategy": "auto", "suggestions": "after", "advance": True, "profile": "querist", "keys": {},
            "class_keys": {}, "validation": 0.1, "control": 0.05,
        }  # fmt: skip
        self.renames: list[tuple[str, str]] = []
        self.guideline = (
            "# What counts\n\nA **complaint** asks for a remedy.\n\n- one item, one answer\n- skip what is cut off"
        )
        self.leases: dict[str, tuple[str, int]] = {}
        self.answers: dict[str, Json] = {}
        self.told: list[Json] = []
        self.replies: dict[str, tuple[Json, Json]] = {}
        self.flags: dict[str, bool] = {}
        self.posts: list[Json] = []
        self.round = 0
        self.delay, self.failing, self.lose, self.logged_in = 0.0, 0, 0, True
        self.fence = 0
        self.version = 0
        self.lock = threading.Lock()
        self.calls: list[tuple[str, str]] = []

    def item(self, item: str) -> Json:
        """ITEM of the contract."""
        k = self.ids.index(item)
        image = f"/api/v1/items/{item}/image" if self.pictures else None
        fields = {"age": 20 + k % 50, "city": "Kraków", "income": 1000 + 37 * k} if self.modality == "table" else None
        text = self.texts[k] if self.texts else None
        side = 8 if self.pictures else None
        return {"id": item, "text": text, "image": image, "width": side, "height": side, "fields": fields}

    def guess(self, item: str) -> list[list[Any]] | None:
        """A made-up guess once there is a model."""
        if not self.round:
            return None
        if self.task == "number":
            return [["3.5", None]]
        if self.task == "spans":
            return [["“Ada” person", None]]
        k = self.ids.index(item) % len(self.classes)
        rest = [name for name in self.classes if name != self.classes[k]]
        return [[self.classes[k], 0.62], *([name, round(0.38 / len(rest), 2)] for name in rest[:3])]

    def handed(self, item: str, role: str = "queue") -> Json:
        """HANDED of the contract, with a new lease."""
        self.fence += 1
        query = f"q{self.fence}"
        self.leases[query] = (item, self.fence)
        reason = (
            "The model wavers between complaint (0.48) and praise (0.45)." if self.round else "Unlike what is labelled."
        )
        previous = self.answers.get(item)
        return {
            "query": query, "fence": self.fence, "item": self.item(item), "role": role, "reason": reason, "score": 0.5,
            "until": time.time() + 900, "suggestion": self.guess(item), "previous": previous,
            "flag": self.flags.get(item, False),
        }  # fmt: skip

    def free(self) -> Iterator[str]:
        """Items that nobody has answered or holds."""
        held = {item for item, _ in self.leases.values()}
        return (item for item in self.ids if item not in self.answers and item not in held)

    def next(self, body: Json) -> Json:
        """POST next."""
        found = [self.handed(item) for item, _ in zip(self.free(), range(body["count"]), strict=False)]
        left = sum(1 for _ in self.free())
        why = None if found else ("exhausted" if len(self.answers) == len(self.ids) else "all handed out")
        return {"items": found, "left": left, "why": why}

    def answer(self, body: Json) -> Json:
        """POST answers: once for a key."""
        self.posts.append(body)
        if body["key"] in self.replies:
            first, reply = self.replies[body["key"]]
            if first != body:
                raise Refused(422, "KeyReused", "this key was used for another answer")
            return reply
        lease = self.leases.get(body["query"])
        if lease != (body["item"], body["fence"]):
            raise Refused(409, "NotLeased", f"item {body['item']} is not handed out to you; take it again")
        if self.task == "single" and body["kind"] == "label" and body["value"] not in self.classes:
            raise Refused(422, "UnknownLabel", f"there is no class {body['value']!r}")
        del self.leases[body["query"]]
        self.answers[body["item"]] = {key: body.get(key) for key in ("kind", "value", "rationale", "note", "weight")}
        self.told.append(body)
        if self.count("label") >= 5:
            self.round += 1
        self.version += 1
        reply = {"counted": True, "seq": len(self.told), "item": body["item"], "state": "labelled"}
        reply["labelled"] = self.count("label") + self.count("distribution")
        self.replies[body["key"]] = (body, reply)
        return reply

    def undo(self, body: Json) -> Json:
        """POST undo: the answer that is named or the last, once for a key."""
        if body["key"] in self.replies:
            return self.replies[body["key"]][1]
        named = body.get("query")
        live = [one for one in self.told if one["item"] in self.answers and named in (None, one["query"])]
        if not live:
            raise Refused(409, "NothingToUndo", "there is no answer to undo")
        last = live[-1]
        handed = self.handed(last["item"], "again")
        del self.answers[last["item"]]
        self.told.remove(last)
        self.replies[body["key"]] = (body, {"handed": handed})
        return {"handed": handed}

    def count(self, kind: str) -> int:
        """Answers of a kind."""
        return sum(1 for one in self.answers.values() if one["kind"] == kind)

    def classes_changed(self, body: Json) -> Json:
        """POST classes."""
        if "add" in body:
            if body["add"] in self.classes:
                raise Refused(422, "AmbiguousClasses", f"class {body['add']!r} is there already")
            self.classes.append(body["add"])
        elif "rename" in body:
            self.classes[self.classes.index(body["rename"])] = body["to"]
            self.renames.append((body["rename"], body["to"]))
            for one in self.answers.values():
                one["value"] = body["to"] if one["value"] == body["rename"] else one["value"]
        else:
            self.classes.remove(body["merge"])
            self.renames.append((body["merge"], body["into"]))
        self.version += 1
        return {}

    def about(self) -> Json:
        """GET project."""
        counts = {name: sum(1 for one in self.answers.values() if one["value"] == name) for name in self.classes}
        model = {"round": self.round, "labels": self.count("label"), "at": time.time()} if self.round else None
        return {
            "id": "0123456789abcdef", "name": "letters", "task": self.task, "modality": self.modality,
            "classes": [
                {"name": name, "key": self.settings["class_keys"].get(name), "count": counts[name]}
                for name in self.classes
            ],
            "renames": self.renames,
            "number": {"low": 1, "high": 5, "step": 1} if self.task == "number" else None,
            "guideline": self.guideline, "settings": self.settings, "items": len(self.ids),
            "labelled": self.count("label") + self.count("distribution"), "skipped": self.count("skip"),
            "rejected": self.count("reject"), "flagged": sum(self.flags.values()),
            "encoder": {"name": "hashed_text", "done": len(self.ids), "of": len(self.ids)},
            "trainer": {"state": "idle", "reason": None}, "model": model, "version": "0.1.0", **self.project,
        }  # fmt: skip

    def panel(self) -> Json:
        """GET panel: a made-up curve."""
        values = (0.42, 0.55, 0.61, 0.7, 0.72, 0.78, 0.81, 0.82, 0.85, 0.86, 0.87, 0.87)
        curve = []
        for n, a in zip(range(10, 130, 10), values, strict=True):
            room = 0.3 / (1 + n / 30)
            curve.append({"labels": n, "accuracy": a, "low": a - room, "high": min(1, a + room), "n": n // 8 + 4})
        watched = [{"labels": 10 * k, "value": v} for k, v in enumerate((0.4, 0.5, 0.6, 0.75, 0.82, 0.9, 0.94), 1)]
        return {
            "classes": [{"name": name, "count": 31 - 7 * k} for k, name in enumerate(self.classes[:5])], "curve": curve,
            "saved": {"asked": 80, "random": 131, "text": "Random answers would have needed about 131 labels."},
            "agreement": [{"labels": 60, "kappa": 0.71}, {"labels": 120, "kappa": 0.78}],
            "cost": {"answers": 120, "seconds": 840, "per_hour": 514},
            "advice": {
                "stop": False, "rule": "stabilising predictions", "history": watched,
                "text": "The model still changes its mind on 6 of 100 items a round.",
                "hour": "about 510 labels, and 1 to 3 points of accuracy",
            },
            "notes": ["Class “other” has 10 labels only; seeds on the settings page help."],
        }  # fmt: skip

    def rows(self, query: Json) -> Json:
        """GET items."""
        kinds = {"label": "labelled", "distribution": "labelled", "skip": "skipped", "reject": "rejected"}
        out = []
        for item in self.ids:
            answer = self.answers.get(item)
            state = kinds[answer["kind"]] if answer else "unlabelled"
            guess = next(iter(self.guess(item) or []), None)
            row = {**self.item(item), "state": state, "value": answer and answer["value"], "by": "me" if answer else None,
                   "at": 1.8e9 if answer else None, "guess": guess, "flag": self.flags.get(item, False)}  # fmt: skip
            if query.get("state", state) != state or query.get("text", "").lower() not in (row["text"] or item).lower():
                continue
            if "flag" in query and (query["flag"] == "true") != row["flag"]:
                continue
            if query.get("label", row["value"]) != row["value"]:
                continue
            out.append(row)
        start, limit = int(query.get("cursor", 0)), int(query.get("limit", 50))
        return {"items": out[start : start + limit], "next": str(start + limit) if start + limit < len(out) else None}

    def history(self, item: str) -> Json:
        """GET one item."""
        row = next(one for one in self.rows({"limit": len(self.ids)})["items"] if one["id"] == item)
        events = [{"kind": "told", "at": 1.8e9, "user": "me", "value": one["value"], "note": one["note"]}
                  for one in self.told if one["item"] == item]  # fmt: skip
        return {**row, "history": events}

    def take(self, item: str) -> Json:
        """POST take."""
        return self.handed(item, "picked")

    def give_back(self, body: Json) -> Json:
        """POST return."""
        for query in body["queries"]:
            self.leases.pop(query, None)
        return {}

    def renew(self, body: Json) -> Json:
        """POST renew."""
        return {"until": time.time() + 900, "lost": [query for query in body["queries"] if query not in self.leases]}

    def flag(self, item: str, body: Json) -> Json:
        """POST flag."""
        self.flags[item] = body["flag"]
        return {}

    def set(self, body: Json) -> Json:
        """PATCH settings."""
        self.guideline = body.pop("guideline", self.guideline)
        self.settings.update(body)
        self.version += 1
        return {}

    def session(self, body: Json) -> Json:
        """POST session."""
        if body["token"] != "good":
            raise Refused(401, "BadLink", "this link was used already or is too old")
        self.logged_in = True
        return {"user": "me"}

    def do(self, method: str, path: str, body: Json, query: Json) -> Any:
        """One call of the API."""
        posts: dict[str, Callable[[Json], Json]] = {
            "/session": self.session, "/next": self.next, "/answers": self.answer, "/undo": self.undo,
            "/return": self.give_back, "/classes": self.classes_changed,
            "/renew": self.renew, "/seeds": lambda _: {"items": 12}, "/trainer": lambda _: {},
        }  # fmt: skip
        if method == "POST" and path in posts:
            return posts[path](body)
        if found := re.fullmatch(r"/items/([^/]+)(?:/(take|flag))?", path):
            item, verb = found[1], found[2]
            if item not in self.ids:
                raise Refused(404, "UnknownItem", "no such item")
            return self.take(item) if verb == "take" else self.flag(item, body) if verb else self.history(item)
        gets: dict[str, Callable[[], Any]] = {
            "/project": self.about, "/panel": self.panel, "/items": lambda: self.rows(query),
            "/strategies": lambda: [{"name": "auto", "about": "typical, then doubtful"}, {"name": "margin", "about": ""}],
        }  # fmt: skip
        if method == "GET" and path in gets:
            return gets[path]()
        if (method, path) == ("PATCH", "/settings"):
            return self.set(body)
        if (method, path) == ("DELETE", "/session"):
            self.logged_in = False
            return {}
        raise Refused(404, "NotFound", "no such address")


def application(mock: Mock) -> Starlette:
    """The mock as an ASGI application, with the pages and the strict policy."""

    async def api(request: Request) -> Response:
        path = request.url.path.removeprefix("/api/v1")
        mock.calls.append((request.method, path))
        await asyncio.sleep(mock.delay)
        if mock.failing and request.method == "POST":
            return JSONResponse({"detail": "the disk is full", "code": "OutOfSpace"}, status_code=mock.failing)
        if not mock.logged_in and path != "/session":
            return JSONResponse({"detail": "log in first", "code": "NoSession"}, status_code=401)
        try:
            body = json.loads(await request.body() or b"{}")
        except ClientDisconnect:
            return Response(status_code=400)
        try:
            with mock.lock:
                if path == "/export":
                    lines = "".join(json.dumps({"item": key, **one}) + "\n" for key, one in mock.answers.items())
                    name = f'attachment; filename="letters.{body["format"]}"'
                    return Response(lines, headers={"Content-Disposition": name}, media_type="application/octet-stream")
                out = mock.do(request.method, path, body, dict(request.query_params))
        except Refused as refused:
            problem = {"type": "about:blank", "title": refused.code, "status": refused.status, "detail": str(refused)}
            return JSONResponse({**problem, "code": refused.code}, status_code=refused.status)
        if mock.lose and path == "/answers":
            mock.lose -= 1
            return Response("gateway", status_code=502)
        return JSONResponse(out)

    async def image(request: Request) -> Response:
        item = request.path_params["item"]
        mock.calls.append(("GET", f"/items/{item}/image"))
        return Response(mock.pictures[mock.ids.index(item)], media_type="image/png")

    async def events(_: Request) -> Response:
        async def stream() -> Any:
            seen = -1
            while True:
                if mock.version != seen:
                    seen = mock.version
                    yield f"id: {seen}\nevent: model\ndata: {{}}\n\n"
                await asyncio.sleep(0.1)

        return StreamingResponse(stream(), media_type="text/event-stream")

    def shell(page: str) -> Callable[[Request], Awaitable[Response]]:
        async def serve(_: Request) -> Response:
            return Response(filled("page.html", name=page), media_type=TYPES[".html"])

        return serve

    async def panel(_: Request) -> Response:
        if not mock.logged_in:
            return RedirectResponse("/open?next=/panel", 303)
        with mock.lock:
            page, project = panel_page(mock.panel(), mock.task), mock.about()["name"]
        return Response(filled("panel.html", name="panel", project=project, page=page), media_type=TYPES[".html"])

    async def static(request: Request) -> Response:
        file = SERVER / "static" / Path(request.path_params["name"]).name
        return Response(file.read_bytes(), media_type=TYPES[file.suffix])

    async def policy(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        reply = await call_next(request)
        reply.headers["Content-Security-Policy"] = CSP
        reply.headers["X-Content-Type-Options"] = "nosniff"
        reply.headers["Referrer-Policy"] = "no-referrer"
        return reply

    pages = {"/": "label", "/items": "items", "/settings": "settings", "/open": "open"}
    routes = [Route("/panel", panel), *(Route(path, shell(page)) for path, page in pages.items())]
    routes += [
        Route("/static/{name}", static),
        Route("/api/v1/events", events),
        Route("/api/v1/items/{item}/image", image),
        Route("/api/v1/{rest:path}", api, methods=["GET", "POST", "PATCH", "DELETE"]),
    ]
    app = Starlette(routes=routes)
    app.add_middleware(BaseHTTPMiddleware, dispatch=policy)
    return app


@contextmanager
def served(mock: Mock, port: int = 0) -> Iterator[str]:
    """Serve a mock on loopback in a thread; the address."""
    config = uvicorn.Config(
        application(mock),
        host="127.0.0.1",
        port=port,
        log_level="critical",
        timeout_graceful_shutdown=1,
        lifespan="off",
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--task", default="single", choices=list(CLASSES))
    parser.add_argument("--modality", default="text", choices=["text", "image", "table"])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--delay", type=float, default=0.0)
    options = parser.parse_args()
    made = Mock(options.task, options.modality)
    made.delay = options.delay
    with served(made, options.port) as address:
        print(address)
        threading.Event().wait()
