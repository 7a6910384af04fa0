"""A small specification of every kind of learner, run as `querist run` runs it: ask, tell, fit, measure, load again."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from querist.assembly.build import prepare
from querist.assembly.learners import LEARNERS, make_learner, model_spec
from querist.assembly.spec import Spec, load_spec
from querist.benchmark.runner import ceiling, simulate
from querist.core.errors import ArgumentError, UnknownNameError
from querist.core.optional import torch as mended
from querist.data.schema import Number, SingleLabel
from rings import blocks
from tagged import sentences
from tiny_encoder import tiny_folder

RUN = '\n[run]\nstrategy = "{}"\nbatch = {}\nbudget = {}\n'


def written(folder: Path, text: str, strategy: str = "margin", batch: int = 6, budget: int = 12) -> Spec:
    file = folder / "spec.toml"
    file.write_text(text + RUN.format(strategy, batch, budget))
    return load_spec(file)


def ran(spec: Spec, folder: Path) -> dict[str, float]:
    """The metrics of the last round; the session is taken up again and tells the same."""
    told = simulate(spec, None, 0, folder=folder / "project")
    again = prepare(spec, seed=0, folder=folder / "project")
    with again.session as session:
        assert session.progress.labels == spec.run.budget
        row: dict[str, float] = dict(session.progress.history[-1].metrics)
        assert session._measure().items() <= row.items(), "what was loaded predicts what was fitted"
    assert told["stopped"]["rule"]
    return row


def texts(folder: Path) -> str:
    words = itertools.islice(itertools.permutations(["the", "a", "was", "film", "meal", "fine", "poor"], 4), 36)
    lines = [f"{' '.join(some)} {('good', 'bad')[k % 2]}" for k, some in enumerate(words)]
    rows = "".join(f"{line},{['glad', 'sad'][k % 2]}\n" for k, line in enumerate(lines))
    (folder / "texts.csv").write_text("text,label\n" + rows)
    return '[data]\nsource = "texts.csv"\ntest = 8\n'


def table(folder: Path, numbers: bool = False) -> str:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 3))
    y = [f"{v:.4f}" if numbers else "no" if v < 0 else "yes" for v in x[:, 0] + 0.5 * x[:, 1]]
    lines = [",".join([*(f"{v:.5f}" for v in row), label]) for row, label in zip(x, y, strict=True)]
    (folder / "table.csv").write_text("a,b,c,label\n" + "\n".join(lines) + "\n")
    data = '[data]\nsource = "table.csv"\nfeatures = ["a", "b", "c"]\nlabel = "label"\ntest = 20\n'
    return data + ('[labels]\ntask = "number"\n' if numbers else "")


TABULAR = '[model]\nlearner = "tabular"\nhidden = [8]\ndropout = 0.1\n[model.training]\nepochs = 20\nmin_steps = 40\n'


@pytest.mark.parametrize(
    "members",
    ["", 'kind = "mc_dropout"', 'kind = "ensemble"\nnetworks = 2', 'kind = "snapshots"', 'kind = "swag"',
     'kind = "laplace"\nsamples = 5'],
)  # fmt: skip
def test_tabular_with_each_posterior(tmp_path: Path, members: str) -> None:
    more = f"[model.members]\n{members}\n" if members else ""
    assert ran(written(tmp_path, table(tmp_path) + TABULAR + more, "bald"), tmp_path)["accuracy"] > 0.5


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_tabular_with_a_posterior_by_laplace_torch(tmp_path: Path) -> None:
    mended()
    pytest.importorskip("laplace", reason="needs the extra laplace", exc_type=ImportError)
    more = '[model.members]\nkind = "laplace_torch"\nsamples = 5\nstructure = "kron"\n'
    assert ran(written(tmp_path, table(tmp_path) + TABULAR + more, "bald"), tmp_path)["accuracy"] > 0.5


def test_what_a_recipe_may_hold_depends_on_the_learner(tmp_path: Path) -> None:
    head = table(tmp_path) + '[model]\nlearner = "tabular"\n[model.training]\n'
    held = prepare(written(tmp_path, head + "cpu_fallback = false\n"), seed=0, folder=tmp_path / "project")
    with held.session as session:
        learner: Any = session.learner
        assert learner.recipe.cpu_fallback is False
    with pytest.raises(ArgumentError, match="cpu_fallback"):
        written(tmp_path, head + 'cpu_fallback = "never"\n')
    source, _ = blocks()
    spec = model_spec("graph", model="sgc", training={"sampling": "balanced"})
    with pytest.raises(ArgumentError, match=r"sampling='balanced' means nothing to a graph network: .* class_weights="):
        make_learner(spec, source, SingleLabel(("a", "b", "c")))


def test_tabular_with_a_temperature(tmp_path: Path) -> None:
    spec = written(tmp_path, table(tmp_path) + TABULAR + "[model.calibration]\nfolds = 2\n")
    assert ran(spec, tmp_path)["accuracy"] > 0.5
    assert (next((tmp_path / "project" / "artifacts").rglob("calibration.json"))).is_file()


def test_numbers_by_a_gaussian_process(tmp_path: Path) -> None:
    pytest.importorskip("gpytorch", reason="gpytorch is not installed: the extra bayes")
    spec = written(
        tmp_path, table(tmp_path, numbers=True) + '[model]\nlearner = "gp"\nsteps = 20\nmembers = 4\n', "random"
    )
    assert ran(spec, tmp_path)["rmse"] < 1.5


@pytest.mark.parametrize("tune", ["frozen", "lora", "full"])
def test_texts_by_a_pretrained_encoder(tmp_path: Path, tune: str) -> None:
    pytest.importorskip("transformers", reason="transformers is not installed: the extra text")
    if tune == "lora":
        pytest.importorskip("peft", reason="peft is not installed: the extra text")
    tiny_folder(tmp_path / "encoder")
    model = f'[model]\nlearner = "text"\nencoder = "encoder"\ntune = "{tune}"\ndevice = "cpu"\n'
    model += 'cache = "features"\n' if tune == "frozen" else "max_length = 16\n"
    rate, steps = {"frozen": (0.05, 300), "lora": (0.01, 80), "full": (0.005, 60)}[tune]
    model += f"[model.training]\nlr = {rate}\nepochs = 2\nmin_steps = {steps}\nthreads = 1\n"
    model += "backbone_lr = 1.0\n" if tune == "full" else "[model.lora]\nrank = 2\n" if tune == "lora" else ""
    spec = written(tmp_path, texts(tmp_path).replace("test = 8", "test = 12") + model, batch=12, budget=24)
    assert ran(spec, tmp_path)["accuracy"] > 0.8, "half would be a guess"
    assert (tmp_path / "features").is_dir() == (tune == "frozen")


def test_texts_by_a_recurrent_network(tmp_path: Path) -> None:
    model = '[model]\nlearner = "recurrent"\nkind = "gru"\nwidth = 8\nhidden = 8\n[model.training]\nmin_steps = 60\n'
    assert ran(written(tmp_path, texts(tmp_path) + model, "bald"), tmp_path)["accuracy"] > 0.6


def test_images_by_a_network_of_our_own(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    y = rng.permutation(40) % 2
    images = (rng.random((40, 1, 8, 8)) * 99 + 150 * y[:, None, None, None]).astype(np.uint8)
    np.savez(tmp_path / "images.npz", X=images, y=np.array(["dark", "light"])[y])
    model = '[model]\nlearner = "image"\nmodel = "small_cnn"\n[model.training]\nepochs = 5\nmin_steps = 40\n'
    text = '[data]\nsource = "images.npz"\ntest = 10\n' + model
    assert ran(written(tmp_path, text, "rank(bald) + rank(learning_loss)"), tmp_path)["accuracy"] > 0.8


@pytest.mark.parametrize("network", ["sgc", "appnp", "gcn", "sage", "gat"])
def test_graphs(tmp_path: Path, network: str) -> None:
    if network in ("sage", "gat"):
        pytest.importorskip("torch_geometric", reason="torch_geometric is not installed: the extra graph")
    source, y = blocks((30, 30, 30))
    edges = np.stack(source.graph.nonzero())
    np.savez(tmp_path / "graph.npz", X=source.take(slice(None)), edges=edges, y=y, ids=np.asarray(source.ids))
    given = "" if network == "sgc" else "parameters = { hidden = 8 }\n"
    model = f'[model]\nlearner = "graph"\nmodel = "{network}"\nembedding = "propagated"\n{given}'
    model += "[model.training]\nepochs = 40\nlr = 0.03\n"
    spec = written(tmp_path, '[data]\nsource = "graph.npz"\ntest = 30\n' + model, "graph_part(propagated=True)", 9, 18)
    assert ran(spec, tmp_path)["accuracy"] > 0.5


def test_a_tagger_and_its_ceiling(tmp_path: Path) -> None:
    source = sentences(40)
    assert source.truth is not None
    lines = zip(source.ids, source.sentences, source.truth, strict=True)
    (tmp_path / "s.jsonl").write_text(
        "".join(json.dumps({"id": i, "tokens": t, "tags": y}) + "\n" for i, t, y in lines)
    )
    model = '[model]\nlearner = "tagger"\nnetwork = "window_crf"\nbest = 3\nparameters = { buckets = 256 }\n'
    text = '[data]\nsource = "s.jsonl"\ntest = 12\n' + model + "[model.training]\nepochs = 5\nmin_steps = 30\n"
    spec = written(tmp_path, text, "random", 8, 16)
    assert ran(spec, tmp_path)["entity_f1"] > 0.3
    assert ceiling(spec, 0)["entity_f1"] > 0.3


def test_every_kind_has_a_run_here() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    missing = [name for name in LEARNERS if f'learner = "{name}"' not in text]
    assert missing == ["sklearn", "torch"], "these two are run in test_build.py"


def test_faults(tmp_path: Path) -> None:
    source, _ = blocks((5, 5))
    two = SingleLabel(("a", "b"))
    with pytest.raises(UnknownNameError, match="did you mean sgc, gcn"):
        make_learner(model_spec("graph", model="gcm"), source, two)
    with pytest.raises(ArgumentError, match="hiden") as error:
        make_learner(model_spec("graph", model="sgc", parameters={"hiden": 3}), source, two)
    assert error.value.code == "BadParameter"
    with pytest.raises(ArgumentError, match="gcn does not read arrays: use learner = 'graph'"):
        make_learner(model_spec("torch", name="gcn"), source, two)
    pytest.importorskip("gpytorch", reason="gpytorch is not installed: the extra bayes")
    with pytest.raises(ArgumentError, match="Gaussian process predicts numbers"):
        make_learner(model_spec("gp"), source, two)
    made: Any = make_learner(model_spec("gp", hidden=[], members=0), source, Number())
    assert made.hidden == ()
