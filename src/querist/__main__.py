"""``python -m querist``."""

from querist.cli import main

main()
