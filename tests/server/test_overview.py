from __future__ import annotations

from pathlib import Path

import pytest

from querist.server.overview import Overview
from serving import make, running


def test_counts_follow_the_answers(tmp_path: Path) -> None:
    folder = make(tmp_path / "p", 9, settings={"validation": 0.0})
    with running(folder) as ask, ask.server.client() as client:
        one, two, three, four = client.next(4)
        client.label(one, "cat")
        client.distribution(two, {"cat": 0.2, "dog": 0.8})
        client.skip(three)
        client.reject(four)
        client.flag("i0")
        overview = Overview(folder / "journal.db")
        states = overview.states()
        assert [states[n] for n in ("labelled", "skipped", "rejected", "flagged")] == [2, 1, 1, 1]
        assert overview.classes() == [("cat", 1), ("dog", 1)]
        assert overview.model() is None
        assert overview.guesses(["i0"]) == {}
        assert overview.panel()["cost"]["answers"] == 4
        with pytest.raises(Exception, match="readonly"):
            overview.rows("DELETE FROM flag WHERE stream = ?")
        overview.close()
        ask.server.service.project.promote(
            {"round": 0, "labels": 2, "cost": 2.0, "model": None, "metrics": {}, "agreement": None, "surprise": None,
             "notes": [], "seconds": {}, "encoder": "x", "upto": 3, "advice": None},
            [{"item": "i5", "score": 0.5, "reason": "unsure", "role": "queue"}],
            {"i5": [["cat", 0.6], ["dog", 0.4]]},
        )  # fmt: skip
        project = client.project()
        assert (project["model"]["round"], project["model"]["labels"]) == (0, 2)
        assert client.take("i5")["suggestion"] == [["cat", 0.6], ["dog", 0.4]]
        client.settings(suggestions="never")
        assert client.take("i5")["suggestion"] is None


def test_a_project_made_anew_of_the_same_file_is_another(tmp_path: Path) -> None:
    ids = []
    for name in ("p", "q", "q"):
        if not (tmp_path / name).exists():
            make(tmp_path / name, 3)
        with running(tmp_path / name) as ask, ask.server.client() as client:
            ids.append(client.project()["id"])
    assert ids[0] != ids[1] == ids[2]
    assert all(len(id) == 16 and int(id, 16) >= 0 for id in ids)
