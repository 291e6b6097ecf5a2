"""`call`: HTTP, or a function of the default catalogue; each in a file of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from dsl.pointer import join
from graphs.run.ports import JSON
from graphs.run.tasks import function_call, http_call
from graphs.run.tasks.do import DoTask
from graphs.run.tree import Block, Body

if TYPE_CHECKING:
    from graphs.run.program import Compiler

_CATALOGUED = re.compile(r"^(?P<key>[^:@/]+:[^:@/]+)@default$")


def prepare(data: Mapping[str, JSON], reference: str, compiler: Compiler, _siblings: Mapping[str, int]) -> Body:
    target = str(data["call"])
    if target == "http":
        return http_call.prepare(data, reference, compiler)
    match = _CATALOGUED.match(target)
    if match is None:
        compiler.not_yet(join(reference, "call"), f"call: {target}", "use call: http or a function NAME:VERSION@default")
    elif match["key"] not in compiler.catalogue:
        known = ", ".join(f"{key}@default" for key in sorted(compiler.catalogue))
        compiler.problem("unknown-function", join(reference, "call"), f"the catalogue has no function '{match['key']}'", f"it has {known}")
    else:
        return function_call.prepare(data, match["key"], compiler)
    return DoTask(Block((), {}))
