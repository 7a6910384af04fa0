"""One simulated run: a specification, a strategy and a seed in, the record of its rounds out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from querist.assembly.build import Loaded, Prepared, load_data, make_learner, prepare
from querist.assembly.providers import equip
from querist.assembly.spec import Spec
from querist.benchmark.first_fit import FirstFit
from querist.benchmark.record import rounds_of
from querist.benchmark.reliability import reliability_of
from querist.core.seeds import derive
from querist.core.types import Labels
from querist.session.run import Listener, run
from querist.strategies.algebra import as_strategy

__all__ = ["ceiling", "simulate"]


def simulate(
    spec: Spec,
    strategy: str | None,
    seed: int,
    *,
    loaded: Loaded | None = None,
    folder: Path | None = None,
    first_fits: Path | None = None,
    listener: Listener | None = None,
) -> dict[str, Any]:
    """Run the loop to its end.

    Args:
        spec: the specification.
        strategy: text that replaces the specification's, or None.
        seed: the root seed.
        loaded: data that are read already.
        folder: project folder; an unfinished run in it is taken up. None keeps everything in memory.
        first_fits: where first fits are shared between the strategies of a seed; None shares none.
        listener: is told of every step.

    Returns:
        An entry of ``runs`` in ``results.json``: strategy, seed, rounds, stopped, and reliability where the last model
        tells probabilities of one class an item.
    """
    loaded = loaded or load_data(spec)
    chosen = [as_strategy(text) for text in (strategy or spec.run.strategy, spec.run.start) if text is not None]
    learner = make_learner(spec.model, loaded.source, loaded.schema, *chosen)
    if first_fits is not None:
        kit = "" if spec.model.learner == "sklearn" else repr(equip(*chosen))
        learner = FirstFit(learner, first_fits, spec.model.model_dump_json() + kit + loaded.source.digest)
    made: Prepared = prepare(spec, seed=seed, strategy=strategy, folder=folder, loaded=loaded, learner=learner)
    with made.session as session:
        reason = session.progress.stopped
        if reason is None:
            reason = run(
                session, made.annotator, batch=made.batch, stop=made.stop, start=made.start_size, listener=listener
            )
        told = reliability_of(session)
        return {
            "strategy": str(as_strategy(strategy or spec.run.strategy)),
            "seed": seed,
            "rounds": rounds_of(session),
            "stopped": {"rule": reason.rule, "text": reason.text},
            **({} if told is None else {"reliability": told}),
        }


def ceiling(spec: Spec, seed: int, *, loaded: Loaded | None = None) -> dict[str, float]:
    """The metrics of a model fitted on the true labels of the whole pool of ``seed``: the full-data ceiling."""
    loaded = loaded or load_data(spec)
    made = prepare(spec, seed=seed, strategy="random", loaded=loaded)
    with made.session as session:
        rows = made.splits.pool
        items = loaded.source.items(rows)
        targets = loaded.schema.stack([loaded.schema.encode(loaded.truth[i], item=i) for i in items])
        session.learner.fit(Labels(items, targets), seed=derive(seed, "ceiling"))
        return {
            ("" if name == "test" else f"{name}_") + metric: value
            for name, evaluation in session.evaluate.items()
            for metric, value in evaluation.measure(session.learner).items()
        }
