"""The text form is read back; what is no strategy is refused by name and nothing of it is run."""

from __future__ import annotations

import builtins
import os
import subprocess
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from expressions import parts
from querist.core.errors import ArgumentError, ArgumentTypeError, QueristError, UnknownNameError
from querist.strategies.algebra import AnyPart, Filtered, Ranked, Strategy
from querist.strategies.arithmetic import Product, Scaled, Sum
from querist.strategies.combinators import Mix
from querist.strategies.filters.shortlist import Shortlist
from querist.strategies.filters.subsample import Subsample
from querist.strategies.fusion import Rank
from querist.strategies.parser import parse
from querist.strategies.scores.entropy import Entropy
from querist.strategies.scores.margin import Margin
from querist.strategies.scores.random import Random
from querist.strategies.selectors.top_k import TopK


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(parts)
def test_every_expression_reads_back(part: AnyPart) -> None:
    again = parse(str(part))
    assert again == part
    assert str(again) == str(part)
    assert repr(again) == repr(part)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("margin", Margin()),
        (" margin ( ) ", Margin()),
        ("margin >> top_k", Ranked(Margin(), TopK())),
        ("margin + entropy * random", Sum(Margin(), Product(Entropy(), Random()))),
        ("(margin + entropy) * random", Product(Sum(Margin(), Entropy()), Random())),
        ("2 * margin - entropy", Sum(Scaled(2.0, Margin()), Scaled(-1.0, Entropy()))),
        ("margin * -0.5", Scaled(-0.5, Margin())),
        ("margin + entropy >> top_k", Ranked(Sum(Margin(), Entropy()), TopK())),
        ("subsample(9) | margin >> top_k", Filtered(Subsample(9), Ranked(Margin(), TopK()))),
        ("subsample(9) | (margin >> top_k)", Filtered(Subsample(9), Ranked(Margin(), TopK()))),
        ("subsample(n=9) | subsample(5) | top_k", Subsample(9) | (Subsample(5) | TopK())),
        ("shortlist(margin, times=10)", Shortlist(Margin(), times=10)),
        ("shortlist(score=margin, n=3)", Shortlist(Margin(), n=3)),
        ("shortlist('margin', n=3)", Shortlist(Margin(), n=3)),
        ('rank("entropy + margin")', Rank(Entropy() + Margin())),
        ("mix({margin: 3, 'entropy >> top_k': 1})", Mix({Margin(): 3, Entropy() >> TopK(): 1})),
    ],
)
def test_grammar(text: str, part: AnyPart) -> None:
    assert parse(text) == part


def test_precedence_is_pythons() -> None:
    """f | a >> b is f | (a >> b), and a filter applies to all that stands to its right."""
    part = parse("shortlist(margin, n=5) | subsample(3) | 0.5 * rank(margin) + rank(entropy) >> top_k")
    assert isinstance(part, Filtered)
    assert part.filter == Shortlist(Margin(), n=5)
    assert isinstance(part.then, Filtered)
    assert part.then.filter == Subsample(3)
    assert part.then.then == (0.5 * Rank(Margin()) + Rank(Entropy())) >> TopK()
    assert isinstance(part, Strategy)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("margn", "unknown strategy 'margn'; did you mean margin"),
        ("Margin", "did you mean margin"),
        ("entropi >> top_k", "did you mean entropy"),
        ("rank(marign)", "did you mean margin"),
        ("zzzzzzzz", r"\d+ names are known"),
    ],
)
def test_unknown_names(text: str, words: str) -> None:
    with pytest.raises(UnknownNameError, match=words) as error:
        parse(text)
    assert error.value.code == "UnknownStrategy"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("shortlist(margin, tmes=3)", "shortlist has no parameter 'tmes'; did you mean times"),
        ("subsample(count=3)", "subsample has no parameter 'count'"),
        ("margin(beta=1)", "margin has no parameter 'beta'; it takes: none"),
        ("margin(**{})", "no parameter None"),
    ],
)
def test_unknown_parameters(text: str, words: str) -> None:
    with pytest.raises(UnknownNameError, match=words) as error:
        parse(text)
    assert error.value.code == "UnknownParameter"


@pytest.mark.parametrize(
    "text",
    [
        "shortlist(margin, 3)",
        "shortlist(margin, score=entropy, n=3)",
        "subsample",
        "subsample()",
        "subsample(0)",
        "subsample('many')",
        "margin(3)",
        "rank",
        "mix",
        "mix({margin: 1, margin: 2})",
        "mix({margin: 0})",
        "bandit",
        "bandit([margin, margin])",
        "interleave",
        "interleave(margin)",
        "switch(after=-1, first=random, then=margin)",
    ],
)
def test_wrong_parameters(text: str) -> None:
    with pytest.raises((ArgumentError, ArgumentTypeError)) as error:
        parse(text)
    assert error.value.code in ("BadParameter", "BadCount")


HOSTILE = [
    "__import__('os').system('true')",
    "margin.__class__",
    "margin.__class__.__bases__[0]",
    "().__class__",
    "lambda: margin",
    "[margin for margin in (1, 2)]",
    "{margin: 1 for i in 'ab'}",
    "(margin := 3)",
    "margin if 1 else entropy",
    "margin and entropy",
    "margin == entropy",
    "not margin",
    "~margin",
    "margin[0]",
    "margin()()",
    "(rank)(margin)[0]",
    "f'{margin}'",
    "*margin",
    "rank(*[margin])",
    "await margin",
    "yield",
    "margin; entropy",
    "margin\nentropy",
    "import os",
    "print(1)",
    "exec('1')",
    "open('x', 'w')",
    "9 ** 9 ** 9",
    "'a' * 9999999999",
    "[1] * 9999999999",
    "9999999999 * 'a' * margin",
    "1 + 1",
    "'margin'",
    "3",
    "None",
    "[margin]",
    "{margin: 1}",
    "...",
    "1j * margin",
    "b'margin'",
    "True * margin",
    "1e999 * margin",
    "top_k * 2",
    "top_k + top_k",
    "subsample(3) + margin",
    "subsample(3) * 2",
    "(margin >> top_k) + entropy",
    "margin >> 3",
    "margin >> entropy",
    "top_k >> margin",
    "margin | entropy",
    "subsample(3) | 4",
    "(subsample(3) | margin) | entropy",
    "margin << entropy",
    "margin / entropy",
    "margin % 2",
    "margin @ entropy",
    "margin ^ entropy",
    "rank(" * 60 + "margin" + ")" * 60 + ".x",
    "rank(" * 150 + "margin" + ")" * 150,
    "rank(" * 1500 + "margin" + ")" * 1500,
    "margin" + " + margin" * 1000,
    "margin * " + "-" * 5000 + "1",
    "(" * 4000 + "margin" + ")" * 4000,
    "[" * 3000,
    "9" * 5000 + " * margin",
    "margin(" + "a=1, " * 900 + ")",
    "x" * 1_000_000,
    "margin + " * 200_000 + "margin",
    "margin\0",
    "\ud800",
    "marg\u0456n",
    "",
    "   ",
    "\t\n",
    "margin >>",
    ")",
    "shortlist(margin, n=3, n=4)",
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:30]))
def test_hostile_text_is_refused_by_name_and_nothing_is_run(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: Any, **__: Any) -> None:
        raise AssertionError("something of the text was run")

    with monkeypatch.context() as patch:
        for module, name in ((builtins, "eval"), (builtins, "exec"), (os, "system"), (subprocess, "Popen")):
            patch.setattr(module, name, forbidden)
        with pytest.raises(QueristError) as error:
            parse(text)
    assert error.value.code in ("BadExpression", "BadParameter", "UnknownStrategy", "UnknownParameter")
    assert len(str(error.value)) < 1000  # the text is shortened


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="margin()[]{}>|*+-=,.:'\"0123456789 \n_topk#\\", max_size=60))
def test_any_text_is_a_part_or_a_named_error(text: str) -> None:
    try:
        part = parse(text)
    except QueristError:
        return
    assert parse(str(part)) == part


@pytest.mark.parametrize("value", [None, 3, b"margin", ["margin"], Margin()])
def test_only_text_is_parsed(value: Any) -> None:
    with pytest.raises(ArgumentTypeError, match="a strategy's text is needed") as error:
        parse(value)
    assert error.value.code == "BadExpression"


def test_the_message_shows_the_piece_and_the_cure() -> None:
    with pytest.raises(ArgumentError, match=r"'margin\.x' has no meaning .*operators are \* \+ >> \|"):
        parse("rank(margin.x)")
    with pytest.raises(ArgumentError, match=r"at column 11: write e\.g\. 'margin'"):
        parse("margin >> >> top_k")
