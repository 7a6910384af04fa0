"""A process that reads one file for an import: ``python -m querist.server.import_process``.

It is given an order, one line of JSON on its input, and says one line on its output: ``{"done": ...}``, ``{"error":
{"type", "text", "code"}}``, or ``{"fault": ...}`` with the place of a fault of ours. It writes the answers to a file of
their own, a line of JSON a piece, and puts the items into the project's items' file; the journal is the server's alone.
When its input ends, so does it: nobody waits for it any more.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

from querist.core.errors import DataError, QueristError
from querist.core.types import Json
from querist.data.atomic import disk_full, no_space
from querist.data.item_store import ItemStore
from querist.server.bring import Target
from querist.server.importing import check_file, read_file
from querist.server.task import Task

__all__ = ["main"]


def main() -> None:
    """Do what the order says."""
    order: dict[str, Any] = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_the_server, daemon=True).start()
    try:
        said: dict[str, Any] = {"done": _done(order)}
    except MemoryError:
        said = {"error": _error(DataError(f"{order['name']} takes more memory than an import may", code="TooLarge"))}
    except QueristError as error:
        said = {"error": _error(error)}
    except Exception as error:
        if no_space(error):
            kept = "Nothing of this import was taken, all before is kept."
            said = {"error": _error(disk_full(Path(order["items"]).parent, kept, None, type(error).__name__))}
        else:
            said = {"fault": _place(error)}
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


def _done(order: dict[str, Any]) -> dict[str, Any]:
    target = Target(**{**order["target"], "task": Task.from_json(order["target"]["task"])})
    path, name, new_classes = Path(order["path"]), order["name"], order["new_classes"]
    with ItemStore(Path(order["items"]), create=False) as items:
        if order["answers"] is None:
            return check_file(target, items, path, name, new_classes=new_classes).shown()
        with open(order["answers"], "w", encoding="utf-8", buffering=1) as file:

            def keep(piece: list[dict[str, Json]]) -> None:
                file.write(json.dumps(piece) + "\n")

            read = read_file(target, items, path, name, keep, skip_bad=order["skip_bad"], new_classes=new_classes)
            return read.shown()


def _error(error: QueristError) -> dict[str, str]:
    return {"type": type(error).__name__, "text": str(error), "code": error.code}


def _place(error: BaseException) -> str:
    """The class of a fault and where it arose, without what it says: that may hold data."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__} at {Path(frames[-1].filename).name}:{frames[-1].lineno}"


def _end_with_the_server() -> None:
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    main()
