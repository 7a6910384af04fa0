from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from querist.core.errors import ArgumentError, ArgumentTypeError
from querist.core.signals import MULTILABEL, PREDICTION, PROBS
from querist.data.schema import MultiLabel, Number, SingleLabel
from querist.training.heads import ClassHead, Head, LabelsHead, NumberHead, Scale, head_for

LOGITS = torch.tensor([[2.0, 0.0, -1.0], [0.5, 0.5, 0.5]])
P = np.exp(LOGITS.numpy()) / np.exp(LOGITS.numpy()).sum(axis=1, keepdims=True)


def test_cross_entropy_of_hard_soft_and_smoothed_targets_by_hand() -> None:
    head = ClassHead()
    log = np.log(P)
    assert head.losses(LOGITS, torch.tensor([1, 2])).numpy() == pytest.approx([-log[0, 1], -log[1, 2]], abs=1e-6)
    soft = np.array([[0.7, 0.2, 0.1], [0.0, 0.5, 0.5]], dtype=np.float32)
    assert head.losses(LOGITS, torch.as_tensor(soft)).numpy() == pytest.approx(-(soft * log).sum(axis=1), abs=1e-6)
    smooth = 0.9 * np.eye(3)[[1, 2]] + 0.1 / 3
    for targets in (torch.tensor([1, 2]), torch.eye(3)[[1, 2]]):
        assert head.losses(LOGITS, targets, 0.1).numpy() == pytest.approx(-(smooth * log).sum(axis=1), abs=1e-6)


def test_binary_cross_entropy_by_hand() -> None:
    s = 1 / (1 + np.exp(-LOGITS.numpy()))
    targets = np.array([[1.0, 0.0, 0.3], [0.0, 1.0, 1.0]], dtype=np.float32)
    for smoothing in (0.0, 0.2):
        t = targets * (1 - smoothing) + 0.5 * smoothing
        wanted = -(t * np.log(s) + (1 - t) * np.log(1 - s)).mean(axis=1)
        assert LabelsHead().losses(LOGITS, torch.as_tensor(targets), smoothing).numpy() == pytest.approx(
            wanted, abs=1e-6
        )


def test_squared_error_and_the_way_back_to_the_units_of_the_answers() -> None:
    head, scale = NumberHead(), Scale.of(np.array([10.0, 20.0, 30.0]))
    assert (scale.mean, scale.deviation) == pytest.approx((20.0, np.sqrt(200 / 3)))
    encoded = head.encode(np.array([10.0, 30.0]), scale)
    assert encoded.numpy() == pytest.approx([-np.sqrt(1.5), np.sqrt(1.5)], abs=1e-6)
    assert head.read(encoded[:, None], frozenset({PREDICTION}), scale)[PREDICTION] == pytest.approx(
        [10.0, 30.0], abs=1e-5
    )
    assert head.losses(torch.tensor([[1.0], [3.0]]), torch.tensor([0.0, 1.0])).tolist() == [1.0, 4.0]
    assert Scale.of(np.array([5.0])) == Scale(5.0, 1.0)
    assert Scale.of(np.full(3, 0.1)).deviation > 0


def test_what_heads_read() -> None:
    assert ClassHead().read(LOGITS, frozenset({PROBS}), Scale())[PROBS] == pytest.approx(P, abs=1e-6)
    both = LabelsHead().read(LOGITS, frozenset({PROBS, MULTILABEL}), Scale())
    assert both[PROBS] is both[MULTILABEL]
    assert both[PROBS] == pytest.approx(1 / (1 + np.exp(-LOGITS.numpy())), abs=1e-6)
    for head in (ClassHead(), LabelsHead(), NumberHead()):
        assert head.read(LOGITS, frozenset(), Scale()) == {}
    assert ClassHead().sample(LOGITS, Scale()).shape == (2, 3)
    assert NumberHead().sample(LOGITS, Scale()).shape == (2,)


def test_targets_as_tensors() -> None:
    assert ClassHead().encode(np.array([2, 0]), Scale()).dtype == torch.int64
    assert ClassHead().encode(np.eye(3), Scale()).dtype == torch.float32
    assert LabelsHead().encode(np.eye(3, dtype=np.int64), Scale()).dtype == torch.float32


ONE, MANY, REAL = SingleLabel(("a", "b")), MultiLabel(("a", "b")), Number()


@pytest.mark.parametrize(("schema", "kind"), [(ONE, ClassHead), (MANY, LabelsHead), (REAL, NumberHead)])
def test_the_head_of_a_schema(schema: Any, kind: Any) -> None:
    found = head_for(schema)
    assert type(found) is kind
    assert head_for(schema, found) is found
    assert found.width(schema) == (1 if schema is REAL else 2)


@pytest.mark.parametrize(
    ("schema", "head", "error", "words"),
    [
        (ONE, "clases", ArgumentError, "one of classes, labels, number"),
        (ONE, 3, ArgumentTypeError, "got int"),
        (ONE, "number", ArgumentError, "of kind 'number', and the labels are of kind 'single'"),
        (REAL, ClassHead(), ArgumentError, "kind 'single'"),
        (MANY, "classes", ArgumentError, "kind 'multi'"),
    ],
)
def test_heads_that_do_not_fit_are_refused(schema: Any, head: Any, error: Any, words: str) -> None:
    with pytest.raises(error, match=words):
        head_for(schema, head)


def test_the_base_cannot_be_made() -> None:
    with pytest.raises(TypeError):
        Head()  # type: ignore[abstract]
