"""A fitted scikit-learn estimator on disk: arrays as safetensors, the rest as JSON, never pickle.

The state of an estimator is walked: numbers, texts, lists and dicts become JSON, arrays go to safetensors, and parts are
estimators again. Only classes of scikit-learn are made when loading, by ``__new__`` and their state, so that a file can
name nothing that runs code. What has no such form (callables, trees of other libraries) is refused, and the session then
fits again from the same seed instead.
"""

from __future__ import annotations

import importlib
import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from querist.core.errors import DataError, StateError, shorten
from querist.core.types import Array

__all__ = ["load_estimator", "save_estimator"]

_STATE, _ARRAYS = "estimator.json", "estimator.safetensors"
_ALLOWED = ("sklearn.",)
_CALLED = frozenset({"sklearn.tree._tree.Tree"})
"""Classes that are made by calling them with arrays and numbers, then given their state."""
_DAMAGE = (OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, MemoryError, RecursionError)
_ONLY_FITTING = frozenset({"_optimizer", "_loss_function_", "_random_state"})
"""Attributes that only fitting uses: they are left out, and the loaded estimator predicts without them."""


def save_estimator(estimator: Any, folder: Path) -> None:
    """Write a fitted estimator into ``folder``.

    Raises:
        StateError: a part cannot be written without pickle (code ``NotSaveable``).
    """
    from safetensors.numpy import save_file

    arrays: dict[str, Array] = {}
    tree = _write(estimator, arrays, "")
    save_file(arrays or {"none": np.zeros(1)}, folder / _ARRAYS)
    (folder / _STATE).write_text(json.dumps(tree), encoding="utf-8")


def load_estimator(folder: Path) -> Any:
    """The estimator that `save_estimator` wrote.

    Raises:
        DataError: unreadable, or naming a class outside scikit-learn (code ``BadWeights``).
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        tree = json.loads((folder / _STATE).read_text(encoding="utf-8"))
        arrays = load_file(folder / _ARRAYS)
        return _read(tree, arrays)
    except (*_DAMAGE, SafetensorError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(
            f"{folder.name} holds no estimator that can be read: {shorten(str(error), 200)}", code="BadWeights"
        ) from error


def _write(value: Any, arrays: dict[str, Array], path: str) -> Any:
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (int, float)):
        return value if not isinstance(value, float) or math.isfinite(value) else {"~": "float", "v": repr(value)}
    if isinstance(value, np.ndarray):
        return _write_array(value, arrays, path)
    if isinstance(value, np.generic):
        return {"~": "scalar", "v": _write_array(np.asarray(value), arrays, path)}
    if isinstance(value, np.random.RandomState):
        return None  # its draws are done; a fitted estimator predicts without it
    if isinstance(value, (list, tuple)):
        items = [_write(v, arrays, f"{path}.{k}") for k, v in enumerate(value)]
        return items if isinstance(value, list) else {"~": "tuple", "v": items}
    if isinstance(value, dict):
        pairs = [
            [_write(k, arrays, f"{path}#{n}"), _write(v, arrays, f"{path}.{n}")]
            for n, (k, v) in enumerate(value.items())
        ]
        return {"~": "dict", "v": pairs}
    if isinstance(value, type) and issubclass(value, np.generic):
        return {"~": "number type", "v": np.dtype(value).str}
    return _write_object(value, arrays, path)


def _write_array(value: Array, arrays: dict[str, Array], path: str) -> Any:
    if value.dtype.names is not None:  # the nodes of a tree: field by field, since the gaps between them hold chance
        for name in value.dtype.names:
            arrays[f"{path}:{name}"] = np.ascontiguousarray(value[name]).copy()
        places: Any = value.dtype.fields
        fields = [[name, value.dtype[name].str, places[name][1]] for name in value.dtype.names]
        return {"~": "records", "at": path, "fields": fields, "size": value.dtype.itemsize}
    if value.dtype.kind == "O":
        return {
            "~": "objects",
            "v": [_write(v, arrays, f"{path}.{k}") for k, v in enumerate(value.ravel())],
            "shape": list(value.shape),
        }
    if value.dtype.kind == "U":
        return {"~": "texts", "v": value.ravel().tolist(), "shape": list(value.shape), "dtype": value.dtype.str}
    if value.dtype.kind not in "fiub":
        raise _refused(path, value)
    # the order in memory is kept: sums over columns depend on it in the last bit
    fortran = value.ndim > 1 and value.flags.f_contiguous and not value.flags.c_contiguous
    arrays[path] = np.ascontiguousarray(value.T if fortran else value).copy()
    return {"~": "array", "at": path, "fortran": bool(fortran), "shape": list(value.shape)}


def _write_object(value: Any, arrays: dict[str, Array], path: str) -> Any:
    cls = type(value)
    name = f"{cls.__module__}.{cls.__qualname__}"
    if not name.startswith(_ALLOWED):
        raise _refused(path, value)
    if name in _CALLED:
        _, arguments, state = value.__reduce__()[:3]
        return {
            "~": "called",
            "class": name,
            "arguments": [_write(a, arrays, f"{path}@{k}") for k, a in enumerate(arguments)],
            "v": _write(state, arrays, f"{path}~"),
        }
    if not hasattr(value, "__dict__") or not hasattr(value, "get_params"):
        raise _refused(path, value)
    state = {k: v for k, v in vars(value).items() if not k.startswith("__") and k not in _ONLY_FITTING}
    return {"~": "object", "class": name, "v": [[k, _write(v, arrays, f"{path}/{k}")] for k, v in state.items()]}


def _refused(path: str, value: Any) -> StateError:
    return StateError(
        f"{type(value).__module__}.{type(value).__qualname__} (at {path or 'the top'}) cannot be written without pickle",
        code="NotSaveable",
    )


def _read(node: Any, arrays: dict[str, Array]) -> Any:
    if isinstance(node, list):
        return [_read(v, arrays) for v in node]
    if not isinstance(node, dict):
        return node
    kind = node["~"]
    if kind == "float":
        return float(node["v"])
    if kind == "array":
        array = arrays[node["at"]]
        return array.T.reshape(node["shape"], order="F") if node["fortran"] else array.reshape(node["shape"])
    if kind == "scalar":
        return _read(node["v"], arrays)[()]
    if kind == "records":
        return _read_records(node, arrays)
    if kind == "number type":
        return _plain(node["v"]).type
    if kind == "objects":
        out = np.empty(len(node["v"]), dtype=object)
        for k, v in enumerate(node["v"]):
            out[k] = _read(v, arrays)
        return out.reshape(node["shape"])
    if kind == "texts":
        return np.asarray(node["v"], dtype=node["dtype"]).reshape(node["shape"])
    if kind == "tuple":
        return tuple(_read(v, arrays) for v in node["v"])
    if kind == "dict":
        return {_read(k, arrays): _read(v, arrays) for k, v in node["v"]}
    return _read_object(node, arrays)


def _plain(text: str) -> np.dtype[Any]:
    """A type of plain numbers by its short name."""
    found = np.dtype(text)
    if found.kind not in "fiub":
        raise DataError(f"{shorten(text)} is no type of plain numbers", code="BadWeights")
    return found


def _read_records(node: dict[str, Any], arrays: dict[str, Array]) -> Array:
    names = [name for name, _, _ in node["fields"]]
    formats = [_plain(form) for _, form, _ in node["fields"]]
    offsets = [int(at) for _, _, at in node["fields"]]
    kind = np.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": int(node["size"])})
    out = np.zeros(arrays[f"{node['at']}:{names[0]}"].shape, dtype=kind)
    for name in names:
        out[name] = arrays[f"{node['at']}:{name}"]
    return out


def _check_tree(state: dict[str, Any], features: int) -> None:
    """Refuse a tree that would send scikit-learn's compiled code outside of its arrays, or round in a circle."""
    nodes = state["nodes"]
    count, own = len(nodes), np.arange(len(nodes))
    left, right, feature = nodes["left_child"], nodes["right_child"], nodes["feature"]
    inner = left != -1
    below = (left > own) & (left < count) & (right > own) & (right < count) & (feature >= 0) & (feature < features)
    if state["node_count"] != count or not count or not below[inner].all():
        raise DataError("the nodes of a decision tree are out of place", code="BadWeights")


def _read_object(node: dict[str, Any], arrays: dict[str, Array]) -> Any:
    cls = _class(node["class"])
    if node["~"] == "called":
        if node["class"] not in _CALLED:
            raise DataError(f"{shorten(node['class'])} is not made by calling", code="BadWeights")
        arguments = [_read(a, arrays) for a in node["arguments"]]
        state = _read(node["v"], arrays)
        _check_tree(state, int(arguments[0]))
        made = cls(*arguments)
        made.__setstate__(state)
        return made
    made = cls.__new__(cls)
    for key, value in node["v"]:
        if key.startswith("__"):
            raise DataError(f"attribute {shorten(key)!r} is not loaded", code="BadWeights")
        made.__dict__[key] = _read(value, arrays)
    return made


def _class(name: str) -> Any:
    """A class of scikit-learn by its full name; nothing else is looked up."""
    module, _, leaf = str(name).rpartition(".")
    if not str(name).startswith(_ALLOWED) or not module or "__" in name:
        raise DataError(f"{shorten(name)} is no class of scikit-learn and is not loaded", code="BadWeights")
    try:
        cls = getattr(importlib.import_module(module), leaf)
    except (ImportError, AttributeError) as error:
        raise DataError(f"scikit-learn has no {shorten(name)} here: {error}", code="BadWeights") from error
    own = isinstance(cls, type) and cls.__module__.startswith(_ALLOWED)
    if not own or (name not in _CALLED and not hasattr(cls, "get_params")):
        raise DataError(f"{shorten(name)} is no estimator and is not loaded", code="BadWeights")
    return cls
