"""Reads the text form of strategies: Python's own expression grammar over registered names, never evaluated.

The text is parsed by the standard library's ``ast`` into a tree, and only names, calls, numbers, strings, lists, dicts
and the operators ``* + - >> |`` are accepted. A bare name is a part with default parameters; the first parameter may be
given by position; strings may be written with or without quotes.
"""

from __future__ import annotations

import ast
import dataclasses
from typing import Any

from querist.core.errors import ArgumentError, ArgumentTypeError, UnknownNameError, nearest, shorten
from querist.core.registry import registry
from querist.strategies.algebra import AnyPart, Filter, Part, Score, Selector, Strategy

__all__ = ["KINDS", "parse"]

KINDS = ("score", "selector", "filter", "strategy")
_LONGEST = 10_000
_DEEPEST = 100


def parse(text: str) -> AnyPart:
    """The part that ``text`` writes, e.g. ``"shortlist(margin, times=10) | k_center"``.

    Raises:
        ArgumentError: the text is not an expression of parts (code ``BadExpression``).
        UnknownNameError: a strategy or a parameter is not known; the nearest names are in the message.

    >>> str(parse("0.5*entropy + rank(margin) >> top_k"))
    '0.5 * entropy + rank(margin) >> top_k'
    """
    if not isinstance(text, str):
        raise ArgumentTypeError(
            f"a strategy's text is needed; got {type(text).__name__} {shorten(text)}", code="BadExpression"
        )
    if len(text) > _LONGEST:
        raise ArgumentError(f"the strategy's text has {len(text)} characters; at most {_LONGEST}", code="BadExpression")
    try:
        tree = ast.parse(text.strip(), mode="eval")
        _measure(tree, text)
        part = _part(tree.body, text)
    except (SyntaxError, ValueError) as error:
        if isinstance(error, ArgumentError):
            raise
        where = f" at column {error.offset}" if isinstance(error, SyntaxError) and error.offset else ""
        raise ArgumentError(
            f"cannot read the strategy {shorten(text)!r}{where}: write e.g. 'margin', 'entropy >> k_means' or "
            "'shortlist(margin, times=10) | k_center'",
            code="BadExpression",
        ) from error
    except (RecursionError, MemoryError) as error:
        raise ArgumentError(f"the strategy {shorten(text)!r} is nested too deeply", code="BadExpression") from error
    if not isinstance(part, (Score, Selector, Filter, Strategy)):
        raise ArgumentError(f"{shorten(text)!r} is not a strategy but {shorten(part)}", code="BadExpression")
    return part


def _measure(tree: ast.AST, text: str) -> None:
    """Refuse what is nested deeper than any reader of the tree could follow."""
    level: list[ast.AST] = [tree]
    for _ in range(_DEEPEST):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return
    raise ArgumentError(f"the strategy {shorten(text)!r} is nested too deeply", code="BadExpression")


def _part(node: ast.expr, text: str) -> Any:
    if isinstance(node, ast.Name):
        return _make(node.id, node, text)
    if isinstance(node, ast.Call):
        if not isinstance(node.func, ast.Name):
            raise _refuse(node, text)
        return _make(node.func.id, node, text)
    if isinstance(node, ast.BinOp):
        left, right = _value(node.left, text, part=True), _value(node.right, text, part=True)
        if isinstance(node.op, (ast.Mult, ast.Add, ast.Sub)):
            return _arithmetic(node, left, right, text)
        if not isinstance(left, Part) or not isinstance(right, Part):
            raise _refuse(node, text)
        if isinstance(node.op, ast.RShift) and isinstance(left, Score):
            return left >> right  # type: ignore[operator]
        if isinstance(node.op, ast.BitOr) and isinstance(left, (Score, Selector, Filter)):
            return left | right  # type: ignore[operator]
    raise _refuse(node, text)


def _arithmetic(node: ast.BinOp, left: Any, right: Any, text: str) -> Any:
    """Ratings are added and multiplied, with each other or with a number; two constants (``'a' * 10**9``) never are."""
    scores = [isinstance(side, Score) for side in (left, right)]
    if isinstance(node.op, ast.Mult):
        numbers = [isinstance(side, (int, float)) and not isinstance(side, bool) for side in (left, right)]
        if any(scores) and all(s or n for s, n in zip(scores, numbers)):
            return left * right
    elif all(scores):
        return left + right if isinstance(node.op, ast.Add) else left - right
    raise _refuse(node, text)


def _refuse(node: ast.AST, text: str) -> ArgumentError:
    piece = ast.get_source_segment(text.strip(), node) or type(node).__name__
    return ArgumentError(
        f"{shorten(piece)!r} has no meaning in a strategy; the operators are * + >> |, e.g. "
        "'rank(margin) + rank(density) >> top_k'",
        code="BadExpression",
    )


def _value(node: ast.expr, text: str, *, part: bool) -> Any:
    """A parameter's value; ``part`` says whether a bare name is a part or a string."""
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float, str, type(None))):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _value(node.operand, text, part=part)
        if isinstance(inner, (int, float)):
            return -inner
        raise _refuse(node, text)
    if isinstance(node, ast.Name) and not part:
        return node.id
    if isinstance(node, (ast.List, ast.Tuple)):
        return [_value(v, text, part=part) for v in node.elts]
    if isinstance(node, ast.Dict):
        if any(k is None for k in node.keys):
            raise _refuse(node, text)
        pairs = [(_value(k, text, part=part), v) for k, v in zip(node.keys, node.values, strict=True) if k is not None]
        table = {key: _value(v, text, part=part) for key, v in pairs}
        if len(table) < len(pairs):  # Python would let the last one win, without a word
            raise ArgumentError(f"a name is given twice in {shorten(ast.unparse(node))}", code="BadParameter")
        return table
    return _part(node, text)


def _make(name: str, node: ast.expr, text: str) -> Any:
    factory = registry.find(name, *KINDS).factory
    if not isinstance(node, ast.Call):
        return _build(name, factory, [], {})
    fields = {f.name: f for f in dataclasses.fields(factory) if f.init} if dataclasses.is_dataclass(factory) else {}
    takes_many = getattr(factory, "variadic", False)
    if len(node.args) > 1 and not takes_many:
        raise ArgumentError(
            f"{name} takes its first parameter by position and the others by name ({', '.join(fields)}); "
            f"got {shorten(ast.unparse(node))}",
            code="BadParameter",
        )
    positional = []
    first = next(iter(fields.values()), None)
    for argument in node.args:
        positional.append(_value(argument, text, part=takes_many or first is None or _wants_part(first)))
    keywords: dict[str, Any] = {}
    for keyword in node.keywords:
        if keyword.arg is None or keyword.arg not in fields:
            near = nearest(keyword.arg or "", fields, 3)
            hint = f"did you mean {', '.join(near)}?" if near else f"it takes: {', '.join(fields) or 'none'}"
            raise UnknownNameError(f"{name} has no parameter {keyword.arg!r}; {hint}", code="UnknownParameter")
        if keyword.arg in keywords:
            raise ArgumentError(f"{name}: {keyword.arg} is given twice", code="BadParameter")
        keywords[keyword.arg] = _value(keyword.value, text, part=_wants_part(fields[keyword.arg]))
    return _build(name, factory, positional, keywords)


def _wants_part(field: dataclasses.Field[Any]) -> bool:
    return any(word in str(field.type) for word in ("Score", "Selector", "Filter", "Strategy", "AnyPart"))


def _build(name: str, factory: Any, positional: list[Any], keywords: dict[str, Any]) -> Any:
    try:
        return factory(*positional, **keywords)
    except TypeError as error:
        if isinstance(error, ArgumentTypeError):
            raise
        message = str(error).replace("__init__()", "").replace(f"{getattr(factory, '__name__', '')}.", "")
        raise ArgumentError(f"{name}: {message.strip()}", code="BadParameter") from error
