"""Markdown told as plain text and in Slack's own markup. Source: Slack, "Formatting text for app surfaces" (mrkdwn)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

from graphs.documents.markdown import Block, Run, Runs, blocks

Words = Callable[[Runs], str]


def plain(text: str) -> str:
    """Return what a reader of *text* sees; the addresses of links follow in brackets."""
    return _joined([_told(block, _plain_words, _plain_words, "") for block in blocks(text)])


def slack(text: str) -> str:
    """Return *text* as mrkdwn: `*bold*`, `_italic_`, `<address|words>`."""
    return _joined([_told(block, _slack_words, _slack_heading, "```") for block in blocks(text)])


def _told(block: Block, words: Words, heading: Words, fence: str) -> tuple[str, bool]:
    """Return the block's text, and whether it is an item of a list."""
    if block.kind == "table":
        return "\n".join(" | ".join(words(cell).replace("\n", " ") for cell in row) for row in block.rows), False
    if block.kind == "code":
        return (f"{fence}\n{block.code}\n{fence}" if fence else block.code), False
    if block.kind == "rule":
        return "――――", False
    said = heading(block.runs) if block.kind == "heading" else words(block.runs)
    if block.kind == "item":
        indent = "  " * (block.level - 1)
        return indent + (f"{block.mark} " if block.mark else "  ") + said.replace("\n", f"\n{indent}  "), True
    return "> " * block.quoted + said.replace("\n", "\n" + "> " * block.quoted), False


def _joined(parts: Sequence[tuple[str, bool]]) -> str:
    """Return the parts with a blank line between, the items of a list without."""
    groups = []
    for is_list, group in groupby(parts, key=lambda part: part[1]):
        texts = [text for text, _ in group]
        groups.append("\n".join(texts) if is_list else "\n\n".join(texts))
    return "\n\n".join(groups)


def _plain_words(runs: Runs) -> str:
    out = []
    for link, group in groupby(runs, key=lambda run: run.link):
        words = "".join(run.text for run in group)
        out.append(f"{words} ({link})" if link and link not in (words, f"mailto:{words}") else words)
    return "".join(out)


def _slack_words(runs: Runs) -> str:
    out = []
    for link, group in groupby(runs, key=lambda run: run.link):
        words = "".join(map(_slack_run, group))
        out.append(f"<{link}|{words}>" if link else words)
    return "".join(out)


def _slack_heading(runs: Runs) -> str:
    return f"*{_plain_words(runs)}*"


def _slack_run(run: Run) -> str:
    text = run.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if not text.strip():
        return text
    for wanted, mark in ((run.code, "`"), (run.strike, "~"), (run.italic, "_"), (run.bold, "*")):
        text = f"{mark}{text}{mark}" if wanted else text
    return text
