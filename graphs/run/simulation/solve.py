"""Find values with which a condition holds: for comparisons of leaves with constants, joined by and, or, not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, product

from graphs.run.simulation import texts
from graphs.run.simulation.shapes import JSON, All, Atom, Either, Fixed, Formula, Key, Not

Clause = tuple[tuple[Atom, bool], ...]  # atoms, and whether each is to hold
_MOST = 16
SIZE = "#"  # a step of a path: how long the list (or text) there is


def solutions(formula: Formula, *, most: int = 4) -> Iterator[dict[Key, JSON]]:
    """Yield assignments of leaves with which *formula* holds; none when nothing is known about it. A length has SIZE at its path's end."""
    for clause in islice(_clauses(formula, True), _MOST):
        if not clause:
            continue
        found = _assigned(clause)
        if found:
            yield found
            most -= 1
            if most == 0:
                return


def _clauses(formula: Formula, holds: bool) -> Iterator[Clause]:
    """Yield the ways in which *formula* holds (or does not), each as atoms that must all be so."""
    if isinstance(formula, Atom):
        yield ((formula, holds),)
    elif isinstance(formula, Not):
        yield from _clauses(formula.part, not holds)
    elif isinstance(formula, Fixed):
        if formula.holds is None or formula.holds is holds:
            yield ()
    elif isinstance(formula, All) is holds:
        for parts in islice(product(*(list(islice(_clauses(part, holds), 4)) for part in formula.parts)), _MOST):
            yield tuple(atom for part in parts for atom in part)
    elif isinstance(formula, All | Either):
        for part in formula.parts:
            yield from _clauses(part, holds)


def _assigned(clause: Clause) -> dict[Key, JSON] | None:
    leaves: dict[Key, list[tuple[Atom, bool]]] = {}
    for atom, holds in clause:
        root, path = atom.key
        key = (root, (*path, SIZE)) if atom.sign.startswith("size ") else atom.key
        leaves.setdefault(key, []).append((atom, holds))
    found: dict[Key, JSON] = {}
    for key, wanted in leaves.items():
        likely = candidates([atom for atom, _ in wanted])
        options = [value for value in likely if all(meets(value, atom) is holds for atom, holds in wanted)]
        if not options:
            return None
        found[key] = options[0]
    return found


def candidates(atoms: Sequence[Atom]) -> list[JSON]:
    """Return values that may meet or miss *atoms*, the likelier ones first."""
    found: list[JSON] = []
    for atom in atoms:
        literal = atom.literal
        if atom.sign.startswith("size "):
            found += [size for size in (literal + 1, literal, literal - 1) if size >= 0] if isinstance(literal, int) else []
        elif atom.sign == "truthy":
            found += [True, False]
        elif atom.sign in ("starts", "ends", "contains", "matches"):
            found += [texts.like(atom.sign, str(literal)), "something else"]
        elif isinstance(literal, bool):
            found += [literal, not literal]
        elif isinstance(literal, int | float):
            found += [literal + 1, literal, literal - 1] if atom.sign in (">", "!=") else [literal, literal - 1, literal + 1]
        elif isinstance(literal, str):
            found += [literal, f"not {literal}" if literal else "something", "something else"]
        else:
            found += [literal, "something"]
    if not any(atom.sign.startswith("size ") for atom in atoms):
        found.append(None)
    unique: list[JSON] = []
    for value in found:
        if not any(value == other and type(value) is type(other) for other in unique):
            unique.append(value)
    return unique


def meets(value: JSON, atom: Atom) -> bool:
    """Tell whether *value* is as *atom* says; for a length, whether a list of that many items is."""
    sign = atom.sign.removeprefix("size ")
    literal = atom.literal
    if sign == "truthy":
        return value is not None and value is not False
    if sign in ("==", "!="):
        same = value == literal and isinstance(value, bool) == isinstance(literal, bool)
        return same == (sign == "==")
    if sign in ("starts", "ends", "contains", "matches"):
        return isinstance(value, str) and texts.meets(value, sign, str(literal))
    if value is None:
        return sign in ("<", "<=") and literal is not None
    if isinstance(value, str) != isinstance(literal, str) or isinstance(value, bool) or isinstance(literal, bool):
        return False
    try:
        return bool({"<": value < literal, "<=": value <= literal, ">": value > literal, ">=": value >= literal}[sign])
    except TypeError:
        return False
