from __future__ import annotations

import asyncio
import json
import threading

import pytest

from querist.server.stream import Hub, Listener


async def first(listener: Listener, count: int, heartbeat: float = 5.0) -> list[bytes]:
    out: list[bytes] = []
    async for line in listener.lines(heartbeat):
        out.append(line)
        if len(out) == count:
            break
    return out


def test_everybody_hears_in_order() -> None:
    async def run() -> None:
        hub = Hub()
        hub.bind()
        one, two = hub.open(), hub.open()
        assert one is not None
        assert two is not None
        hub.send("queue", {"left": 3})
        hub.send("model", {"round": 1, "text": "a\nb"})
        heard = await first(one, 3)
        assert heard[0].startswith(b"retry: ")
        assert heard[1] == b'id: 1\nevent: queue\ndata: {"left": 3}\n\n'
        assert heard[2].startswith(b"id: 2\nevent: model\ndata: ")
        assert json.loads(heard[2].split(b"data: ")[1]) == {"round": 1, "text": "a\nb"}
        assert heard[2].count(b"\n") == 4  # a line end inside the data cannot end the event
        assert await first(two, 3) == heard

    asyncio.run(run())


def test_of_what_replaces_each_other_the_newest_is_told() -> None:
    async def run() -> list[int]:
        hub = Hub()
        hub.bind()
        listener = hub.open()
        assert listener is not None

        async def count() -> None:
            for number in range(50):
                hub.newest("queue", {"labelled": number})
                await asyncio.sleep(0.004)

        counting = asyncio.create_task(count())
        heard: list[int] = []
        async for line in listener.lines():
            if b"data: " in line:
                heard.append(json.loads(line.split(b"data: ")[1])["labelled"])
            if heard[-1:] == [49]:
                break
        await counting
        return heard

    heard = asyncio.run(run())
    assert heard[0] < 5, "the first is told at once"
    assert heard == sorted(set(heard))
    assert len(heard) < 12, "of fifty in a fifth of a second most are left out"


def test_silence_is_broken_by_a_beat() -> None:
    async def run() -> None:
        hub = Hub()
        listener = hub.open()
        assert listener is not None
        assert (await first(listener, 3, heartbeat=0.01))[1:] == [b": beat\n\n"] * 2

    asyncio.run(run())


def test_a_slow_listener_is_dropped_and_the_others_are_not() -> None:
    async def run() -> None:
        hub = Hub()
        hub.bind()
        slow, quick = hub.open(), hub.open()
        assert slow is not None
        assert quick is not None
        lines = quick.lines()
        await anext(lines)
        for number in range(100):
            hub.send("queue", {"left": number})
            await anext(lines)
        assert slow.dropped
        assert not quick.dropped
        assert len(hub) == 1
        assert [line async for line in slow.lines()][1:] == []

    asyncio.run(run())


def test_listeners_are_bounded_and_leave() -> None:
    hub = Hub(most=2)
    one, _ = hub.open(), hub.open()
    assert one is not None
    assert hub.open() is None
    hub.leave(one)
    assert hub.open() is not None


def test_other_threads_may_speak() -> None:
    async def run() -> None:
        hub = Hub()
        hub.bind()
        listener = hub.open()
        assert listener is not None
        thread = threading.Thread(target=hub.send, args=("panel", {"notes": 1}))
        thread.start()
        assert b"event: panel" in (await first(listener, 2))[1]
        thread.join()

    asyncio.run(run())


def test_closing_ends_all_streams() -> None:
    async def run() -> None:
        hub = Hub()
        hub.bind()
        listener = hub.open()
        assert listener is not None
        hub.close()
        assert len([line async for line in listener.lines()]) == 1
        assert hub.open() is None

    asyncio.run(run())


def test_speaking_to_nobody_is_no_fault() -> None:
    hub = Hub()
    hub.send("queue", {})

    async def run() -> None:
        hub.bind()

    asyncio.run(run())
    hub.send("queue", {})  # the loop has ended


def test_what_is_no_event_is_refused() -> None:
    hub = Hub()
    with pytest.raises(ValueError, match="model, panel"):
        hub.send("other", {})
