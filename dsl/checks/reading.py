"""What an expression gives, as far as it is known, and the fields it reads that are never there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from dsl.expressions.tree import Node
from dsl.shapes import NUMBER, TEXT, TRUTH, Items, Object, Scalar, Shape, either, together

# functions of jq by what they give; the item functions look at each item of a list
_TEXTS: Final = {
    "tostring", "join", "ascii_downcase", "ascii_upcase", "tojson", "ltrimstr", "rtrimstr", "trim", "ltrim", "rtrim", "sub", "gsub", "type",
    "todate",
}  # fmt: skip
_NUMBERS: Final = frozenset({"length", "tonumber", "floor", "round", "ceil", "sqrt", "fabs", "now", "utf8bytelength"})
_TRUTHS: Final = frozenset({"not", "has", "contains", "inside", "startswith", "endswith", "test", "any", "all", "isvalid", "IN"})
_SAME: Final = frozenset({"sort", "sort_by", "reverse", "unique", "unique_by", "select"})
_ONE: Final = frozenset({"first", "last", "min", "max", "min_by", "max_by"})
_OF_ITEMS: Final = frozenset({"map", "sort_by", "group_by", "unique_by", "min_by", "max_by", "any", "all"})
_COMPARES: Final = frozenset({"==", "!=", "<", "<=", ">", ">=", "and", "or"})


@dataclass(frozen=True, slots=True)
class Missing:
    """A field that is read and never there."""

    path: str  # as it is written, ".orders.totl"
    name: str
    of: Object | Scalar
    base: str  # the path before it


Report = Callable[[Missing], None]


@dataclass(frozen=True, slots=True)
class Reader:
    """Evaluates trees to shapes. *variables* by name without `$`; those that are left out are not known."""

    variables: Mapping[str, Shape | None]
    report: Report | None
    origin: str  # of objects made here

    def whole(self, node: Node, dot: Shape | None) -> Shape | None:
        """Return what the expression gives where one value is wanted: several results would be a list."""
        shape = self.shape(node, dot)
        return shape if _gives_one(node) else None

    def shape(self, node: Node, dot: Shape | None) -> Shape | None:
        """Return what *node* gives for the value *dot*."""
        if node.kind == "dot":
            return dot
        if node.kind == "variable":
            return self.variables.get(node.text)
        operation = _OPERATIONS.get(node.kind)
        return operation(self, node, dot) if operation else None

    def _quiet(self) -> Reader:
        return Reader(self.variables, None, self.origin) if self.report else self

    def _maybe(self, node: Node, dot: Shape | None) -> Shape | None:
        return self._quiet().shape(node.parts[0], dot)

    def _list(self, node: Node, dot: Shape | None) -> Shape | None:
        return Items(self.shape(node.parts[0], dot) if node.parts else None)

    def _text(self, node: Node, dot: Shape | None) -> Shape | None:
        for part in node.parts:
            self.shape(part, dot)
        return TEXT

    def _literal(self, node: Node, _dot: Shape | None) -> Shape | None:
        return {"number": NUMBER, "boolean": TRUTH}.get(node.text)

    def _pipe(self, node: Node, dot: Shape | None) -> Shape | None:
        return self.shape(node.parts[1], self.shape(node.parts[0], dot))

    def _comma(self, node: Node, dot: Shape | None) -> Shape | None:
        return either(self.shape(node.parts[0], dot), self.shape(node.parts[1], dot))

    def _default(self, node: Node, dot: Shape | None) -> Shape | None:
        return either(self._quiet().shape(node.parts[0], dot), self.shape(node.parts[1], dot))

    def _minus(self, node: Node, dot: Shape | None) -> Shape | None:
        self.shape(node.parts[0], dot)
        return NUMBER

    def _bind(self, node: Node, dot: Shape | None) -> Shape | None:
        bound = {**self.variables, node.text: self.shape(node.parts[0], dot)}
        return Reader(bound, self.report, self.origin).shape(node.parts[1], dot)

    def _field(self, node: Node, dot: Shape | None) -> Shape | None:
        base = self.shape(node.parts[0], dot)
        if isinstance(base, Object):
            if node.text in base.fields:
                return base.fields[node.text]
            if base.closed and self.report:
                self._missing(node, base)
        elif isinstance(base, Scalar) and self.report:
            self._missing(node, base)
        return None

    def _missing(self, node: Node, base: Object | Scalar) -> None:
        if self.report and "(" not in written(node):  # what is computed on the way has other checks
            self.report(Missing(written(node), node.text, base, written(node.parts[0])))

    def _items(self, node: Node, dot: Shape | None) -> Shape | None:
        base = self.shape(node.parts[0], dot)
        for index in node.parts[1:]:
            self.shape(index, dot)
        if node.kind == "slice":
            return base if isinstance(base, Items) else None
        return base.item if isinstance(base, Items) else None

    def _object(self, node: Node, dot: Shape | None) -> Object:
        fields: dict[str, Shape | None] = {}
        closed = True
        for key, value in zip(node.parts[::2], node.parts[1::2], strict=True):
            shape = self.shape(value, dot)
            if key.kind == "key":
                fields[key.text] = shape
            else:
                self.shape(key, dot)
                closed = False
        return Object(fields if closed else dict.fromkeys(fields), closed, self.origin)

    def _operator(self, node: Node, dot: Shape | None) -> Shape | None:
        left, right = node.parts
        nothing = Node("literal", "null")
        reader = self._quiet() if nothing in (left, right) and node.text in ("==", "!=") else self  # asks whether it is there
        one, other = reader.shape(left, dot), reader.shape(right, dot)
        if node.text in _COMPARES:
            return TRUTH
        return together(one, other, self.origin) if node.text == "+" else None

    def _assign(self, node: Node, dot: Shape | None) -> Shape | None:
        path, value = node.parts
        given = self.shape(value, dot if node.text == "=" else None)
        if node.text == "=" and path.kind == "field" and path.parts[0].kind == "dot" and isinstance(dot, Object):
            return Object({**dot.fields, path.text: given}, dot.closed, dot.origin)
        return None

    def _choose(self, node: Node, dot: Shape | None) -> Shape | None:
        *pairs, otherwise = node.parts
        found = self.shape(otherwise, dot)
        for condition, then in zip(pairs[::2], pairs[1::2], strict=True):
            self.shape(condition, dot)
            found = either(found, self.shape(then, dot))
        return found

    def _call(self, node: Node, dot: Shape | None) -> Shape | None:
        item = dot.item if isinstance(dot, Items) else None
        inner = item if node.text in _OF_ITEMS and len(node.parts) == 1 else dot if node.text == "select" else None
        given = [self.shape(part, inner) for part in node.parts]
        if node.text == "map" and len(given) == 1:
            return Items(given[0])
        if node.text in _SAME:
            return dot if isinstance(dot, Items) or node.text == "select" else None
        if node.text in _ONE and (not node.parts or node.text.endswith("_by")):
            return item
        if node.text == "group_by":
            return Items(dot) if isinstance(dot, Items) else None
        if node.text.startswith("@") or node.text in _TEXTS:
            return TEXT
        return NUMBER if node.text in _NUMBERS else TRUTH if node.text in _TRUTHS else None


_OPERATIONS: Final[Mapping[str, Callable[[Reader, Node, Shape | None], Shape | None]]] = {
    "field": Reader._field, "maybe": Reader._maybe, "minus": Reader._minus,
    "at": Reader._items, "each": Reader._items, "slice": Reader._items,
    "object": Reader._object, "list": Reader._list, "text": Reader._text, "literal": Reader._literal, "pipe": Reader._pipe,
    "comma": Reader._comma, "default": Reader._default, "operator": Reader._operator, "assign": Reader._assign, "choose": Reader._choose,
    "bind": Reader._bind, "call": Reader._call,
}  # fmt: skip


def _gives_one(node: Node) -> bool:
    """Tell whether an expression certainly has not several results."""
    if node.kind in ("each", "comma"):
        return False
    if node.kind in ("list", "text", "literal", "variable", "dot", "key"):
        return True
    if node.kind == "call":
        return node.text in _TEXTS | _NUMBERS | _TRUTHS | _SAME | _ONE | {"map", "group_by", "add", "keys", "to_entries", "from_entries"}
    return all(_gives_one(part) for part in node.parts)


def written(node: Node) -> str:
    """Return a path as one writes it, "…" for what is no path."""
    match node.kind:
        case "dot":
            return "."
        case "variable":
            return f"${node.text}"
        case "field":
            base = written(node.parts[0])
            return f"{'' if base == '.' else base}.{node.text}"
        case "at" | "each" | "slice":
            return f"{written(node.parts[0])}[]"
        case "maybe":
            return written(node.parts[0])
    return "(…)"
