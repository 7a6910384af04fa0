"""Seeds: items that a person has put first for a class, by words, by an example, or by what the class is.

Nothing is labelled by them; they are asked about first. All of this only reads, and runs in a thread.
"""

from __future__ import annotations

from querist.core.errors import StateError, shorten
from querist.server.alike import most_alike, read_in_use
from querist.server.overview import Overview
from querist.server.project import FEATURES, Project
from querist.server.showing import no_item

__all__ = ["find_seeds"]

_LOOKED_AT = 1_000
"""Items found at most; those that are not free fall out of them."""
_EXAMPLES = 50
_LABELLED = """
    SELECT id FROM item WHERE stream = ? AND state = 'labelled'
    AND EXISTS (SELECT 1 FROM json_tree(item.value) part WHERE part.value = ?) ORDER BY last_seq DESC LIMIT ?
"""


def find_seeds(
    project: Project, overview: Overview, label: str, *, text: str | None = None, item: str | None = None
) -> tuple[list[str], str]:
    """Ids of items to be put first for a class, best first, and the reason in words.

    Args:
        project: open.
        overview: of its journal.
        label: the class.
        text: words that the items hold, in order of rows.
        item: an example that the items are like. With neither, they are like what is labelled so, or else like the name
            of the class, where the encoder reads it.

    Raises:
        StateError: features are not made yet (code ``NoFeatures``), or nothing says what the class is (``NoExample``).
        Problem: no such item (404).
    """
    if text is not None:
        found = [one.id for one in project.items.search(text, limit=_LOOKED_AT)]
        return found, f"It holds words that you gave for {label}."
    folder = project.folder / FEATURES
    if item is not None:
        rows = project.items.rows_of([item])
        if not rows:
            raise no_item()
        return _ids(project, most_alike(folder, _LOOKED_AT, rows=rows)), (
            f"It is like the item that you chose as an example of {label}."
        )
    labelled = [row[0] for row in overview.rows(_LABELLED, label, _EXAMPLES)]
    if labelled:
        rows = most_alike(folder, _LOOKED_AT, rows=project.items.rows_of(labelled))
        return _ids(project, rows), f"It is like items that are labelled {label}."
    vector = read_in_use(folder).names.get(label)
    if vector is None:
        raise StateError(
            f"nothing has the label {shorten(label)!r} yet, and the encoder in use makes nothing of its name; give words "
            "or an item that is an example",
            code="NoExample",
        )
    return _ids(project, most_alike(folder, _LOOKED_AT, vector=vector)), f"It is near in meaning to the name {label}."


def _ids(project: Project, rows: list[int]) -> list[str]:
    return [one.id for one in project.items.at(rows)]
