"""Our parts fit the ports."""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import LogisticRegression

import querist
from querist.core import ports
from querist.session.rules.max_labels import MaxLabels
from querist.storage.memory import MemoryStore
from querist.strategies.algebra import as_strategy


def test_parts_fit_their_ports() -> None:
    source = querist.read(np.eye(4))
    learner = querist.SklearnLearner(LogisticRegression(), source, querist.SingleLabel(("a", "b")))
    assert isinstance(learner, ports.Learner)
    assert isinstance(as_strategy("margin"), ports.Strategy)
    assert isinstance(MemoryStore(), ports.Store)
    assert isinstance(MaxLabels(3), ports.StopRule)
    assert isinstance(querist.SimulatedAnnotator({}), ports.Annotator)


def test_every_port_is_documented() -> None:
    for name in ports.__all__:
        assert getattr(ports, name).__doc__, name
