from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from querist.data.arrays import array_source
from querist.models.linear import LinearHead
from querist.training.heads import ClassHead, LabelsHead, NumberHead, Scale
from querist.training.inputs import Inputs
from querist.training.net import Net
from querist.training.scoring import Scorer

X = np.random.default_rng(0).normal(size=(7, 4)).astype(np.float32)
SCORER = Scorer(Inputs(array_source(X)), torch.device("cpu"), 3)


def net(head: Any, outputs: int, scale: Scale | None = None) -> Net:
    torch.manual_seed(0)
    module = LinearHead(4, 1 if head.kind == "number" else 3).eval()
    return Net(module, SCORER, head, scale or Scale(), outputs, 0, {})


def test_predictions_are_those_of_the_network() -> None:
    one = net(ClassHead(), 3)
    with torch.no_grad():
        wanted = one.module(torch.as_tensor(X[[5, 1]])).softmax(1).numpy()
    assert one.predicted(np.array([5, 1])) == pytest.approx(wanted, abs=1e-6)


def test_a_class_that_the_network_does_not_know_has_probability_zero() -> None:
    said = net(ClassHead(), 5).predicted(np.arange(7))
    assert said.shape == (7, 5)
    assert said[:, 3:].tolist() == [[0.0, 0.0]] * 7
    assert said.sum(axis=1) == pytest.approx(1.0, abs=1e-6)
    assert net(LabelsHead(), 4).predicted(np.arange(2)).shape == (2, 4)


def test_numbers_come_in_the_units_of_the_answers() -> None:
    plain = net(NumberHead(), 1).predicted(np.arange(7))
    scaled = net(NumberHead(), 1, Scale(10.0, 2.0)).predicted(np.arange(7))
    assert plain.shape == (7,)
    assert scaled == pytest.approx(10.0 + 2.0 * plain)


def test_another_network_may_speak_in_its_place() -> None:
    one = net(ClassHead(), 3)
    torch.manual_seed(9)
    other = LinearHead(4, 3)
    with torch.no_grad():
        wanted = other(torch.as_tensor(X)).softmax(1).numpy()
    assert one.predicted(np.arange(7), other) == pytest.approx(wanted, abs=1e-6)
