"""Networks called with several tensors by name and answering with more than logits: the ways of Hugging Face."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

import querist
from querist.core.errors import ArgumentError, ArgumentTypeError
from querist.core.signals import EMBEDDING, GRADIENT, MEMBERS, PROBS
from querist.data.arrays import text_source
from querist.data.schema import Number, SingleLabel
from querist.testing.learners import LEARNER_CHECKS, check_learner
from querist.training.fields import Fields, plain_calls
from querist.training.recipe import Recipe
from querist.training.torch_learner import TorchLearner
from tiny_encoder import GLAD, WORDS, reviews, tiny_folder, told

QUICK = Recipe(optimizer="adamw", lr=5e-3, epochs=1, min_steps=40, batch_size=8)


class Answer(torch.nn.Module):
    """Takes two tensors by name, and answers with an object that holds the logits."""

    def __init__(self, classes: int = 3) -> None:
        super().__init__()
        self.rows, self.classifier = torch.nn.Embedding(9, 8), torch.nn.Linear(8, classes)

    def forward(self, input_ids: Any, attention_mask: Any = None, labels: Any = None) -> Any:
        mask = torch.ones_like(input_ids) if attention_mask is None else attention_mask
        hidden = (self.rows(input_ids) * mask[..., None]).sum(dim=1) / mask.sum(dim=1, keepdim=True)
        return SimpleNamespace(loss=None, logits=self.classifier(hidden), hidden_states=(hidden,))


def words(batch: Any) -> dict[str, torch.Tensor]:
    """Of each item the place of its largest number as a word, twice, and padding."""
    largest = torch.as_tensor(np.asarray(batch)).argmax(dim=1) + 1
    return {
        "input_ids": torch.stack([largest, largest, torch.zeros_like(largest)], dim=1),
        "attention_mask": torch.tensor([[1, 1, 0]]).expand(len(largest), 3),
    }


def test_tensors_by_name_are_indexed_measured_and_moved_as_one() -> None:
    one = Fields({"a": torch.arange(6).reshape(3, 2), "b": torch.tensor([5, 6, 7])})
    assert (len(one), one.shape, one.device.type) == (3, (3,), "cpu")
    assert not one.is_floating_point()
    assert repr(one) == "a (3, 2), b (3,)"
    assert one[1:].tensors["b"].tolist() == [6, 7]
    assert one[torch.tensor([2, 0])].tensors["a"].tolist() == [[4, 5], [0, 1]]
    assert len(one[:0]) == 0
    assert one.to("meta").device.type == "meta"


@pytest.mark.parametrize(
    ("tensors", "words"),
    [
        ({"input_ids": [[1, 2], [3]]}, "gave 'input_ids' as list, .* return_tensors='pt'"),
        ({"a": torch.zeros(2), "b": torch.zeros(3)}, "it gave {'a': 2, 'b': 3}"),
        ({}, "a row an item each"),
    ],
)
def test_what_is_no_batch_of_tensors_is_refused(tensors: Any, words: str) -> None:
    with pytest.raises(ArgumentTypeError, match=words) as caught:
        Fields(tensors)
    assert caught.value.code == "BadLearner"


def test_the_door_spreads_a_batch_and_takes_the_logits() -> None:
    module = Answer()
    ids, mask = torch.tensor([[1, 2, 3]]), torch.tensor([[1, 1, 0]])
    plain = module(input_ids=ids, attention_mask=mask).logits
    names = list(module.state_dict())
    assert plain_calls(module) is module
    assert torch.equal(module(Fields({"input_ids": ids, "attention_mask": mask})), plain)
    assert torch.equal(module(ids), module(input_ids=ids))
    assert list(module.state_dict()) == names
    by_key = plain_calls(torch.nn.Identity())
    assert by_key({"logits": 1}) == 1
    assert by_key({"scores": 1}) == {"scores": 1}


def test_such_a_network_is_a_learner_like_any_other() -> None:
    def make(source: Any, schema: Any) -> TorchLearner:
        return TorchLearner(Answer, source, schema, transform=words, recipe=QUICK, device="cpu")

    assert len(check_learner(make)) == len(LEARNER_CHECKS)


def test_patience_curricula_and_classes_that_come_later_work_with_fields() -> None:
    source = querist.read(np.random.default_rng(0).normal(size=(40, 4)).astype("float32"))
    recipe = Recipe(epochs=4, patience=2, validation=0.2, accumulate=2, batch_size=8)
    schema = SingleLabel(("a", "b", "c"))
    from querist.training.curriculum import SelfPaced

    learner = TorchLearner(
        Answer(), source, schema, transform=words, recipe=recipe, curriculum=SelfPaced(), device="cpu"
    )
    labels = querist.core.types.Labels(source.items(np.arange(30)), np.arange(30) % 3)
    learner.fit(labels, seed=0)
    learner.take_schema(SingleLabel(("a", "b", "c", "d")))
    assert learner.signals(source.items(), frozenset({PROBS}))[PROBS].shape == (40, 4)
    learner.fit(labels, seed=0)
    assert learner.signals(source.items(), frozenset({EMBEDDING}))[EMBEDDING].shape == (40, 8)
    assert learner.signals(source.items(np.arange(0)), frozenset({PROBS}))[PROBS].shape == (0, 4)


def test_what_does_not_fit_is_refused_before_training() -> None:
    source, schema = querist.read(np.eye(4, dtype="float32")), SingleLabel(("a", "b", "c"))
    cases: list[tuple[Any, Any, str]] = [
        (Answer, lambda batch: {**words(batch), "pixels": torch.zeros(len(batch))}, r"input_ids \(1, 3\).* 'pixels'"),
        (lambda: Answer(2), words, "gives 2 outputs and the labels need 3"),
    ]
    for make, transform, said in cases:
        with pytest.raises(ArgumentError, match=said) as caught:
            TorchLearner(make, source, schema, transform=transform, device="cpu")
        assert caught.value.code == "ShapeMismatch"

    class Body(torch.nn.Module):
        def forward(self, **given: Any) -> Any:
            return SimpleNamespace(last_hidden_state=torch.zeros(1, 3))

    with pytest.raises(ArgumentTypeError, match="or an answer with `logits`; it gives SimpleNamespace"):
        TorchLearner(Body, source, schema, transform=words, device="cpu")


# -- models of Hugging Face, drawn at random -----------------------------------------------------------------------------


def bert(labels: int) -> Any:
    transformers: Any = pytest.importorskip("transformers", reason="needs the extra text")
    config = transformers.BertConfig(
        vocab_size=len(WORDS),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=24,
        initializer_range=0.3,
        num_labels=labels,
    )
    return transformers.BertForSequenceClassification(config)


def tokeniser(folder: Path) -> Any:
    transformers: Any = pytest.importorskip("transformers", reason="needs the extra text")
    made = transformers.AutoTokenizer.from_pretrained(tiny_folder(folder))
    return lambda texts: made(list(texts), padding=True, return_tensors="pt")


def test_a_model_of_hugging_face_learns_and_tells_all_that_a_network_tells(tmp_path: Path) -> None:
    source = reviews()
    learner = TorchLearner(
        lambda: bert(2), source, GLAD, transform=tokeniser(tmp_path), recipe=QUICK, members=3, device="cpu"
    )
    assert learner.provides == {PROBS, EMBEDDING, GRADIENT, MEMBERS}
    rows = np.arange(0, 48, 2) + np.arange(24) % 2
    learner.fit(told(source, rows), seed=0)
    view = learner.signals(source.items(), learner.provides)
    assert view[EMBEDDING].shape == (48, 16)
    assert view[MEMBERS].shape == (48, 3, 2)
    assert (view[PROBS].argmax(axis=1) == np.arange(48) % 2).mean() > 0.9
    (tmp_path / "kept").mkdir()
    learner.save(tmp_path / "kept")
    again = TorchLearner(
        lambda: bert(2), source, GLAD, transform=tokeniser(tmp_path), recipe=QUICK, members=3, device="cpu"
    )
    again.load(tmp_path / "kept")
    told_again = again.signals(source.items(), learner.provides)
    assert all(np.array_equal(view[name], told_again[name]) for name in (PROBS, EMBEDDING, MEMBERS))
    session = querist.Session(source, learner, strategy="bald", labels=GLAD)
    query = session.ask(4)
    session.tell(query, {item: GLAD.classes[int(item[1:]) % 2] for item in query.items})
    session.fit()
    assert len(session.ask(4)) == 4


def test_its_answers_are_its_own(tmp_path: Path) -> None:
    """What the learner tells is what the model itself says when called in the way of transformers."""
    transform, source = tokeniser(tmp_path), text_source(["the film was good", "a bad meal", "fine"])
    model = bert(2).eval()
    still = Recipe(optimizer="sgd", lr=1e-12, epochs=1)
    learner = TorchLearner(model, source, GLAD, transform=transform, recipe=still, device="cpu")
    learner.fit(querist.core.types.Labels(source.items(), np.array([0, 1, 0])), seed=0)
    with torch.no_grad():
        own = model(**transform(source.take(slice(None)))).logits.softmax(dim=1).numpy()
    np.testing.assert_allclose(learner.signals(source.items(), frozenset({PROBS}))[PROBS], own, atol=1e-6)


def test_numbers_by_a_model_of_hugging_face(tmp_path: Path) -> None:
    source = reviews(12)
    learner = TorchLearner(lambda: bert(1), source, Number(), transform=tokeniser(tmp_path), recipe=QUICK, device="cpu")
    learner.fit(querist.core.types.Labels(source.items(), np.arange(12.0)), seed=0)
    assert learner.signals(source.items(), learner.provides)[querist.core.signals.PREDICTION].shape == (12,)
