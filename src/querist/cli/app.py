"""The command line's frame: the verbs, the version, and errors as one line with an exit code.

Exit codes: 0 done, 1 our fault, 2 usage or configuration, 3 data, 4 state or lock, 5 resource, 130 interrupted with
state saved.
"""

from __future__ import annotations

import sys
import warnings
from typing import Annotated, Any

import typer

from querist import __version__
from querist.cli import (
    backup,
    bench,
    convert,
    demo,
    doctor,
    export,
    import_,
    init,
    label,
    replay,
    report,
    restore,
    run,
    select,
    serve,
    strategies,
)
from querist.cli.state import debug as wants_traceback
from querist.cli.state import set_debug
from querist.core.errors import QueristError, QueristWarning

__all__ = ["app", "main"]

app = typer.Typer(
    name="querist",
    help="Deep active learning: ask for the labels that help most, learn from them, and prove that asking helped.",
    epilog="Start with `querist demo`. Every verb has --help with examples.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for _verb in (
    demo,
    label,
    serve,
    export,
    import_,
    init,
    run,
    select,
    bench,
    report,
    strategies,
    replay,
    convert,
    backup,
    restore,
    doctor,
):
    app.command(
        _verb.command.__name__.rstrip("_"),
        epilog=_verb.EXAMPLES,
        short_help=(_verb.__doc__ or "").partition(": ")[2].strip().rstrip("."),
    )(_verb.command)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"querist {__version__}")
        raise typer.Exit


@app.callback()
def _frame(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    set_debug(debug)


_warned: set[str] = set()
"""A file is read several times, and each time warns anew."""


def _say(text: str) -> None:
    typer.echo(text, err=True)


def _warn(message: Any, category: type[Warning], *_: Any, **__: Any) -> None:
    """Our warnings as one line, each once; nothing of others' on the screen of someone who did not ask."""
    text = str(message)
    if (issubclass(category, QueristWarning) or wants_traceback()) and text not in _warned:
        _warned.add(text)
        _say(f"warning: {text}")


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    warnings.showwarning = _warn
    sys.exit(_run(arguments))


def _run(arguments: list[str] | None) -> int:
    _warned.clear()
    try:
        result = app(args=strategies.bare_cell(sys.argv[1:] if arguments is None else arguments), standalone_mode=False)
        return result if isinstance(result, int) else 0
    except QueristError as error:
        if wants_traceback():
            raise
        _say(f"error: {error} [{error.code}]")
        return error.exit_code
    except KeyboardInterrupt:
        _say("interrupted; what was finished is saved")
        return 130
    except BrokenPipeError:
        return 0
    except Exception as error:
        show = getattr(error, "show", None)
        if show is not None:  # a usage error of the command line itself
            show()
            return int(getattr(error, "exit_code", 2))
        if isinstance(error, typer.Abort):
            return 130
        if wants_traceback():
            raise
        _say(
            f"error: {type(error).__name__}: {error}\nThis is a fault of querist, not yours. "
            "Run again as `querist --debug ...` to see where it happened."
        )
        return 1
