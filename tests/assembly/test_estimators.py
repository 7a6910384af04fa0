"""Estimators by short name: only those, with known parameters."""

from __future__ import annotations

import pytest

from querist.assembly.estimators import ESTIMATORS, make_estimator
from querist.core.errors import UnknownNameError


@pytest.mark.parametrize("name", ESTIMATORS)
def test_every_name_makes_an_estimator(name: str) -> None:
    assert hasattr(make_estimator(name, {}), "fit")


def test_faults() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'logistic_regression'"):
        make_estimator("logistic_regresion", {})
    with pytest.raises(UnknownNameError, match="did you mean 'max_iter'"):
        make_estimator("logistic_regression", {"maxiter": 3})
    with pytest.raises(UnknownNameError, match="known are"):
        make_estimator("os.system", {})
