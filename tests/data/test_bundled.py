"""The data sets of scikit-learn as sources."""

from __future__ import annotations

import numpy as np
import pytest

from querist.core.errors import QueristWarning, UnknownNameError
from querist.data.bundled import bundled_source


def test_digits_are_images_from_0_to_1() -> None:
    source = bundled_source("digits")
    batch = source.take(slice(0, 3))
    assert len(source) == 1797
    assert (batch.shape, batch.dtype, source.modality) == ((3, 8, 8), np.dtype("float32"), "image")
    assert float(source.take(slice(None)).max()) == 1.0
    assert source.truth is not None
    assert source.truth[:3] == ["0", "1", "2"]
    assert source.ids[5] == "digits-0005"


@pytest.mark.parametrize(
    "name, items, width, first", [("wine", 178, 13, "class_0"), ("breast_cancer", 569, 30, "malignant")]
)
def test_tables(name: str, items: int, width: int, first: str) -> None:
    source = bundled_source(name)
    assert source.take(slice(None)).shape == (items, width)
    assert source.modality == "table"
    assert source.truth is not None
    assert source.truth[0] == first


def test_iris_holds_a_copy() -> None:
    with pytest.warns(QueristWarning, match="iris: 1 of 150"):
        source = bundled_source("iris")
    assert source.noticed.duplicates == 1
    assert len(bundled_source("iris", dedupe=True)) == 149


def test_other_names_are_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"'sklearn:digit'; did you mean 'digits'\?") as error:
        bundled_source("digit")
    assert error.value.code == "UnknownName"
    with pytest.raises(UnknownNameError, match="known: digits, iris"):
        bundled_source("zzz")
