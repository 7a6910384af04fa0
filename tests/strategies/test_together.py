"""Fusions by rank, by dominance, by a bound, by the worst: by hand, and in words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import querist
from querist.core.errors import ArgumentError, ArgumentTypeError, QueristError
from querist.strategies.scores.margin import Margin
from querist.strategies.together import Borda, Chebyshev, Constrained, Pareto, Rrf

# least_confidence is .1, .4, .2, .4; the predicted loss is the second rating
P = np.column_stack([[0.9, 0.6, 0.8, 0.6], [0.1, 0.4, 0.2, 0.4]])
LOSS = np.array([5.0, 1.0, 3.0, 0.0])
BOTH = "[least_confidence, learning_loss]"


def rate(text: str) -> Any:
    return querist.score(text, probs=P, loss=LOSS)


def test_borda_by_hand() -> None:
    """By the first: 0, 2.5, 1, 2.5 rated lower; by the second: 3, 1, 2, 0."""
    assert rate(f"borda({BOTH})").tolist() == [3.0, 3.5, 3.0, 2.5]
    assert querist.score("borda([margin, random])", probs=P[:1]).tolist() == [0.0]
    got = querist.select(f"borda({BOTH})", 1, probs=P, loss=LOSS)
    assert got.reasons == ("3.5 of 6 points over 2 rankings",)


def test_rrf_by_hand() -> None:
    """Places 4, 1.5, 3, 1.5 and 1, 3, 2, 4."""
    expected = [1 / (60 + a) + 1 / (60 + b) for a, b in zip([4, 1.5, 3, 1.5], [1, 3, 2, 4], strict=True)]
    assert rate(f"rrf({BOTH})") == pytest.approx(expected)
    assert rate(f"rrf({BOTH}, k=0)")[0] == pytest.approx(1 / 4 + 1)
    got = querist.select(f"rrf({BOTH}, k=0)", 1, probs=P, loss=LOSS)
    assert got.reasons == ("1.25 of at most 2 over 2 rankings",)


def test_scores_of_any_scale_fuse_alike() -> None:
    for text in ("borda", "rrf", "pareto"):
        assert np.array_equal(rate(f"{text}({BOTH})"), rate(f"{text}([1000 * least_confidence, learning_loss])"))


def test_pareto_by_hand() -> None:
    """Row 3 is beaten by row 1 (.4, 1); no other is."""
    got = rate(f"pareto({BOTH})")
    assert got == pytest.approx(
        [0.25 * (0 + 1), 0.25 * (2.5 / 3 + 1 / 3), 0.25 * (1 / 3 + 2 / 3), 0.25 * (2.5 / 3) - 1]
    )
    words = querist.select(f"pareto({BOTH})", 4, probs=P, loss=LOSS)
    assert words.indices[-1] == 3
    assert words.reasons[0] == "no item is better in both least_confidence and learning_loss"
    assert words.reasons[-1] == "on front 2 of least_confidence and learning_loss"


def test_pareto_goes_front_by_front() -> None:
    rng = np.random.default_rng(0)
    p, loss = rng.dirichlet(np.ones(2), 200), rng.random(200)
    got = querist.select("pareto([margin, learning_loss])", 200, probs=p, loss=loss)
    front = np.ceil(-got.scores - 1e-12).astype(int)
    assert (np.diff(front) >= 0).all()
    assert front.max() > 5


def test_chebyshev_by_hand() -> None:
    """Shortfalls 1, 0, 2/3, 0 and 0, .8, .4, 1."""
    short = np.array([[1, 0, 2 / 3, 0], [0, 0.8, 0.4, 1]])
    assert rate(f"chebyshev({BOTH})") == pytest.approx(-(short.max(axis=0) + 0.05 * short.sum(axis=0)))
    weighted = short * np.array([[1.0], [0.5]])
    got = rate(f"chebyshev({BOTH}, weights=[1, 0.5], rho=0)")
    assert got == pytest.approx(-weighted.max(axis=0))


def test_chebyshev_reaches_a_hollow_front() -> None:
    """(1, 0), (0, 1) and (.4, .4): no weighted sum takes the last, the worst of both does."""
    p = np.column_stack([[0.5, 1.0, 0.8], [0.5, 0.0, 0.2]])
    loss = np.array([0.0, 1.0, 0.4])
    text = "chebyshev([least_confidence, learning_loss])"
    assert querist.select(text, 1, probs=p, loss=loss).indices.tolist() == [2]
    for w in np.linspace(0, 1, 11):
        fused = f"{w} * minmax(least_confidence) + {1 - w} * minmax(learning_loss)"
        assert querist.select(fused, 1, probs=p, loss=loss).indices.tolist() != [2]


def test_constrained_by_hand() -> None:
    """The upper half of the losses is 1 and above ("lower" quantile of 0, 1, 3, 5 at .5 is 1): row 3 falls short."""
    got = rate("constrained(least_confidence, by=learning_loss, at_least=0.5)")
    assert got == pytest.approx([0.1, 0.4, 0.2, 0.1 - 1 - 1 / 5])
    alone = rate("constrained(least_confidence, by=learning_loss, at_least=1)")
    assert np.argsort(-alone).tolist() == [0, 2, 1, 3]  # the one that reaches it, then nearest to the bound first
    assert rate("constrained(least_confidence, by=learning_loss, at_least=0)") == pytest.approx([0.1, 0.4, 0.2, 0.4])
    words = querist.select("constrained(least_confidence, by=learning_loss)", 4, probs=P, loss=LOSS).reasons
    assert words[0].endswith("; learning_loss 1 reaches 1")
    assert words[-1].endswith("; learning_loss 0 is below 1")


def test_constrained_by_something_constant_is_the_score() -> None:
    got = querist.score("constrained(margin, by=learning_loss)", probs=P, loss=np.ones(4))
    assert np.array_equal(got, querist.score("margin", probs=P))


@pytest.mark.parametrize(
    "text",
    [
        "borda([margin, 0.5 * entropy])",
        "rrf([margin, entropy, random], k=10)",
        "pareto([margin, rank(density)])",
        "chebyshev([margin, density], weights=[1.0, 2.0], rho=0.1)",
        "constrained(margin, by=density, at_least=0.3)",
    ],
)
def test_text(text: str) -> None:
    assert str(querist.parse(text)) == text


def test_python_form() -> None:
    assert repr(Borda(["margin", "random"])) == "Borda([Margin(), Random()])"  # type: ignore[arg-type]
    assert Rrf(("margin", Margin() + Margin())).scores[0] == Margin()  # type: ignore[arg-type]
    assert Constrained("margin", "random") == Constrained(Margin(), by=querist.parse("random"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("part", "arguments", "kind", "words"),
    [
        (Borda, (["margin"],), ArgumentTypeError, r"borda takes a list of at least two scores.*got \['margin'\]"),
        (Borda, ("margin",), ArgumentTypeError, "borda takes a list of at least two scores"),
        (Borda, (["margin", "k_center"],), ArgumentTypeError, "a score .* is needed here"),
        (Pareto, (["margin", "random", "entropy"],), ArgumentError, "pareto takes two scores; got 3"),
        (Rrf, (["margin", "random"], -1), ArgumentError, "k must be a number ≥ 0, got -1"),
        (Rrf, (["margin", "random"], "many"), ArgumentTypeError, "k must be a number ≥ 0, got str many"),
        (Chebyshev, (["margin", "random"], [1.0]), ArgumentError, "chebyshev has 2 scores and 1 weights"),
        (Chebyshev, (["margin", "random"], [1.0, 0]), ArgumentError, "each of weights must be above 0"),
        (Chebyshev, (["margin", "random"], 3), ArgumentTypeError, "weights must be a list of numbers"),
        (Constrained, ("margin", "random", 1.5), ArgumentError, "at_least must be from 0 to 1, got 1.5"),
    ],
)
def test_bad_parameters(part: Any, arguments: tuple[Any, ...], kind: type[QueristError], words: str) -> None:
    with pytest.raises(kind, match=words):
        part(*arguments)
