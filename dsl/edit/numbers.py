"""How references change when items come, go, move and get other names."""

from __future__ import annotations

from dsl.edit.plan import Edit
from dsl.pointer import escape, join, parent, split


def renumbered(pointer: str, edit: Edit) -> str | None:
    """Return what *pointer* is called after *edit*; None when what it named is gone."""
    match edit.kind:
        case "add":
            return _shifted(pointer, edit.pointer, edit.index, 1)
        case "drop":
            if pointer == edit.pointer or pointer.startswith(edit.pointer + "/"):
                return None
            where, final = parent(edit.pointer), split(edit.pointer)[-1]
            return _shifted(pointer, where, int(final) + 1, -1) if final.isdigit() else pointer
        case "rename":
            renamed = f"{parent(edit.pointer)}/{escape(edit.name)}"
            return renamed + pointer[len(edit.pointer) :] if _within(pointer, edit.pointer) else pointer
        case "move":
            return _moved(pointer, edit)
    return pointer


def _moved(pointer: str, edit: Edit) -> str:
    where, index = parent(edit.pointer), int(split(edit.pointer)[-1])
    target = _shifted(edit.to, where, index + 1, -1)
    at = edit.index - (edit.to == where and index < edit.index)
    if _within(pointer, edit.pointer):
        return join(target, at) + pointer[len(edit.pointer) :]
    return _shifted(_shifted(pointer, where, index + 1, -1), target, at, 1)


def _within(pointer: str, around: str) -> bool:
    return pointer == around or pointer.startswith(around + "/")


def _shifted(pointer: str, where: str, first: int, by: int) -> str:
    """Return *pointer* with its number in the list *where* changed when it is *first* or later."""
    if not pointer.startswith(where + "/"):
        return pointer
    number, slash, rest = pointer[len(where) + 1 :].partition("/")
    if not number.isdigit() or int(number) < first:
        return pointer
    return f"{where}/{int(number) + by}{slash}{rest}"
