"""What a command prints: with `--json` one JSON object on stdout and nothing else, otherwise text for a person.

Progress, notes and logs go to stderr in both cases.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_HIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_reserved: list[TextIO] = []  # the real stdout, while `reserved_stdout` has put it aside


@contextmanager
def reserved_stdout(*, for_good: bool) -> Iterator[None]:
    """Put the real stdout aside for the one JSON object; inside the `with` everything else that prints lands on stderr.

    Done with file descriptors, since libraries and child processes (a starting PostgreSQL) write there as well. *for_good*: and afterwards,
    when the process ends, too.
    """
    sys.stdout.flush()
    real = os.fdopen(os.dup(1), "w", encoding="utf-8")
    _reserved.append(real)
    os.dup2(2, 1)
    try:
        yield
    finally:
        if not for_good:
            sys.stdout.flush()
            os.dup2(real.fileno(), 1)
            _reserved.pop().close()


def write_json(data: Mapping[str, Any]) -> None:
    """Write *data* as one line of JSON to stdout. Times and paths become text."""
    stream = _reserved[-1] if _reserved else sys.stdout
    stream.write(json.dumps(data, ensure_ascii=False, default=str) + "\n")
    stream.flush()


def console(*, stderr: bool = False) -> Console:
    """Return a console that neither wraps nor recolours what we say; without a terminal it prints plain text."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, soft_wrap=True, emoji=False, markup=False)


def visible(text: str) -> str:
    """Return *text* with control and bidirectional characters spelt out: a definition must not redraw the terminal it is judged in."""
    return _HIDDEN.sub(lambda match: match.group().encode("unicode_escape").decode(), text)


def _styled(text: str, styles: Mapping[str, str]) -> Text:
    from rich.text import Text

    shown = Text(text)
    for word, style in styles.items():
        shown.highlight_regex(rf"(?m)(?<=\d: ){word}(?=: )", style)
    return shown


class Output:
    """Where one command's result goes."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.out = console()
        self.err = console(stderr=True)

    def result(self, data: Mapping[str, Any], text: str, styles: Mapping[str, str] | None = None) -> None:
        """Print *data* as JSON or *text* for a person, whichever was asked for; on a terminal `PLACE: WORD: ` has the style of its word."""
        if self.as_json:
            write_json(data)
        elif styles and self.out.is_terminal:
            self.out.print(_styled(visible(text), styles))
        else:
            self.out.print(visible(text))

    def note(self, text: str) -> None:
        """Say how it goes; never part of the result."""
        self.err.print(visible(text), style="dim")
