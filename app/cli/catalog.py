"""`parley catalog`: the functions that a definition can call, or those that a foreign document would give; no database, no network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.failures import CHECK_FAILED, CommandFailed
from app.cli.options import Json
from app.cli.output import Output

if TYPE_CHECKING:
    from dsl import Function
    from dsl.imports import Imported

LARGEST_BYTES = 64 * 1024 * 1024  # dsl.imports takes 50 million characters
MOST_PROBLEMS = 20


def register(app: typer.Typer) -> None:
    app.command()(catalog)


def catalog(
    name: Annotated[str | None, typer.Argument(help="One function; without it, all.", show_default=False)] = None,
    openapi: Annotated[Path | None, typer.Option(metavar="FILE", help="What an OpenAPI document would give.", show_default=False)] = None,
    mcp: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What an MCP server's `tools/list` would give.", show_default=False)
    ] = None,
    a2a: Annotated[Path | None, typer.Option(metavar="FILE", help="What an A2A agent card would give.", show_default=False)] = None,
    trusted: Annotated[bool, typer.Option("--trusted", help="With --mcp: believe what the server says of its tools' effects.")] = False,
    as_json: Json = False,
) -> int:
    """List the functions that `call: NAME:VERSION@default` can name, or show one with its input, its output and an example."""
    output = Output(as_json=as_json)
    given = [path for path in (openapi, mcp, a2a) if path is not None]
    if len(given) > 1 or (trusted and mcp is None):
        raise CommandFailed("one of --openapi, --mcp and --a2a at a time; --trusted goes with --mcp", where="parley catalog")
    if not given:
        return _default(name, output)
    found = _imported(openapi, mcp, a2a, trusted)
    _stop_without_functions(found, given[0])
    if name is not None:
        return _show(name, found.functions, output, given[0])
    _tell_problems(found, given[0], output)
    data = {
        "title": found.title,
        "version": found.version,
        "functions": [function.model_dump(mode="json") for function in found.functions],
        "problems": [problem.to_json() for problem in found.problems],
        "left_out": list(found.left_out),
    }
    output.result(data, _overview(found, given[0]))
    return 0


def _default(name: str | None, output: Output) -> int:
    from app.cli.functions import listing, width
    from graphs import catalogue

    entries = list(catalogue.load().values())
    if name is not None:
        return _show(name, entries, output, None)
    lines = [*listing(entries, width()), "", "parley catalog NAME shows what one takes and gives, with an example."]
    output.result({"functions": [entry.model_dump(mode="json") for entry in entries]}, "\n".join(lines))
    return 0


def _show(name: str, functions: Sequence[Function], output: Output, path: Path | None) -> int:
    from app.cli.functions import page, width

    found = [entry for entry in functions if name in (entry.key, entry.name, f"{entry.key}@default")]
    if not found:
        raise _unknown(name, [entry.name for entry in functions], path)
    document = path.resolve().as_uri() if path else ""
    output.result(found[-1].model_dump(mode="json"), page(found[-1], width(), document))
    return 0


def _unknown(name: str, names: Sequence[str], path: Path | None) -> CommandFailed:
    from difflib import get_close_matches

    from dsl.nearest import quoted

    folded = {known.casefold(): known for known in names}
    wanted = name.partition(":")[0].casefold()
    near = [folded[one] for one in get_close_matches(wanted, folded, n=3, cutoff=0.6)]
    near += [known for one, known in folded.items() if wanted in one and known not in near][: 5 - len(near)]
    return CommandFailed(
        f"no function is named {name}",
        where=str(path) if path else "the default catalogue",
        why=f"near it are {quoted(near)}" if near else f"it has {quoted(names)}" if names else "it has none",
        next_step="without NAME, parley catalog lists them all",
        code="no-such-function",
        exit_code=CHECK_FAILED,
    )


def _imported(openapi: Path | None, mcp: Path | None, a2a: Path | None, trusted: bool) -> Imported:
    from app.cli.files import read_text
    from dsl.imports import from_agent_card, from_mcp, from_openapi

    if openapi is not None:
        return from_openapi(read_text(openapi, LARGEST_BYTES))
    if mcp is not None:
        return from_mcp(read_text(mcp, LARGEST_BYTES), trusted=trusted)
    assert a2a is not None
    return from_agent_card(read_text(a2a, LARGEST_BYTES))


def _stop_without_functions(found: Imported, path: Path) -> None:
    """Raise CommandFailed when errors leave nothing over."""
    errors = [problem for problem in found.problems if problem.severity == "error"]
    if errors and not found.functions:
        first = errors[0]
        place = f"{path}:{first.line}:{first.column}" if first.line else str(path)
        raise CommandFailed(
            first.message,
            where=f"{place} ({first.reference})" if first.reference else place,
            why=f"and {len(errors) - 1} more like it" if len(errors) > 1 else "",
            next_step=first.hint,
            code=first.code,
            exit_code=CHECK_FAILED,
            details={"problems": [problem.to_json() for problem in found.problems]},
        )


def _tell_problems(found: Imported, path: Path, output: Output) -> None:
    """Print the problems on stderr, the first twenty of them."""
    for problem in found.problems[:MOST_PROBLEMS]:
        output.note(f"{path}:{problem}" if problem.line else f"{path}: {problem}")
    if len(found.problems) > MOST_PROBLEMS:
        output.note(f"… and {len(found.problems) - MOST_PROBLEMS} more; --json has them")


def _overview(found: Imported, path: Path) -> str:
    from app.cli.functions import common, table, width

    count = f"{len(found.functions):,} function{'s' if len(found.functions) != 1 else ''}"
    left = f", {len(found.left_out):,} left out" if found.left_out else ""
    title = " ".join(part for part in (found.title, found.version) if part)
    lines = [f"{title + ': ' if title else ''}{count} from {path}{left}"]
    server, ways = common(found.functions)
    lines += [server] if server else []
    lines += [f"Sign-in: {ways}"] if ways else []
    if found.functions:
        lines += [
            "",
            *table(found.functions, width()),
            "",
            "parley catalog NAME with the same option shows what one takes and gives, with an example.",
        ]
    return "\n".join(lines)
