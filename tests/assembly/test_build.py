"""From specification to session: data, schema, learner, held-out sets, annotator, rule."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from querist.assembly.build import load_data, make_learner, prepare
from querist.assembly.spec import parse_spec
from querist.core.errors import ArgumentError, DataError, UnknownNameError
from querist.data.schema import SingleLabel

DIGITS = '[data]\nsource = "sklearn:digits"\n'


def test_digits() -> None:
    made = prepare(parse_spec(DIGITS + '[run]\nbatch = 5\nstop = "max_labels(10)"\n'), seed=0)
    assert made.batch == made.start_size == 5
    assert made.stop is not None
    assert len(made.splits.test) == round(0.2 * 1797)
    assert not set(made.session.ask(5).items) & {made.session.source.ids[r] for r in made.splits.test.tolist()}
    same = prepare(parse_spec(DIGITS), seed=0)
    assert (same.splits.test == made.splits.test).all()
    assert (prepare(parse_spec(DIGITS), seed=1).splits.test != made.splits.test).any()


def test_texts_become_frozen_features(tmp_path: Path) -> None:
    rows = [
        f"a {'good' if k % 2 else 'bad'} film about {'abcdefgh'[k % 8]}{k},{'pos' if k % 2 else 'neg'}"
        for k in range(60)
    ]
    (tmp_path / "t.csv").write_text("text,label\n" + "\n".join(rows) + "\n")
    spec = parse_spec(f'[data]\nsource = "{tmp_path / "t.csv"}"\n[run]\nstrategy = "margin >> k_means"\n')
    loaded = load_data(spec)
    assert loaded.schema == SingleLabel(("neg", "pos"))
    assert loaded.truth[loaded.source.ids[0]] == "neg"
    made = prepare(spec, seed=0, loaded=loaded)
    for size in (10, 10):
        query = made.session.ask(size)
        made.session.tell(query, list(made.annotator.annotate(query)))
        report = made.session.fit()
    assert report.metrics["accuracy"] == 1.0, "two words decide"


def test_no_true_labels(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.eye(3))
    with pytest.raises(DataError, match=r"no true labels.*data\.label") as error:
        load_data(parse_spec(f'[data]\nsource = "{tmp_path / "x.npy"}"\n'))
    assert error.value.code == "NoTruth"


def test_classes_are_those_declared_in_their_order() -> None:
    names = [str(c) for c in reversed(range(10))]
    loaded = load_data(parse_spec(DIGITS + f"[labels]\nclasses = {names}\n"))
    assert loaded.schema == SingleLabel(tuple(names))


@pytest.mark.parametrize("name", ["small_cnn", "strided_cnn", "mlp", "linear"])
def test_networks_get_the_shapes_of_the_data(name: str) -> None:
    spec = parse_spec(DIGITS + f'[model]\nlearner = "torch"\nname = "{name}"\n')
    loaded = load_data(spec)
    learner = make_learner(spec.model, loaded.source, loaded.schema)
    assert {s.name for s in learner.provides} == {"probs", "embedding", "gradient"}


def test_faults_of_models() -> None:
    spec = parse_spec(DIGITS + '[model]\nlearner = "torch"\nname = "smal_cnn"\n')
    loaded = load_data(spec)
    with pytest.raises(UnknownNameError, match="did you mean small_cnn"):
        make_learner(spec.model, loaded.source, loaded.schema)
    spec = parse_spec(DIGITS + '[model]\nlearner = "torch"\nname = "mlp"\nparameters = { hiden = [3] }\n')
    with pytest.raises(ArgumentError, match="hiden"):
        make_learner(spec.model, loaded.source, loaded.schema)


def test_validation_metrics_have_a_prefix() -> None:
    spec = parse_spec('[data]\nsource = "sklearn:wine"\nvalidation = 20\n[model]\nscale = true\n')
    made = prepare(spec, seed=0)
    query = made.session.ask(20)
    made.session.tell(query, list(made.annotator.annotate(query)))
    assert made.session.fit().metrics.keys() == {"accuracy", "validation_accuracy"}
