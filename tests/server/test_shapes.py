from __future__ import annotations

import pytest
from pydantic import BaseModel

from querist.server import shapes


@pytest.mark.parametrize("name", shapes.__all__)
def test_every_shape_is_closed_and_described(name: str) -> None:
    model = getattr(shapes, name)
    assert issubclass(model, BaseModel)
    assert model.model_config["extra"] == "forbid"
    assert (model.__doc__ or "").strip().endswith(".")
