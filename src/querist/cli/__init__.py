"""The command line: one file per verb; results on stdout, logs and bars on stderr."""

from __future__ import annotations

__all__ = ["main"]


def main() -> None:
    """Entry point of the ``querist`` command."""
    from querist.cli.app import main as run

    run()
