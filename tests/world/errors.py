"""What can go wrong with a scripted world.

WorldError
  BadDescription     the YAML says something a world cannot do; the message names the place
  NotSeenInTime      a request or a held answer did not come in the time allowed
"""

from __future__ import annotations


class WorldError(Exception):
    """A scripted world could not be read, started, stopped or asked."""


class BadDescription(WorldError):
    """A description is wrong; `problems` has one line per mistake, each with its place."""

    def __init__(self, source: str, problems: list[str]) -> None:
        super().__init__(f"{source} describes no world:\n" + "\n".join(f"  {problem}" for problem in problems))
        self.problems = tuple(problems)


class NotSeenInTime(WorldError):
    """What a test waited for did not happen; the message says what was seen instead."""
