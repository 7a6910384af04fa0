"""Workers that do not outlive the process that started them."""

from __future__ import annotations

import os
import threading
import time

__all__ = ["end_with_parent"]


def end_with_parent(every: float = 1.0) -> None:
    """Watch from a thread whether the parent is still there, and end this process at once when it is gone.

    A parent that is killed cannot tell its workers; each would finish its task and then wait for ever.

    Args:
        every: seconds between two looks.
    """
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(every)
        os._exit(1)

    threading.Thread(target=watch, name="querist-parent", daemon=True).start()
