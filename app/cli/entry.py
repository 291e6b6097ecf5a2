"""Run one command line, and let no traceback out.

What nobody foresaw is logged with its traceback in PARLEY_HOME/logs and told in words; `--debug`, anywhere, shows the trace.
"""

from __future__ import annotations

import gc
import sys
import tempfile
import traceback
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

from app.cli.failures import CHECK_FAILED, WRONG_USAGE, CommandFailed, explain
from app.cli.output import console, reserved_stdout, visible, write_json


def main(argv: Sequence[str] | None = None) -> int:
    """Run `parley` with *argv* (default: this process's arguments) and return the exit code: 0, 1, 2 or 3."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    end = arguments.index("--") if "--" in arguments else len(arguments)
    debug, as_json = "--debug" in arguments[:end], "--json" in arguments[:end]
    arguments[:end] = [argument for argument in arguments[:end] if argument != "--debug"]
    if argv is None:
        gc.set_threshold(50_000, 20, 20)  # imports make objects that stay: to look for garbage among them is a tenth of a short command
    with reserved_stdout(for_good=argv is None) if as_json else nullcontext():
        return _run(arguments, as_json=as_json, debug=debug)


def _run(arguments: list[str], *, as_json: bool, debug: bool) -> int:
    try:
        from app.cli.commands import app

        return int(app(arguments, prog_name="parley", standalone_mode=False) or 0)
    except KeyboardInterrupt:
        return _stopped(as_json=as_json)
    except BrokenPipeError:  # the reader of a pipe has gone: `parley runs | head`
        sys.stderr.close()
        return CHECK_FAILED
    except Exception as error:  # the one place that catches everything: a person sees words, the log has the trace
        if type(error).__name__ == "Abort":
            return _stopped(as_json=as_json)
        if type(error).__name__ == "NoArgsIsHelpError" and not as_json:
            return WRONG_USAGE  # the help has been printed
        _report(error, as_json=as_json, debug=debug)
        failure = explain(error)
        return failure.exit_code if failure else CHECK_FAILED


def _stopped(*, as_json: bool) -> int:
    """Ctrl-C: say so, in the form that was asked for."""
    stopped = CommandFailed("stopped", why="Ctrl-C", code="stopped", exit_code=CHECK_FAILED)
    if as_json:
        write_json(stopped.to_json())
    else:
        console(stderr=True).print("Stopped.")
    return CHECK_FAILED


def _report(error: Exception, *, as_json: bool, debug: bool) -> None:
    """Print *error* in words; the trace goes to the log when nobody foresaw it, and to stderr with `--debug`."""
    failure = explain(error) or _unforeseen(error)
    if debug:
        traceback.print_exception(error)
    if as_json:
        write_json(failure.to_json())
    else:
        console(stderr=True).print(visible(failure.to_text()))


def _unforeseen(error: Exception) -> CommandFailed:
    log = _log(error)
    return CommandFailed(
        f"something went wrong that Parley did not foresee: {type(error).__name__}",
        where=str(log),
        why=str(error).strip().split("\n")[0] or "no more is known",
        next_step=f"the details are in {log}; please report them, or run again with --debug",
        code="unforeseen",
        exit_code=CHECK_FAILED,
    )


def _log(error: Exception) -> Path:
    """Append the traceback to the log and return its path; when PARLEY_HOME cannot be written, to the temporary folder."""
    text = f"{datetime.now(UTC).isoformat(timespec='seconds')}\n{''.join(traceback.format_exception(error))}\n"
    for folder in (_logs(), Path(tempfile.gettempdir())):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / "parley-errors.log"
            with path.open("a", encoding="utf-8") as stream:
                stream.write(text)
        except OSError:
            continue
        return path
    return Path("-")


def _logs() -> Path:
    """Return PARLEY_HOME/logs; broken settings (perhaps the very error being reported) give the temporary folder."""
    try:
        from app.settings import Settings

        return Settings().home / "logs"
    except (ValueError, OSError):
        return Path(tempfile.gettempdir())
