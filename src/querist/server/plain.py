"""Why an item is asked about, in words for the person who answers.

A strategy gives its reason with the figures it went by, and the journal keeps that. People read what it means for them:
whether the model is in doubt, and what the item stands for. No class is named, as that would sway the answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable

__all__ = ["in_words"]

_SURE, _CLOSE, _LOST = 0.85, 0.15, 0.35
_CHECK = re.compile(r"^labelled (?P<old>.+) before (?P<new>.+) was added; the model ")

Said = str | Callable[[re.Match[str]], str]


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _two(found: re.Match[str]) -> str:
    """Of the two most probable classes."""
    first, second = float(found[1]), float(found[2])
    if first >= _SURE:
        return f"The model is fairly sure here ({_percent(first)})."
    if first < _LOST:
        return f"The model has hardly an idea: its likeliest label has {_percent(first)}."
    if first - second < _CLOSE:
        return f"The model cannot decide between two labels: {_percent(first)} against {_percent(second)}."
    return f"The model leans to one label and is not sure: {_percent(first)} against {_percent(second)}."


def _covers(found: re.Match[str]) -> str:
    others = int(found[1].replace(",", ""))
    if others < 1:
        return "It is unlike what is labelled so far."
    return f"It stands for {others:,} {'item' if others == 1 else 'items'} that no label is near to."


def _table(*rules: tuple[str, Said]) -> tuple[tuple[re.Pattern[str], Said], ...]:
    return tuple((re.compile(pattern), said) for pattern, said in rules)


# The first rule of a table that fits speaks; one sentence of each table at most, and two in all.
_DOUBT = _table(
    (r"two nearest classes (\d\.\d+) / (\d\.\d+)", _two),
    (
        r"label \d+ is undecided \(probability (\d\.\d+)\)",
        lambda m: f"The model is undecided about one of the labels ({_percent(float(m[1]))}).",
    ),
    (r"label sequences|labels have probability|tokens? ", "The model is unsure where the spans are."),
    (
        r"predicted otherwise than its|^predicted \S+, nearest labelled item",
        "The model contradicts a labelled neighbour.",
    ),
    (r"members|\bvot|checkpoints", "Models that learnt from the same labels disagree on it."),
    (
        r"augmentation|noise moves|mixed in|under perturbation|moved by",
        "The model changes its mind when the item changes a little.",
    ),
    (
        r"entropy|two draws|second class at|largest probability|beside the threshold|wrong labels expected|undecided",
        "The model is unsure about it.",
    ),
    (r"of class .+ with probability", "It may be of the class that is looked for."),
)
_PLACE = _table(
    (r"rates highest, unlike those before it", "It is unlike those asked just before it."),
    (r"rates highest, like one before it", "It is like one asked before it, and yet among the best of the strategy."),
    (r"rates highest", "The strategy rates it highest of all it looked at."),
    (r"covers ([\d,]+) items?", _covers),
    (
        r"centre of cluster|most typical|prototype|mean cosine|PageRank|density|edges to other items|mean of the pool",
        "It is typical of a group of items that are alike.",
    ),
    (
        r"to the nearest labelled|farthest from|unlike|from the nearest class|least covered|from those chosen|distance",
        "It is unlike what is labelled so far.",
    ),
)
_GAIN = _table(
    (
        r"an answer |lowers|gradient|influence|worth |training would|change of the weights|predicts a loss|relabels",
        "Its label should teach the model much.",
    ),
    (r"no model yet", "There is no model yet, so typical items come first."),
    (r"classes seen", "Some labels have no example yet, so unusual items are asked about too."),
    (r"^at random|so at random", "Drawn at random."),
)


def in_words(reason: str) -> str:
    """What a strategy's reason means for a person; a reason that is a sentence already stays as it is.

    Args:
        reason: as the strategy gave it.

    >>> in_words("two nearest classes 0.52 / 0.48; covers 9 items better than what is labelled (sigma 1.2)")
    'The model cannot decide between two labels: 52 % against 48 %. It stands for 9 items that no label is near to.'
    """
    if not reason or (reason[0].isupper() and reason.endswith(".")):
        return reason
    check = _CHECK.match(reason)
    if check:
        return (
            f"You labelled it {check['old']} before {check['new']} was added; the model doubts that this still holds."
        )
    if reason.startswith("chosen by "):
        return f"C{reason[1:]}."
    found = [said for table in (_DOUBT, _PLACE, _GAIN) if (said := _first(table, reason))]
    return " ".join(found[:2]) or f"The strategy chose it: {reason}."


def _first(table: tuple[tuple[re.Pattern[str], Said], ...], reason: str) -> str:
    for pattern, said in table:
        match = pattern.search(reason)
        if match:
            return said if isinstance(said, str) else said(match)
    return ""
