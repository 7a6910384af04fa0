"""Reasons in plain words: checked by hand, and for every strategy that can be asked on a page."""

from __future__ import annotations

import pytest

from querist.server.plain import in_words

AUTO = "auto: a model and features, so unsure and unlike what is labelled"


@pytest.mark.parametrize(
    ("technical", "plain"),
    [
        (
            f"two nearest classes 0.92 / 0.05; covers 1 item better than what is labelled or chosen (sigma 0.634); {AUTO}",
            "The model is fairly sure here (92 %). It stands for 1 item that no label is near to.",
        ),
        (
            f"two nearest classes 0.70 / 0.30; covers 1,204 items better than what is labelled (sigma 1.2); {AUTO}",
            "The model leans to one label and is not sure: 70 % against 30 %. "
            "It stands for 1,204 items that no label is near to.",
        ),
        ("two nearest classes 0.14 / 0.12", "The model has hardly an idea: its likeliest label has 14 %."),
        (
            "nearest to the centre of cluster 21 of 200; auto: no model yet, so typical items, one of each region",
            "It is typical of a group of items that are alike. There is no model yet, so typical items come first.",
        ),
        ("label 2 is undecided (probability 0.46)", "The model is undecided about one of the labels (46 %)."),
        ("its best labels have probability 0.61 a token (9 tokens)", "The model is unsure where the spans are."),
        ("entropy 1.02 nats of at most 1.10", "The model is unsure about it."),
        ("an answer tells 0.31 nats about the model", "Its label should teach the model much."),
        ("distance 3.1 to the nearest labelled item", "It is unlike what is labelled so far."),
        ("vote entropy 0.4 of 4 members", "Models that learnt from the same labels disagree on it."),
        ("at random", "Drawn at random."),
        ("chosen by mine", "Chosen by mine."),
        (
            "labelled 'good' before 'mixed' was added; the model now gives 'mixed' 42%",
            "You labelled it 'good' before 'mixed' was added; the model doubts that this still holds.",
        ),
        ("You took your answer back.", "You took your answer back."),
        ("", ""),
    ],
)
def test_by_hand(technical: str, plain: str) -> None:
    assert in_words(technical) == plain


def test_no_class_of_the_guess_is_named() -> None:
    said = in_words("predicted 3, nearest labelled item 5; distance 0.2 to what is labelled or chosen")
    assert said == "The model contradicts a labelled neighbour. It is unlike what is labelled so far."
