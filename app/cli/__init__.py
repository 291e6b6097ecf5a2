"""The command `parley`. Whatever a card decides, the command line can too.

`main` is the entry point of the installed script and of `python -m app`. Commands import what they need when they run,
so that `parley --help` answers at once.
"""

from app.cli.entry import main

__all__ = ["main"]
