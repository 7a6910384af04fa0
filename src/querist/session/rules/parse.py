"""Reads the text form of stop rules with Python's own grammar; nothing is evaluated.

Accepted are names of registered rules, calls with keyword parameters (the first may stand by position), numbers,
strings with or without quotes, ``|`` (any), ``&`` (all) and brackets.
"""

from __future__ import annotations

import ast
import inspect
from typing import Any

from querist.core.errors import ArgumentError, ArgumentTypeError, UnknownNameError, nearest, shorten
from querist.core.registry import Registry
from querist.core.registry import registry as standard
from querist.session.rules.base import StopRuleBase

__all__ = ["parse_rule"]

_LONGEST = 10_000
_EXAMPLE = "write e.g. 'max_labels(500) | plateau(metric=accuracy, patience=5)'"


def parse_rule(text: str, *, registry: Registry | None = None) -> StopRuleBase:
    """The stop rule that ``text`` writes.

    Args:
        text: e.g. ``"max_labels(500) | plateau(metric=accuracy, patience=5)"``.
        registry: where names are looked up; the registry of this process when None.

    Raises:
        ArgumentTypeError: ``text`` is no text (code ``BadExpression``).
        ArgumentError: it is no expression of rules (``BadExpression``), or a value does not fit (``BadParameter``,
            or the rule's own code).
        UnknownNameError: a rule (``UnknownName``) or a parameter (``UnknownParameter``) is not known.

    >>> str(parse_rule("max_labels(n=500) | plateau(patience=3)"))
    'max_labels(500) | plateau(patience=3)'
    """
    if not isinstance(text, str):
        raise ArgumentTypeError(
            f"a stop rule's text is needed; got {type(text).__name__} {shorten(text)}", code="BadExpression"
        )
    if len(text) > _LONGEST:
        raise ArgumentError(
            f"the stop rule's text has {len(text)} characters; at most {_LONGEST}", code="BadExpression"
        )
    text = text.strip()
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError) as error:
        where = f" at column {error.offset}" if isinstance(error, SyntaxError) and error.offset else ""
        raise ArgumentError(
            f"cannot read the stop rule {shorten(text)!r}{where}: {_EXAMPLE}", code="BadExpression"
        ) from error
    except (RecursionError, MemoryError) as error:
        raise _too_deep(text) from error
    try:
        return _Reader(text, registry or standard).rule(tree.body)
    except RecursionError as error:
        raise _too_deep(text) from error


def _too_deep(text: str) -> ArgumentError:
    return ArgumentError(f"the stop rule {shorten(text)!r} is nested too deeply", code="BadExpression")


class _Reader:
    """Walks the tree of one text."""

    def __init__(self, text: str, registry: Registry) -> None:
        self.text = text
        self.registry = registry

    def rule(self, node: ast.expr) -> StopRuleBase:
        if isinstance(node, ast.Name):
            return self.build(node.id, [], [])
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return self.build(node.func.id, node.args, node.keywords)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            return self.rule(node.left) | self.rule(node.right)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitAnd):
            return self.rule(node.left) & self.rule(node.right)
        raise self.refuse(node)

    def refuse(self, node: ast.AST) -> ArgumentError:
        piece = ast.get_source_segment(self.text, node) or self.text
        return ArgumentError(
            f"{shorten(piece)!r} has no meaning in a stop rule; the operators are | (any) and & (all): {_EXAMPLE}",
            code="BadExpression",
        )

    def build(self, name: str, args: list[ast.expr], keywords: list[ast.keyword]) -> StopRuleBase:
        factory = self.registry.find(name, "stop_rule").factory
        parameters = inspect.signature(factory).parameters
        many = any(p.kind is p.VAR_POSITIONAL for p in parameters.values())
        if many:
            positional: list[Any] = [self.rule(node) for node in args]
        elif len(args) > 1:
            raise ArgumentError(
                f"{name} takes its first parameter by position and the others by name ({', '.join(parameters)}); "
                f"got {len(args)} by position",
                code="BadParameter",
            )
        else:
            positional = [self.value(node) for node in args]
        named: dict[str, Any] = {}
        for keyword in keywords:
            if keyword.arg is None:
                raise self.refuse(keyword.value)
            if many or keyword.arg not in parameters:
                near = nearest(keyword.arg, parameters, 3)
                hint = f"did you mean {', '.join(near)}?" if near else f"it takes: {', '.join(parameters) or 'none'}"
                raise UnknownNameError(f"{name} has no parameter {keyword.arg!r}; {hint}", code="UnknownParameter")
            named[keyword.arg] = self.value(keyword.value)
        return self.call(name, factory, positional, named)

    def call(self, name: str, factory: Any, positional: list[Any], named: dict[str, Any]) -> StopRuleBase:
        signature = inspect.signature(factory)
        try:
            signature.bind(*positional, **named)
        except TypeError as error:
            raise ArgumentError(
                f"{name}: {error}; it takes: {', '.join(signature.parameters) or 'none'}", code="BadParameter"
            ) from error
        made = factory(*positional, **named)
        if not isinstance(made, StopRuleBase):
            raise ArgumentTypeError(
                f"{name} made {type(made).__name__}, which is no stop rule; a rule inherits StopRuleBase",
                code="NotARule",
            )
        return made

    def value(self, node: ast.expr) -> Any:
        """A parameter's value: a number, a string, a bare word, True, False or None."""
        if isinstance(node, ast.Constant) and isinstance(node.value, (int, float, str, type(None))):
            return node.value
        if isinstance(node, ast.Name):
            return node.id
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            inner = self.value(node.operand)
            if isinstance(inner, (int, float)) and not isinstance(inner, bool):
                return -inner
        raise self.refuse(node)
