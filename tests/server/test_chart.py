from __future__ import annotations

import re

import pytest

from querist.server.chart import HEIGHT, WIDTH, Chart, Dot, draw, rounded, short, ticks


def drawn(*dots: Dot, **more: object) -> Chart:
    return draw("c", "Accuracy by number of labels", dots, **more)  # type: ignore[arg-type]


def test_round_values_on_an_axis() -> None:
    assert ticks(0, 1) == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1])
    assert ticks(10, 120) == [50, 100]
    assert ticks(5, 66, 3) == [20, 40, 60]
    assert ticks(3, 3) == [3]
    assert ticks(-1, 1) == pytest.approx([-1, -0.5, 0, 0.5, 1])
    assert ticks(0, 1e-9)[0] == 0


@pytest.mark.parametrize(
    "value, wanted",
    [(0.5, "0.5"), (1.0, "1"), (1234.5, "1230"), (1.5e-7, "0.00000015"), (-0.0, "0"), (-2.346, "-2.35")],
)
def test_three_digits_and_no_power_of_ten(value: float, wanted: str) -> None:
    assert short(value) == wanted


def test_a_half_goes_up() -> None:
    assert [rounded(v) for v in (0.5, 1.5, 2.5, -0.5, 86.49)] == [1, 2, 3, 0, 86]


def test_a_line_of_points_with_its_band_and_its_table() -> None:
    it = drawn(Dot(10, 0.0, 0.0, 0.5), Dot(20, 0.5, 0.25, 0.75), Dot(30, 1.0, 0.5, 1.0), percent=True, high=1.0)
    assert (it.box, WIDTH, HEIGHT) == ("0 0 640 180", 640, 180)
    assert it.line == "0.0,180.0 320.0,90.0 640.0,0.0"
    assert it.band == "0.0,90.0 320.0,45.0 640.0,0.0 640.0,90.0 320.0,135.0 0.0,180.0"
    assert it.newest == ("100.00%", "0.00%")
    assert it.whisker is None
    assert it.label == "Accuracy by number of labels; newest 100 %"
    assert [(m.at, m.text) for m in it.up][:2] == [("100.00%", "0 %"), ("80.00%", "20 %")]
    assert [(m.at, m.text, m.anchor) for m in it.across][::4] == [
        ("0.00%", "10", "middle"),
        ("100.00%", "30", "end"),
    ]
    assert [(r.x, r.value, r.interval) for r in it.rows][1] == ("20", "50 %", "25 % to 75 %")


def test_one_point_stands_in_the_middle_with_its_interval() -> None:
    it = drawn(Dot(7, 0.5, 0.25, 0.75), percent=True, high=1.0)
    assert it.newest == ("50.00%", "50.00%")
    assert it.whisker == ("25.00%", "75.00%")
    assert [(m.at, m.text) for m in it.across] == [("50.00%", "7")]
    bare = drawn(Dot(7, 0.5))
    assert (bare.whisker, bare.band, bare.rows[0].interval) == (None, "", "–")


def test_what_lies_beyond_the_ends_moves_them() -> None:
    it = drawn(Dot(1, -0.5), Dot(2, 2.0), high=1.0)
    assert it.line == "0.0,180.0 640.0,0.0"
    assert [m.text for m in it.up] == ["-0.5", "0", "0.5", "1", "1.5", "2"]


def test_all_at_nought_is_a_flat_line() -> None:
    it = drawn(Dot(1, 0.0), Dot(2, 0.0))
    assert it.line == "0.0,180.0 640.0,180.0"
    assert len(it.up) >= 1


def test_many_points_keep_in_the_box_and_few_numbers_stand_below() -> None:
    for last in (200, 250_000):
        dots = [Dot(1 + k * last / 199, k / 199, k / 250, min(1.0, k / 150)) for k in range(200)]
        it = drawn(*dots, percent=True, high=1.0)
        assert len(it.rows) == len(it.line.split()) == 200
        assert len(it.band.split()) == 400
        for x, y in re.findall(r"([\d.-]+),([\d.-]+)", it.line + " " + it.band):
            assert -0.05 <= float(x) <= WIDTH
            assert -0.05 <= float(y) <= HEIGHT
        assert 2 <= len(it.across) <= (6 if last < 10_000 else 4)
