"""python -m querist.server.trainer FOLDER."""

from __future__ import annotations

import sys

from querist.server.trainer.process import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
