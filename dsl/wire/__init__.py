"""Definitions in a shape that a model can be held to while it writes: closed objects, no chosen names as keys.

    {"name": "daily-orders", …, "schedule": {"cron": "0 9 * * 1-5", …},
     "do": [{"kind": "http", "name": "get-orders", "title": "Fetch the orders", "method": "get", "endpoint": "https://…", …},
            {"kind": "set", "name": "keep", "set": [{"name": "total", "value": "${ .total }"}], …}]}

A field that says nothing is null. What is an object of chosen names in the language is a list of `{name, value}`; a value is text (an
expression, too), a number, true or false, null, a list, or `{"fields": [{name, value}, …]}` for an object. Text stays text. Durations
are "5 minutes", "PT5M" or an expression. `kind` is what a task does: one of the wire's kinds, or the name behind `call:`. Whatever has no
field of its own stands in `extra` as pairs, so everything of the language can be written, and the way back is exact.
"""

from dsl.wire.convert import from_wire, kinds_in, tasks_from_wire, tasks_to_wire, to_wire
from dsl.wire.problems import WireError
from dsl.wire.schema import wire_schema

__all__ = ["WireError", "from_wire", "kinds_in", "tasks_from_wire", "tasks_to_wire", "to_wire", "wire_schema"]
