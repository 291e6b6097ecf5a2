"""Walk a definition over shapes: what every call, event and person would have to answer so that the later expressions make sense of it.

Every way that the flow can take is walked, a task at most a few times; nothing is evaluated and nothing leaves the process.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from dsl.catalogue import Catalogue
from dsl.expressions import is_expression
from dsl.pointer import join
from dsl.settings import parley_of
from graphs.run.ports import JSON
from graphs.run.simulation import operations
from graphs.run.simulation.declared import ERROR, address, as_asked, envelope, filters, promised
from graphs.run.simulation.noting import Noting, Sketch
from graphs.run.simulation.outside import function_of, outside
from graphs.run.simulation.places import Exit, Place, State
from graphs.run.simulation.shapes import (
    ANY,
    NOTHING,
    All,
    Atom,
    Formula,
    Listed,
    Made,
    Not,
    Record,
    Source,
    Value,
    sources,
    union,
)
from graphs.run.tasks import kind_of

_VISITS = 4  # of one task, each with other data


def sketch(
    definition: Mapping[str, JSON],
    catalogue: Catalogue,
    workflows: Sequence[Mapping[str, JSON]] = (),
    schemas: Mapping[str, Mapping[str, JSON]] | None = None,
) -> Sketch:
    """
    Return what the expressions of *definition* say about its input and about everything it is answered.

    Args:
        workflows: Definitions that `run: workflow` may name.
        schemas: What is known of answers from elsewhere (an OpenAPI document): reference → JSON Schema.
    """
    walk = _Walk(catalogue, workflows, schemas or {})
    walk.workflow(definition, "", walk.source("input", None), 0)
    return walk.sketch


class _Walk(Noting):
    def __init__(self, catalogue: Catalogue, workflows: Sequence[Mapping[str, JSON]], schemas: Mapping[str, Mapping[str, JSON]]) -> None:
        super().__init__()
        self.catalogue = catalogue
        self.schemas = schemas
        self.children = {(str(one["document"]["namespace"]), str(one["document"]["name"])): one for one in workflows}

    def workflow(self, definition: Mapping[str, JSON], base: str, raw: Value, depth: int) -> Value:
        own = definition.get("input") or {}
        schema = (own.get("schema") or {}).get("document")
        for source in sources(raw):
            source.schema = source.schema or schema
        if not base and "on" in (definition.get("schedule") or {}):
            for source in sources(raw):
                source.want("array")
                envelope(source.element(), (definition["schedule"]["on"] or {}))
        names = map(str, (definition.get("use") or {}).get("secrets") or ())
        secrets = Record({name: self.source(f"secret:{name}", None) for name in names}, closed=False)
        shown = Record({"input": raw, "id": (Made("string"),), "definition": ANY, "startedAt": ANY}, closed=False)
        variables: dict[str, Value] = {"workflow": (shown,), "secrets": (secrets,), "runtime": ANY}
        data = self.template(own["from"], raw, variables, f"{base}/input", bare=True) if "from" in own else raw
        place = Place(base, variables, definition, depth)
        exits = self.block(definition.get("do") or [], "/do", State(data, (Record({}),)), place)
        out = union(*(one.state.data for one in exits)) if exits else NOTHING
        output = definition.get("output") or {}
        if "as" not in output:
            return out
        ends = {**variables, "context": union(*(one.state.context for one in exits))}
        self.sketch._visited[f"{base}/output"] += 1
        return self.template(output["as"], out, ends, f"{base}/output", bare=True)

    def block(self, items: list[Mapping[str, JSON]], where: str, state: State, place: Place) -> list[Exit]:
        """Walk a list of tasks by every way through it."""
        tasks = [(str(name), task, join(where, number, str(name))) for number, item in enumerate(items) for name, task in item.items()]
        names = {name: number for number, (name, _, _) in enumerate(tasks)}
        waiting, visits, exits = [(0, state)], Counter[int](), list[Exit]()
        while waiting and self.left > 0:
            number, now = waiting.pop(0)
            if number >= len(tasks):
                exits.append(Exit(now, "continue"))
                continue
            if visits[number] >= _VISITS:
                continue
            visits[number] += 1
            _, task, reference = tasks[number]
            for one in self.task(task, reference, now, place):
                if one.then in ("exit", "end"):
                    exits.append(one)
                else:
                    waiting.append((number + 1 if one.then == "continue" else names.get(one.then, number + 1), one.state))
        return exits[:8] or [Exit(state, "continue")]

    def inner(self, items: list[Mapping[str, JSON]], where: str, state: State, place: Place) -> Iterator[Exit]:
        """Walk a list inside a task: `exit` leaves only it."""
        for one in self.block(items, where, state, place):
            yield Exit(one.state, "end" if one.then == "end" else "continue")

    def task(self, task: Mapping[str, JSON], reference: str, state: State, place: Place) -> list[Exit]:
        where = place.base + reference
        self.sketch._visited[where] += 1
        known = {**place.variables, "context": state.context, "task": ANY}
        exits: list[Exit] = []
        if "if" in task:
            formula = self.condition(task["if"], state.data, known, where)
            self.way(where, "if:true", formula)
            self.way(where, "if:false", Not(formula))
            exits.append(Exit(state, "continue"))
        own = task.get("input") or {}
        self.promise(state.data, own)
        data = self.template(own["from"], state.data, known, where, bare=True) if "from" in own else state.data
        known["input"] = data
        inside = Place(place.base, known, place.definition, place.depth)
        then = str(task.get("then") or "continue")
        flows = self.body(task, reference, State(data, state.context), inside)
        return exits + [self.leave(task, where, one, {**known, "context": one.state.context}, then) for one in flows]

    def leave(self, task: Mapping[str, JSON], where: str, one: Exit, known: Mapping[str, Value], then: str) -> Exit:
        """Apply `output.as` and `export.as`, and say where it goes on."""
        output = task.get("output") or {}
        raw = one.state.data
        data = self.template(output["as"], raw, {**known, "output": raw}, where, bare=True) if "as" in output else raw
        if "as" not in output:
            self.promise(data, output)
        export = task.get("export") or {}
        context = one.state.context
        if "as" in export:
            context = self.template(export["as"], data, {**known, "output": data}, where, bare=True)
        compensate = parley_of(task).get("compensate")
        if isinstance(compensate, list):
            variables = {**known, "output": data}
            self.block(compensate, f"{where}/metadata/parley/compensate", State(data, context), Place("", variables, {}))
        return Exit(State(data, context), one.then if one.then != "continue" else then)

    # the kinds of tasks

    def body(self, task: Mapping[str, JSON], reference: str, state: State, place: Place) -> Iterator[Exit]:
        kind = kind_of(task)
        where = place.base + reference
        if kind == "do":
            yield from self.inner(task["do"], f"{reference}/do", state, place.inside())
        elif kind == "set":
            yield self._out(self.template(task["set"], state.data, place.variables, where), state)
        elif kind == "switch":
            yield from self._switch(task, where, state, place)
        elif kind == "for":
            yield from self._for(task, reference, state, place)
        elif kind == "fork":
            yield from self._fork(task, reference, state, place)
        elif kind == "try":
            yield from self._try(task, reference, state, place)
        elif kind == "raise":
            self._raise(task, where, state, place)
        elif kind == "emit":
            event = self.template((task["emit"].get("event") or {}).get("with") or {}, state.data, place.variables, where)
            fields = event[0].fields if isinstance(event[0], Record) else {}
            yield self._out((Record({**dict.fromkeys(("id", "source", "time", "specversion"), (Made("string"),)), **fields}),), state)
        elif kind == "listen":
            yield from self._listen(task, reference, state, place)
        elif kind == "wait":
            self.template(task["wait"], state.data, place.variables, where)
            yield Exit(state, "continue")
        elif kind == "run":
            yield self._out(self._run(task, where, state, place), state)
        else:
            yield from self._call(task, reference, state, place)

    def _out(self, data: Value, state: State) -> Exit:
        return Exit(State(data, state.context), "continue")

    def _switch(self, task: Mapping[str, JSON], where: str, state: State, place: Place) -> Iterator[Exit]:
        before: list[Formula] = []
        otherwise = None
        for number, item in enumerate(task["switch"]):
            for name, case in item.items():
                if case.get("when") is None:
                    otherwise = (f"case:{number}/{name}", case)
                    continue
                formula = self.condition(case["when"], state.data, place.variables, where)
                self.way(where, f"case:{number}/{name}", All((*before, formula)))
                before.append(Not(formula))
                yield Exit(state, str(case.get("then") or "continue"))
        way, case = otherwise or ("case:none", {})
        self.way(where, way, All(tuple(before)))
        yield Exit(state, str(case.get("then") or "continue"))

    def _for(self, task: Mapping[str, JSON], reference: str, state: State, place: Place) -> Iterator[Exit]:
        loop = task["for"]
        where = place.base + reference
        listed = self.read(str(loop.get("in")), state.data, place.variables, where)
        each = operations.items(listed)
        self.sketch.loops.setdefault(where, each)
        self._sizes(where, listed)
        variables = {**place.variables, str(loop.get("each") or "item"): each, str(loop.get("at") or "index"): (Made("number"),)}
        around = Place(place.base, variables, place.definition, place.depth)
        if "while" in task:
            formula = self.condition(task["while"], state.data, variables, where)
            self.way(where, "while:false", Not(formula))
        yield Exit(state, "continue")
        now = [state]
        for _ in range(2):
            after: list[State] = []
            for one in now[:3]:
                for flow in self.inner(task.get("do") or [], f"{reference}/do", one, around.inside()):
                    if flow.then == "end":
                        yield flow
                    else:
                        after.append(flow.state)
            now = after
            yield from (Exit(one, "continue") for one in after[:2])

    def _sizes(self, where: str, listed: Value) -> None:
        """Note what the length of the list depends on."""
        for thing in listed:
            origin = thing if isinstance(thing, Source) else thing.of if isinstance(thing, Listed) else None
            if origin is None:
                continue
            filtered: tuple[Formula, ...] = (thing.where,) if isinstance(thing, Listed) and thing.where is not None else ()
            self.way(where, "for:0", Atom(origin.key, "size ==", 0))
            self.way(where, "for:1", All((Atom(origin.key, "size ==", 1), *filtered)))
            self.way(where, "for:many", All((Atom(origin.key, "size >", 1), *filtered)))

    def _fork(self, task: Mapping[str, JSON], reference: str, state: State, place: Place) -> Iterator[Exit]:
        outputs, contexts, ends = [], [], False
        around = place.inside()
        for number, item in enumerate(task["fork"].get("branches") or []):
            for name, branch in item.items():
                found = self.task(branch, join(f"{reference}/fork/branches", number, str(name)), state, around)
                outputs.append(union(*(one.state.data for one in found)))
                contexts += [one.state.context for one in found]
                ends = ends or any(one.then == "end" for one in found)
        context = union(*contexts) if contexts else state.context
        if task["fork"].get("compete"):
            yield Exit(State(union(*outputs) if outputs else NOTHING, context), "continue")
        else:
            joined = Listed(union(*outputs) if outputs else (), length=len(outputs), places=tuple(outputs))
            yield Exit(State((joined,), context), "continue")
        if ends:
            yield Exit(State(union(*outputs), context), "end")

    def _try(self, task: Mapping[str, JSON], reference: str, state: State, place: Place) -> Iterator[Exit]:
        yield from self.inner(task["try"], f"{reference}/try", state, place.inside())
        catch = task.get("catch") or {}
        where = place.base + reference
        error = self.source(f"error:{where}", ERROR)
        variables = {**place.variables, str(catch.get("as") or "error"): error, "error": error}
        asked = [self.condition(catch["when"], error, variables, where)] if "when" in catch else []
        asked += [Not(self.condition(catch["exceptWhen"], error, variables, where))] if "exceptWhen" in catch else []
        self.way(where, "caught", All(tuple(asked)))
        if isinstance(catch.get("do"), list):
            around = place.inside(variables)
            yield from self.inner(catch["do"], f"{reference}/catch/do", state, around)
        elif "retry" not in catch:
            yield Exit(state, "continue")

    def _raise(self, task: Mapping[str, JSON], where: str, state: State, place: Place) -> None:
        error = task["raise"].get("error")
        if isinstance(error, str):
            error = ((place.definition.get("use") or {}).get("errors") or {}).get(error)
        self.template(error, state.data, place.variables, where)

    def _listen(self, task: Mapping[str, JSON], reference: str, state: State, place: Place) -> Iterator[Exit]:
        where = place.base + reference
        (event,) = self.source(f"event:{where}", None)
        assert isinstance(event, Source)
        envelope(event, task["listen"].get("to") or {})
        for one in filters(task["listen"].get("to") or {}):
            self._filter(one, event, state, place, where)
        read = task["listen"].get("read") or "data"
        item: Value = (event,) if read == "envelope" else (event.member("data"),) if read == "data" else (Made("string"),)
        each = task.get("foreach")
        found: list[State] = []
        if isinstance(each, Mapping):
            names = {str(each.get("item") or "item"): item, str(each.get("at") or "index"): (Made("number"),)}
            around = place.inside(names)
            flows = self.inner(each.get("do") or [], f"{reference}/foreach/do", State(item, state.context), around)
            found = [flow.state for flow in flows]
            item = union(*(one.data for one in found)) if found else item
        until = (task["listen"].get("to") or {}).get("until")
        if isinstance(until, str):
            self.condition(until, (Listed((event.member("data"),)),), place.variables, where)
        yield Exit(State((Listed(item),), found[0].context if found else state.context), "continue")

    def _filter(self, one: Mapping[str, JSON], event: Source, state: State, place: Place, where: str) -> None:
        for name, value in (one.get("with") or {}).items():
            if name == "data" and is_expression(value):
                event.member("data").needs.append(self.condition(value, (event.member("data"),), place.variables, where))
            else:
                self.template(value, state.data, place.variables, where)
        for correlation in (one.get("correlate") or {}).values():
            self.read(str(correlation.get("from")), (event,), place.variables, where)
            expect = correlation.get("expect")
            if isinstance(expect, str):
                self.template(expect, state.data, place.variables, where)

    def _run(self, task: Mapping[str, JSON], where: str, state: State, place: Place) -> Value:
        run = task["run"]
        child = run.get("workflow")
        if not isinstance(child, Mapping):
            self.template(run, state.data, place.variables, where)
            return state.data if run.get("await") is False else self.source(f"answer:{where}", self.schemas.get(where))
        given = self.template(child["input"], state.data, place.variables, where) if "input" in child else state.data
        if run.get("await") is False:
            return state.data
        definition = self.children.get((str(child.get("namespace", "default")), str(child.get("name"))))
        if definition is None or place.depth > 3:
            return self.source(f"answer:{where}", None)
        return self.workflow(definition, f"{where}/workflow", given, place.depth + 1)

    def _call(self, task: Mapping[str, JSON], reference: str, state: State, place: Place) -> Iterator[Exit]:
        where = place.base + reference
        target = str(task["call"])
        own = ((place.definition.get("use") or {}).get("functions") or {}).get(target)
        if isinstance(own, Mapping) and target not in ("http", "openapi", "grpc", "asyncapi", "a2a", "mcp") and place.depth < 8:
            given = self.template(task["with"], state.data, place.variables, where) if "with" in task else state.data
            outer = {key: place.variables[key] for key in ("workflow", "secrets", "runtime")}
            inside = Place(where, outer, place.definition, place.depth + 1)
            for one in self.task(own, "", State(given, state.context), inside):
                yield Exit(one.state, "end" if one.then == "end" else "continue")
            return
        arguments = task.get("with") or {}
        self._arguments(task, arguments, state, place, where)
        yield from (self._out(value, state) for value in self._answers(task, where, state, place, reference))

    def _arguments(self, task: Mapping[str, JSON], arguments: Mapping[str, JSON], state: State, place: Place, where: str) -> None:
        made = self.template({key: value for key, value in arguments.items() if key != "subscription"}, state.data, place.variables, where)
        for key in ("endpoint", "server"):
            uri = arguments.get(key)
            uri = uri.get("uri") if isinstance(uri, Mapping) else uri
            if isinstance(uri, str):
                address(uri, state.data, place.variables)
        function = function_of(task, self.catalogue)
        record = made[0]
        if function is None or not isinstance(record, Record):
            return
        for name, schema in (function.input.get("properties") or {}).items():
            for source in sources(record.fields.get(name, ())):
                as_asked(source, schema)

    def _answers(self, task: Mapping[str, JSON], where: str, state: State, place: Place, reference: str) -> Iterator[Value]:
        """Yield what the call may give."""
        function = function_of(task, self.catalogue)
        arguments = task.get("with") or {}
        schema = self.schemas.get(where)
        if function is not None:
            schema = promised(function, arguments)
        answer = self.source(f"answer:{where}", schema)
        if task["call"] == "http" or task["call"] == "openapi":
            if arguments.get("output") == "response":
                yield (Record({"request": ANY, "statusCode": (Made("number"),), "headers": ANY, "content": answer}),)
                return
            if arguments.get("output") == "raw":
                yield (Made("string"),)
                return
        subscription = arguments.get("subscription")
        if isinstance(subscription, Mapping):
            yield self._messages(subscription, reference, answer, state, place)
            return
        if task["call"] == "asyncapi":
            yield NOTHING
            return
        yield answer
        if outside(task, self.catalogue, {}) == "" and function is None:
            yield ANY

    def _messages(self, subscription: Mapping[str, JSON], reference: str, answer: Value, state: State, place: Place) -> Value:
        item = operations.items(answer)
        each = subscription.get("foreach")
        if isinstance(each, Mapping):
            names = {str(each.get("item") or "item"): item, str(each.get("at") or "index"): (Made("number"),)}
            around = place.inside(names)
            list(self.inner(each.get("do") or [], f"{reference}/with/subscription/foreach/do", State(item, state.context), around))
        return answer
