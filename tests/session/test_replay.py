"""Past queries are chosen again, the same; what cannot be is named."""

from __future__ import annotations

from pathlib import Path

import querist
from querist.session.replay import replay
from querist.session.rules.max_labels import MaxLabels

from .conftest import MakeSession


def test_every_query_is_the_same(make: MakeSession, truth: dict[str, str], tmp_path: Path) -> None:
    session = make(folder=tmp_path, strategy="shortlist(entropy, times=3) | kmeans_pp")
    querist.run(session, querist.SimulatedAnnotator(truth), batch=4, stop=MaxLabels(24))
    session.ask(items=[session.source.ids[session.ledger.rows(0)[0]]])  # type: ignore[arg-type]
    found = list(replay(session))
    assert len(found) == 7
    assert all(r.same for r in found[:6])
    assert found[6].note == "given by a person"
    session.close()


def test_without_weights_it_says_so(make: MakeSession, truth: dict[str, str]) -> None:
    session = make()
    querist.run(session, querist.SimulatedAnnotator(truth), batch=4, stop=MaxLabels(8))
    first, second = replay(session)
    assert first.same
    assert second.note == "the weights of that round were not kept"
