"""Faults in tables that are of one of several kinds: the line, the key, the nearest name of that kind."""

from __future__ import annotations

import pytest

from querist.assembly.spec import parse_spec
from querist.core.errors import ArgumentError, UnknownNameError

MODEL = '[data]\nsource = "sklearn:digits"\n[model]\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('learner = "text"\ntuen = "lora"', ["line 5", "'model.tuen'", "did you mean 'tune'"]),
        ('learner = "recurrent"\nkind = "gru"\nlayer = 2', ["line 6", "did you mean 'layers'"]),
        ('learner = "graph"\nmodel = "gcn"\nhop = 2', ["line 6", "did you mean 'hops'"]),
        ('learner = "tagger"\nbst = 2', ["line 5", "did you mean 'best'"]),
        ('learner = "gp"\nstep = 2', ["line 5", "did you mean 'steps'"]),
        ('learner = "tabular"\n[model.members]\nkind = "swag"\nrnk = 3', ["line 7", "'model.members.rnk'", "'rank'"]),
        ('learner = "text"\n[model.lora]\nrnak = 3', ["line 6", "did you mean 'rank'"]),
        ("[model.calibration]\nfold = 3", ["line 5", "did you mean 'folds'"]),
        ('tune = "lora"', ["line 4", "it is a key of learner = 'text', learner = 'image'"]),
        ("zzzzzz = 1", ["line 4", "known here: learner, name"]),
    ],
)
def test_unknown_keys(text: str, words: list[str]) -> None:
    with pytest.raises(UnknownNameError) as error:
        parse_spec(MODEL + text + "\n")
    assert error.value.code == "UnknownKey"
    for word in words:
        assert word in str(error.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('learner = "txt"', ["line 4", "'model.learner'", "'txt'", "did you mean 'text'"]),
        ('learner = "tabular"\n[model.members]\nkind = "swg"', ["line 6", "did you mean 'swag'"]),
        ('learner = "tabular"\nmembers = -1', ["line 5", "'model.members'", "int -1"]),
        ('learner = "tabular"\nmembers = "many"', ["line 5", "'model.members'", "str 'many'"]),
        ('learner = "text"\ntune = "frosen"', ["line 5", "'frozen', 'lora' or 'full'", "str 'frosen'"]),
        ('learner = "gp"\nhidden = ["a"]', ["line 5", "'model.hidden'", "str 'a'"]),
        ('learner = "graph"', ["'model.model' is missing"]),
    ],
)
def test_wrong_values(text: str, words: list[str]) -> None:
    with pytest.raises(ArgumentError) as error:
        parse_spec(MODEL + text + "\n")
    for word in words:
        assert word in str(error.value)
