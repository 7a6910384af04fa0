"""Lines of labelled places against plain scans over all rows."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.strategies.kernels.bisection import Line, order_by_class


def scan_middle(known: list[int]) -> tuple[int, int] | None:
    """``known`` is -1 (unlabelled), 0 or 1 by place."""
    best: tuple[int, int] | None = None
    last = None
    for place, side in enumerate(known):
        if side < 0:
            continue
        if last is not None and known[last] != side and place - last > 1:
            length = place - last - 1
            if best is None or length < best[1]:
                best = ((last + place) // 2, length)
        last = place
    return best


def scan_beside(known: list[int]) -> int | None:
    """Least distance of an unlabelled place to a change of side between neighbouring places."""
    found = []
    for place in range(len(known) - 1):
        if known[place] >= 0 and known[place + 1] >= 0 and known[place] != known[place + 1]:
            for other, side in enumerate(known):
                if side < 0:
                    found.append(place - other if other < place else other - place - 1)
    return min(found, default=None)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([-1, -1, 0, 1]), min_size=2, max_size=25), st.data())
def test_against_scans(known: list[int], data: st.DataObject) -> None:
    order = np.array(data.draw(st.permutations(range(len(known)))), dtype=np.int32)
    places = np.flatnonzero(np.array(known) >= 0)
    line = Line(order, order[places].astype(np.int64), np.array([known[p] == 1 for p in places], dtype=bool))
    for _ in range(len(known)):
        middle, beside = scan_middle(known), scan_beside(known)
        got = line.middle()
        assert (got is None) == (middle is None)
        if got is not None and middle is not None:
            assert got == (int(order[middle[0]]), middle[1])
        near = line.beside()
        # the scan looks across stretches without labels, the line to the ends of a run: the nearest is the same
        assert (None if near is None else near[1]) == beside
        free = [p for p, side in enumerate(known) if side < 0]
        if not free:
            break
        place = data.draw(st.sampled_from(free))
        known[place] = data.draw(st.integers(0, 1))
        line.add(int(order[place]), known[place] == 1)


def test_order() -> None:
    p = np.array([[0.5, 0.3, 0.2], [0.1, 0.8, 0.1], [0.7, 0.2, 0.1], [0.3, 0.4, 0.3], [0.5, 0.3, 0.2]])
    keys = np.array([9, 1, 1, 1, 2], dtype=np.uint64)
    assert order_by_class(p[:, 0], p.max(axis=1), keys).tolist() == [2, 4, 0, 3, 1]
    assert order_by_class(p[:, 1], p.max(axis=1), keys).tolist() == [1, 3, 4, 0, 2]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([-1, -1, 0, 1]), min_size=1, max_size=25))
def test_thresholds_against_scans(known: list[int]) -> None:
    side = np.array(known)
    places = np.flatnonzero(side >= 0)
    line = Line(np.arange(len(known), dtype=np.int32), places, side[places] == 1)
    right = [int((side[:h] == 1).sum() + (side[h:] == 0).sum()) for h in range(len(known) + 1)]
    assert line.threshold() == int(np.argmax(right))
    start = 0
    for place, value in enumerate(known):
        if value == 0:
            break
        if value == 1:
            start = place
    stop = len(known) - 1
    for place in range(len(known) - 1, -1, -1):
        if known[place] == 1:
            break
        if known[place] == 0:
            stop = place
    assert line.uncertain() == (start, stop)


def test_around() -> None:
    line = Line(np.arange(8, dtype=np.int32), np.zeros(0, dtype=np.int64), np.zeros(0, dtype=bool))
    free = np.ones(8, dtype=bool)
    free[2] = False
    assert line.around(4, free, 4) == [3, 4, 1, 5]
    assert line.around(1, free, 5) == [0, 1, 3, 4, 5]
    assert line.around(0, free, 9) == [0, 1, 3, 4, 5, 6, 7]
