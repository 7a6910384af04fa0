"""Every key of the specification is in the table of the docs, with its kind and default."""

from __future__ import annotations

from querist.assembly.learners import LEARNERS
from querist.assembly.posteriors import POSTERIORS
from querist.assembly.spec import Spec
from querist.assembly.spec_docs import rows, sections


def test_keys_kinds_defaults_and_notes() -> None:
    table = {key: (kind, default, note) for key, kind, default, note in rows(Spec)}
    assert table["data.source"][1] == "required"
    assert "sklearn:digits" in table["data.source"][2]
    assert table["run.batch"][:2] == ("int", "20")
    assert table["model.training.lr"][:2] == ("float", "0.001")
    assert table["model.members.full_up_to"][:2] == ("int", "1500")
    assert table["labels.task"][0] == '"single" | "multi" | "number" | "spans"'
    assert "grid.strategies" in table
    assert len(table) > 35


def test_each_kind_of_learner_and_of_posterior_has_a_section_and_each_key_of_them_a_meaning() -> None:
    found = {section.title: section for section in sections(Spec)}
    learners = {f'[model] learner = "{name}"' for name in LEARNERS}
    posteriors = {f'[model.members] kind = "{name}"' for name in POSTERIORS}
    beside = {"[model.training]", "[model.lora]", '[model.calibration] kind = "temperature"'}
    assert found.keys() == {"", *learners, *posteriors, *beside}
    for title in found.keys() - {""}:
        assert found[title].summary, title
        assert found[title].rows, title
        assert [key for key, _, _, note in found[title].rows if not note] == []


def test_what_a_learner_trains_by_is_said() -> None:
    graph = next(section for section in sections(Spec) if section.title == '[model] learner = "graph"')
    note = next(note for key, _, _, note in graph.rows if key == "model.training")
    assert "lr 0.01, weight_decay 0.0005, epochs 200" in note
