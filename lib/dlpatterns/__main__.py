"""Starts the command: `python -m dlpatterns --help`."""

import sys

if __name__ == "__main__":
    from .command.terminal import main

    sys.exit(main())
