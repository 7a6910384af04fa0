"""scikit-learn estimators by short name: the only ones a specification can name."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from typing import Any

from querist.core.errors import UnknownNameError, nearest

__all__ = ["ESTIMATORS", "make_estimator"]

ESTIMATORS: Mapping[str, str] = {
    "logistic_regression": "sklearn.linear_model:LogisticRegression",
    "svm": "sklearn.svm:SVC",
    "linear_svm": "sklearn.svm:LinearSVC",
    "random_forest": "sklearn.ensemble:RandomForestClassifier",
    "extra_trees": "sklearn.ensemble:ExtraTreesClassifier",
    "gradient_boosting": "sklearn.ensemble:HistGradientBoostingClassifier",
    "k_neighbors": "sklearn.neighbors:KNeighborsClassifier",
    "naive_bayes": "sklearn.naive_bayes:GaussianNB",
    "ridge": "sklearn.linear_model:Ridge",
    "random_forest_regressor": "sklearn.ensemble:RandomForestRegressor",
    "svr": "sklearn.svm:SVR",
}
"""Short name to ``module:class``."""


def make_estimator(name: str, parameters: Mapping[str, Any]) -> Any:
    """An unfitted estimator.

    Raises:
        UnknownNameError: an unknown estimator or parameter; the nearest name is in the message.
    """
    if name not in ESTIMATORS:
        near = nearest(name, ESTIMATORS)
        hint = f"did you mean {near[0]!r}?" if near else f"known are: {', '.join(ESTIMATORS)}"
        raise UnknownNameError(f"unknown estimator {name!r}; {hint}", code="UnknownName")
    module, _, cls = ESTIMATORS[name].partition(":")
    factory = getattr(importlib.import_module(module), cls)
    known = list(inspect.signature(factory).parameters)
    for key in parameters:
        if key not in known:
            near = nearest(key, known)
            hint = f"did you mean {near[0]!r}?" if near else f"it takes: {', '.join(known)}"
            raise UnknownNameError(f"{name} has no parameter {key!r}; {hint}", code="UnknownParameter")
    return factory(**parameters)
