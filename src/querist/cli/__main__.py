"""``python -m querist.cli``."""

from querist.cli import main

main()
