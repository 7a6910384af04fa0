"""Looking up the truth, and prices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from querist.annotation.truth import check_price, check_truth, price_of, true_label
from querist.core.errors import ArgumentError, ArgumentTypeError, UnknownNameError


@pytest.mark.parametrize(
    "given, wanted",
    [
        ("cat", "cat"),
        (np.str_("cat"), "cat"),
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        (True, True),
        (None, None),
        (["cat", "dog"], ["cat", "dog"]),
        (("cat",), ["cat"]),
        ({"dog", "cat"}, ["cat", "dog"]),
        (np.array(["cat", "dog"]), ["cat", "dog"]),
        ({"cat": np.float64(0.25), "dog": 0.75}, {"cat": 0.25, "dog": 0.75}),
        ([(np.int64(0), 2, "person"), [3, 4, "place"]], [[0, 2, "person"], [3, 4, "place"]]),
    ],
)
def test_labels_become_plain_python(given: Any, wanted: Any) -> None:
    found = true_label({"a": given}, "a", "truth")
    assert found == wanted
    assert type(found) is type(wanted)
    assert true_label(lambda item: given, "a", "truth") == wanted


def test_an_unknown_item_is_named_with_the_nearest() -> None:
    with pytest.raises(
        UnknownNameError, match=r"'truth' does not know item 'image_1': .* did you mean 'image_10'\?"
    ) as e:
        true_label({"image_10": "cat", "other": "dog"}, "image_1", "truth")
    assert e.value.code == "UnknownItem"
    with pytest.raises(UnknownNameError, match="it knows 1 items"):
        true_label({"qqq": "cat"}, "image_1", "truth")


def test_a_label_that_is_none() -> None:
    with pytest.raises(ArgumentTypeError, match="got object"):
        true_label(lambda item: object(), "a", "truth")  # type: ignore[arg-type, return-value]


def test_truth_is_a_mapping_or_a_function() -> None:
    check_truth({})
    check_truth(str)
    with pytest.raises(ArgumentTypeError, match="got list") as caught:
        check_truth([1, 2])
    assert caught.value.code == "BadTruth"


def test_prices() -> None:
    assert price_of(check_price(2), "a", "x") == 2.0
    assert price_of(check_price({"a": 0.5}), "a", "x") == 0.5
    with pytest.raises(UnknownNameError, match="no price for item 'b'"):
        price_of({"a": 0.5}, "b", "x")


@pytest.mark.parametrize("cost", [-1, float("nan"), float("inf"), {"a": -1.0}])
def test_prices_out_of_range(cost: Any) -> None:
    with pytest.raises(ArgumentError, match="cost") as caught:
        check_price(cost)
    assert caught.value.code == "BadCost"


@pytest.mark.parametrize("cost", ["1", None, True, {"a": "1"}])
def test_prices_of_another_kind(cost: Any) -> None:
    with pytest.raises(ArgumentTypeError, match="cost"):
        check_price(cost)


def test_what_is_no_span_is_named() -> None:
    for bad in ([[0, 2]], [["a", 2, "person"]], [[0, 2, "person"], "place"]):
        with pytest.raises(ArgumentTypeError, match="a span is") as error:
            true_label({"a": bad}, "a", "truth")
        assert error.value.code == "BadTruth"
