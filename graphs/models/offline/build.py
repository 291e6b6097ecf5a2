"""From clauses to a definition and its outline. One method per kind of clause; where data is, `scope.py` knows."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from graphs.models.offline import conditions, messages_out, wrap
from graphs.models.offline.clause import Clause, Condition
from graphs.models.offline.notes import Notes
from graphs.models.offline.parse import Understood
from graphs.models.offline.scope import AS_LIST, Scope, Task, Value, key, single
from graphs.models.offline.starts import start

FIELD_OPTIONS = ("amount", "total", "price")
STATE_OPTIONS = ("status", "state")


@dataclass(slots=True)
class Built:
    """A definition with the plan it came from."""

    definition: dict[str, Any]
    steps: list[dict[str, str]] = field(default_factory=list)
    trigger: str = "by hand"
    title: str = ""
    name: str = ""


def build(understood: Understood, notes: Notes) -> Built:
    """Build the whole definition; open points go to *notes*."""
    builder = Builder(notes)
    scope = Scope(names=set())
    schedule, trigger = start(understood.trigger, scope, notes)
    if scope.current is None:
        scope.current = Value("input", many=False, raw=True, variable="$workflow.input")
        scope.dot = scope.current
    builder.list(understood.clauses, scope, follows=False)
    title = _title(understood.clauses)
    name = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:50].strip("-") or "workflow"
    document: Task = {"dsl": "1.0.3", "namespace": "default", "name": name, "version": "0.1.0", "title": title}
    if schedule and "cron" in schedule:
        document["metadata"] = {"parley": {"timezone": notes.timezone}}
    definition: Task = {"document": document}
    if builder.secrets:
        definition["use"] = {"secrets": sorted(builder.secrets)}
    if schedule:
        definition["schedule"] = schedule
    return Built({**definition, "do": scope.tasks}, scope.steps, trigger, title, name)


class Builder:
    """Builds task lists."""

    def __init__(self, notes: Notes) -> None:
        self.notes = notes
        self.secrets: set[str] = set()
        self.kinds: dict[str, Callable[[Clause, Scope], None]] = {
            "fetch": self._fetch, "keep": self._keep, "first": self._first, "sort": self._sort, "send": self._send, "notify": self._notify,
            "summarize": self._summarize, "emit": self._emit, "wait": self._wait, "listen": self._listen, "fail": self._fail, "ask": self._ask,
            "each": self._each, "parallel": self._parallel, "retry": self._retry, "catch": self._catch, "missing": self._missing,
        }  # fmt: skip

    def list(self, clauses: list[Clause], scope: Scope, *, follows: bool, loop: bool = False) -> None:
        """
        Build *clauses* one after the other.

        Args:
            follows: Something comes after this list in an outer one (a refusal then has to end the workflow).
            loop: The list is one round of a loop or a parallel branch (a refusal only skips the rest of it).
        """
        for at, clause in enumerate(clauses):
            rest = clauses[at + 1 :]
            if clause.kind == "approve":
                self._approve(clause, scope)
                if clause.otherwise or ((rest or follows) and not _decides(rest)):
                    if loop:
                        return self._rest_if_approved(clause, rest, scope)
                    self._gate(clause, scope)
            elif clause.kind == "if":
                self._if(clause, scope, follows=bool(rest) or follows, last=not rest, loop=loop)
            elif clause.kind != "stop":
                self.kinds[clause.kind](clause, scope)
        return None

    # data

    def _fetch(self, clause: Clause, scope: Scope) -> None:
        for url in clause.values["urls"] or [""]:
            noun = clause.values["noun"] or _noun_of(url)
            url = url or self.notes.ask(
                f"{key(noun).replace('_', '-')}-address",
                f"What is the address (URL) of the {noun}?",
                why="Nothing can be fetched without it.",
                kind="url",
            )
            name = scope.name(f"get-{noun}")
            task = scope.add(name, f"Fetch the {noun}", self._request("get", url, clause, scope), uses="http", serves=clause.said)
            self._produced(scope, Value(noun, many=noun.endswith("s"), raw=True, producer=task, key=key(noun)))

    def _request(self, method: str, url: str, clause: Clause, scope: Scope) -> Task:
        endpoint: Any = _templated(url, scope)
        secret = clause.values.get("secret")
        if secret:
            self.secrets.add(secret)
            endpoint = {"uri": endpoint, "authentication": {"bearer": {"token": f"${{ $secrets.{secret} }}"}}}
        return {"call": "http", "with": {"method": method, "endpoint": endpoint}}

    def _produced(self, scope: Scope, value: Value) -> None:
        scope.known.append(value)
        scope.current = scope.dot = value

    def _items(self, value: Value | None, scope: Scope) -> str:
        """Return jq for the value as a list."""
        expression = value.read(scope) if value else "."
        if value is None or not value.raw:
            return expression
        self.notes.assume("list-shape", "The answer is a list, or holds it under `orders`, `items`, `data` or `results`.")
        return f"({AS_LIST})" if expression == "." else f"({expression} | {AS_LIST})"

    def _list_value(self, scope: Scope) -> Value | None:
        return next((value for value in reversed(scope.known) if value.many), scope.current)

    def _keep(self, clause: Clause, scope: Scope) -> None:
        value, condition = self._list_value(scope), clause.values["condition"]
        test = conditions.to_jq(condition, ".", self.field_of)
        if _numeric(condition):
            self.notes.assume("no-number", "Items without a number in that field are left out.")
        items = self._items(value, scope)
        items = items[1:-1] if items.startswith("(if type") else items
        wanted = f"({test}) | not" if clause.values["drop"] else test
        list_ = f"{items}[]" if items in (".",) or re.fullmatch(r"[$\w.]+", items) else f"({items})[]"
        self._set(clause, scope, value, "keep", _sentence(clause.said), f"[ {list_} | select({wanted}) ]")

    def _first(self, clause: Clause, scope: Scope) -> None:
        value = self._list_value(scope)
        by = f" | sort_by({conditions.path('.', clause.values['by'])}) | reverse" if clause.values["by"] else ""
        self._set(clause, scope, value, "first", _sentence(clause.said), f"{self._items(value, scope)}{by} | .[:{clause.values['count']}]")

    def _sort(self, clause: Clause, scope: Scope) -> None:
        value = self._list_value(scope)
        down = " | reverse" if clause.values["down"] else ""
        self._set(
            clause,
            scope,
            value,
            "sort",
            _sentence(clause.said),
            f"{self._items(value, scope)} | sort_by({conditions.path('.', clause.values['by'])}){down}",
        )

    def _set(self, clause: Clause, scope: Scope, value: Value | None, name: str, title: str, expression: str) -> None:
        noun = value.noun if value and value.noun != "input" else "items"
        task = scope.add(scope.name(name), title, {"set": f"${{ {expression} }}"}, uses="set", serves=clause.said)
        self._produced(scope, Value(noun, many=True, producer=task, key=key(noun if noun not in _taken(scope, value) else f"kept_{noun}")))

    def field_of(self, condition: Condition) -> str:
        """Return the field a condition is about; ask when nobody named it."""
        if condition.field and " " not in condition.field:
            return condition.field
        if condition.field:
            words = condition.field.lower().split()
            options = ("_".join(words), words[0] + "".join(word.title() for word in words[1:]), words[-1])
            return self.notes.ask(
                f"{'-'.join(words)}-field",
                f"Which field holds the {condition.field}?",
                why=f"“{condition.said}” needs it.",
                kind="field",
                options=options,
                default=options[0],
            )
        if condition.kind == "compare":
            money = condition.unit in conditions.MONEY
            what = "amount" if money or not condition.unit else condition.unit
            return self.notes.ask(
                "amount-field",
                f"Which field holds the {what}?",
                why=f"“{condition.said}” has to be compared with one field of each item.",
                kind="field",
                options=FIELD_OPTIONS,
                default=FIELD_OPTIONS[0],
            )
        return self.notes.ask(
            "state-field",
            f"Which field says “{condition.value}”?",
            why=f"“{condition.said}” is about one field of each item.",
            kind="field",
            options=STATE_OPTIONS,
            default=STATE_OPTIONS[0],
        )

    # what leaves

    def _send(self, clause: Clause, scope: Scope) -> None:
        if clause.values.get("each"):
            return self._each(
                Clause(
                    "each",
                    clause.said,
                    {"noun": clause.values["each"]},
                    [Clause("send", clause.said, {**clause.values, "each": "", "object": "it"})],
                ),
                scope,
            )
        method, value = clause.values["method"], scope.find(clause.values.get("object", ""))
        noun = value.noun if value and value.noun != "input" else "data"
        place = clause.values.get("place") or "them"
        url = clause.values["url"] or self.notes.ask(
            "target-address",
            f"To which address (URL) shall the {noun} go?" if place == "them" else f"What is the address (URL) of {place}?",
            why=f"“{clause.said}” names no address.",
            kind="url",
        )
        last = _noun_of(url)
        body = self._request(method.lower(), url, clause, scope)
        if "literal" in clause.values:
            body["with"]["body"] = clause.values["literal"]
        elif method != "DELETE":
            body["with"]["body"] = f"${{ {value.read(scope) if value else '.'} }}"
        verb = {"POST": "Post", "PUT": "Put", "PATCH": "Patch", "DELETE": "Delete"}[method]
        title = f"Delete at {_place(url)}" if method == "DELETE" else f"{verb} the {noun} to {_place(url)}"
        scope.add(scope.name(f"{verb.lower()}-{last}"), title, body, uses="http", serves=clause.said)
        scope.dot = None
        return None

    def _notify(self, clause: Clause, scope: Scope) -> None:
        if clause.values.get("each"):
            inner = Clause("notify", clause.said, {**clause.values, "each": "", "object": "it"})
            return self._each(Clause("each", clause.said, {"noun": clause.values["each"]}, [inner]), scope)
        body, title, name = messages_out.notify(clause, scope, self.notes)
        scope.add(scope.name(name), title, body, uses="notify", serves=clause.said)
        scope.dot = None
        return None

    def _summarize(self, clause: Clause, scope: Scope) -> None:
        value = scope.find(clause.values.get("object", ""))
        with_: Task = {"sentences": clause.values["sentences"]}
        if "literal" in clause.values:
            with_["text"] = clause.values["literal"]
        elif value is not None and (value.many or value.raw) and not value.variable.startswith("$workflow"):
            with_["items"] = f"${{ {self._items(value, scope)} }}"
        else:
            with_["text"] = f"${{ {value.read(scope) if value else '.'} | tostring }}"
        noun = value.noun if value and value.noun != "input" else "data"
        task = scope.add(
            scope.name("summarize"),
            f"Summarize the {noun}",
            {"call": "summarize:1.0.0@default", "with": with_},
            uses="summarize",
            serves=clause.said,
        )
        if not re.search(r"sentence", clause.said):
            self.notes.assume("summary-length", "The summary has at most 3 sentences.", "3")
        self._produced(scope, Value("summary", many=False, producer=task, key="summary", inner=".summary"))

    def _emit(self, clause: Clause, scope: Scope) -> None:
        value = scope.find(clause.values.get("object", ""))
        event: Task = {"source": "https://parley.local/workflow", "type": clause.values["type"]}
        if value is not None:
            event["data"] = f"${{ {value.read(scope)} }}"
        scope.add(
            scope.name("emit"),
            f"Emit an event {clause.values['type']}",
            {"emit": {"event": {"with": event}}},
            uses="emit",
            serves=clause.said,
        )

    # people

    def _approve(self, clause: Clause, scope: Scope) -> None:
        who, value = self.notes.who(clause.values["who"]), self._shown(scope)
        with_: Task = {"title": f"Approve the {value.noun}?" if value else "Go on?"}
        if value is not None:
            with_["data"] = f"${{ {value.read(scope)} }}"
        if who:
            with_["assignee"] = who
        task = scope.add(
            scope.name("approve"),
            f"Ask {who or 'somebody'} to approve",
            {"call": "approve:1.0.0@default", "with": with_},
            uses="approve",
            serves=clause.said,
        )
        scope.decided = scope.dot = Value("approval", many=False, producer=task, key="approval", inner=".approved")

    def _shown(self, scope: Scope) -> Value | None:
        return scope.current if scope.current and scope.current.noun != "input" else None

    def _gate(self, clause: Clause, scope: Scope) -> None:
        """End the workflow when the approval is refused; first do what was wished for that case."""
        if not clause.otherwise:
            cases = [{"approved": {"when": "${ .approved }", "then": "continue"}}, {"refused": {"then": "end"}}]
            scope.add(scope.name("approved"), "Go on only if approved", {"switch": cases}, uses="switch", serves=clause.said)
            return
        outer = scope.name("approved")
        inner, refused = scope.nested(scope.dot), scope.nested(scope.dot)
        name = scope.name("decide")
        self.list(clause.otherwise, refused, follows=False)
        cases = [{"approved": {"when": "${ .approved }", "then": "exit"}}, {"refused": {"then": "continue"}}]
        inner.add(name, "Approved?", {"switch": cases}, uses="switch", serves=clause.said)
        if refused.tasks:
            next(iter(refused.tasks[-1].values()))["then"] = "end"
        else:
            cases[1]["refused"]["then"] = "end"
        scope.add(outer, "Go on only if approved", {"do": [*inner.tasks, *refused.tasks]}, uses="do", serves=clause.said)

    def _rest_if_approved(self, clause: Clause, rest: list[Clause], scope: Scope) -> None:
        """In a loop a refusal skips the rest of the round only."""
        name, inner = scope.name("when-approved"), scope.nested(scope.dot)
        self.list(rest, inner, follows=False, loop=True)
        scope.add(name, "Only if approved", {"if": "${ .approved }", "do": inner.tasks}, uses="do", serves=clause.said)
        if clause.otherwise:
            self.notes.missing.append("what happens when it is refused inside a loop: say it as “if approved …, otherwise …”")

    def _ask(self, clause: Clause, scope: Scope) -> None:
        who, what = self.notes.who(clause.values["who"]), clause.values["what"].rstrip("?")
        field_ = key(what.split()[-1]) if not clause.values["question"] and not clause.values["boolean"] else "answer"
        title = (
            f"{clause.values['question'].capitalize()} {what}?".strip()
            if clause.values["question"]
            else _sentence(what) + ("?" if clause.values["boolean"] else "")
        )
        schema = {
            "type": "object",
            "properties": {field_: {"type": "boolean" if clause.values["boolean"] else "string", "title": _sentence(what)}},
            "required": [field_],
        }
        with_: Task = {"title": title, "schema": schema}
        if who:
            with_["assignee"] = who
        task = scope.add(
            scope.name(f"ask-{field_}"),
            f"Ask {who or 'somebody'}: {title}",
            {"call": "ask:1.0.0@default", "with": with_},
            uses="ask",
            serves=clause.said,
        )
        self._produced(scope, Value(what.split()[-1].lower(), many=False, producer=task, key=key(field_), inner=f".{field_}"))

    # order

    def _wait(self, clause: Clause, scope: Scope) -> None:
        amount = ", ".join(f"{count} {unit if count != 1 else unit.rstrip('s')}" for unit, count in clause.values["duration"].items())
        scope.add(scope.name("wait"), f"Wait {amount}", {"wait": clause.values["duration"]}, uses="wait", serves=clause.said)

    def _listen(self, clause: Clause, scope: Scope) -> None:
        kind = clause.values["type"]
        scope.add(
            scope.name("wait-for-event"),
            f"Wait for an event {kind}",
            {"listen": {"to": {"one": {"with": {"type": kind}}}}},
            uses="listen",
            serves=clause.said,
        )
        scope.dot = None

    def _fail(self, clause: Clause, scope: Scope) -> None:
        text = clause.values["text"] or "The workflow was ended with an error"
        error = {"type": "https://serverlessworkflow.io/spec/1.0.0/errors/runtime", "status": 500, "title": text}
        scope.add(scope.name("fail"), f"Fail: {text}", {"raise": {"error": error}}, uses="raise", serves=clause.said)

    def _missing(self, clause: Clause, scope: Scope) -> None:
        self.notes.missing.append(f"{clause.values['what']} (“{clause.said}”)")

    def _each(self, clause: Clause, scope: Scope) -> None:
        value = self._list_value(scope)
        noun = clause.values["noun"] or single(value.noun if value else "item")
        noun = single(noun)
        noun = "item" if noun in ("input", "one", "data", "of") else noun
        variable = key(noun)
        name, list_ = scope.name(f"each-{noun}"), self._items(value, scope)
        list_ = list_[1:-1] if list_.startswith("(") and list_.endswith("end)") else list_
        at = len(scope.steps)
        inner = scope.nested(scope.dot)
        inner.known = [*scope.known]
        inner.current = Value(noun, many=False, variable=f"${variable}")
        inner.known.append(inner.current)
        self.list(clause.body, inner, follows=False, loop=True)
        scope.add(
            name,
            f"For each {noun}",
            {"for": {"each": variable, "in": f"${{ {list_} }}"}, "do": inner.tasks},
            uses="for",
            serves=clause.said,
        )
        scope.steps.insert(at, scope.steps.pop())
        scope.dot = None

    def _parallel(self, clause: Clause, scope: Scope) -> None:
        parts = [
            Clause("fetch", part.said, {**part.values, "urls": [url]})
            for part in clause.body
            for url in (part.values.get("urls") or [""])
            if part.kind == "fetch" and len(part.values.get("urls", [])) > 1
        ]
        body = parts or clause.body
        name, at, branches, values = scope.name("in-parallel"), len(scope.steps), [], []
        for part in body:
            inner = scope.nested(scope.dot)
            inner.known = [*scope.known]
            before = len(inner.known)
            self.list([part], inner, follows=False, loop=True)
            branches += (
                inner.tasks
                if len(inner.tasks) == 1
                else [{scope.name("branch"): {"do": inner.tasks, "metadata": {"parley": {"title": _sentence(part.said)}}}}]
            )
            values.append(inner.known[-1] if len(inner.known) > before else None)
        task = scope.add(name, "At the same time", {"fork": {"branches": branches}}, uses="fork", serves=clause.said)
        scope.steps.insert(at, scope.steps.pop())
        self._joined(scope, task, values)

    def _joined(self, scope: Scope, task: Task, values: list[Value | None]) -> None:
        """Name what the branches brought; a fork's output is the list of their outputs."""
        found = [(at, value) for at, value in enumerate(values) if value is not None]
        if not found:
            scope.dot = None
            return
        keys: list[str] = []
        for _, value in found:
            keys.append(value.key if value.key not in keys else f"{value.key}_{len(keys) + 1}")
        parts = ", ".join(f"{name}: .[{at}]" for name, (at, _) in zip(keys, found, strict=True))
        task["output"] = {"as": f"${{ {{{parts}}} }}"}
        for name, (_, value) in zip(keys, found, strict=True):
            scope.known.append(Value(name, many=value.many, raw=value.raw, producer=task, key="answers", inner=f".{name}{value.inner}"))
        both = Value("answers", many=False, producer=task, key="answers")
        scope.known.append(both)
        scope.current = scope.dot = both

    def _retry(self, clause: Clause, scope: Scope) -> None:
        wrap.retry(clause, scope, self.notes)

    def _catch(self, clause: Clause, scope: Scope) -> None:
        inner = scope.nested(None)
        self.list(clause.body, inner, follows=False)
        wrap.catch(clause, inner.tasks, scope, self.notes)

    def _if(self, clause: Clause, scope: Scope, *, follows: bool, last: bool, loop: bool) -> None:
        test, words = self._test(clause, scope), _sentence(clause.said.rstrip(", "))
        stops = [part.kind for part in clause.body] == ["stop"]
        name, at = scope.name(_short(clause.said)), len(scope.steps)
        if stops and not clause.otherwise:
            cases: list[Task] = [{"yes": {"when": f"${{ {test} }}", "then": "exit" if loop else "end"}}]
            scope.add(name, words, {"switch": cases}, uses="switch", serves=clause.said)
            return
        yes, no = scope.nested(scope.dot), scope.nested(scope.dot)
        self.list(clause.body, yes, follows=follows, loop=loop)
        self.list(clause.otherwise, no, follows=follows, loop=loop)
        if clause.otherwise:
            wrap.branch(scope, name, words, test, (yes.tasks, no.tasks), clause, alone=last and scope.top and not follows)
        elif len(yes.tasks) == 1 and "if" not in next(iter(yes.tasks[0].values())):
            ((only, task),) = yes.tasks[0].items()
            scope.tasks.append({only: {"if": f"${{ {test} }}", **task}})
            scope.names.discard(name)
        elif yes.tasks:
            scope.add(name, words, {"if": f"${{ {test} }}", "do": yes.tasks}, uses="do", serves=clause.said)
            scope.steps.insert(at, scope.steps.pop())
        scope.dot = None

    def _test(self, clause: Clause, scope: Scope) -> str:
        """Return the jq of an "if"."""
        condition: Condition = clause.values["condition"]
        if condition.kind == "approved":
            base = scope.decided.read(scope) if scope.decided else ".approved"
            test = base if condition.value else f"{base} | not"
        else:
            value = scope.current
            base = self._items(self._list_value(scope), scope) if condition.kind == "count" else value.read(scope) if value else "."
            test = conditions.to_jq(condition, base, self.field_of, strict=True)
        return f"({test}) | not" if clause.values["negate"] else test


def _decides(rest: list[Clause]) -> bool:
    """Say whether a later "if approved …" does what the gate would do."""
    return any(clause.kind == "if" and clause.values["condition"].kind == "approved" for clause in rest)


def _numeric(condition: Condition) -> bool:
    return condition.kind == "compare" or any(_numeric(part) for part in condition.parts)


def _taken(scope: Scope, value: Value | None) -> set[str]:
    """Names whose export would be overwritten although something else may still read them: none, a filtered list replaces its source."""
    return {
        known.key
        for known in scope.known
        if known is not value and known.producer is not None and "export" in known.producer and known.key != (value.key if value else "")
    }


def _templated(url: str, scope: Scope) -> str:
    """Fill `{id}` in an address from the item at hand: `${ "https://…/\\($order.id)" }`."""
    value = scope.current
    if "{" not in url or value is None or value.many:
        return url
    base = value.read(scope)
    filled = re.sub(r"\{([A-Za-z_][\w.]*)\}", lambda found: f"\\({conditions.path(base, found[1])})", url)
    return f'${{ "{filled}" }}'


def _noun_of(url: str) -> str:
    parts = [
        part
        for part in urlsplit(url).path.split("/")
        if re.fullmatch(r"[A-Za-z][\w-]*(?:\.\w+)?", part) and not re.fullmatch(r"v\d+|api", part)
    ]
    return re.sub(r"\.\w+$", "", parts[-1]).lower() if parts else "data"


def _place(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname or url}{parts.path if parts.path != '/' else ''}"


def _sentence(words: str) -> str:
    text = re.sub(r"\s+", " ", words).strip(" ,.;:")
    return (text[:1].upper() + text[1:])[:80]


def _short(words: str) -> str:
    return " ".join(re.sub(r"[^a-z0-9 ]", "", words.lower()).split()[:5])


def _title(clauses: list[Clause]) -> str:
    words = {
        "fetch": "fetch",
        "keep": "filter",
        "approve": "approve",
        "send": "post",
        "notify": "notify",
        "summarize": "summarize",
        "each": "handle each",
        "ask": "ask",
        "emit": "emit",
        "wait": "wait",
        "parallel": "work in parallel",
        "if": "decide",
    }
    parts: list[str] = []
    for clause in clauses:
        noun = (
            clause.values.get("noun") or next((_noun_of(url) for url in clause.values.get("urls") or []), "")
            if clause.kind in ("fetch", "each")
            else ""
        )
        text = f"{words[clause.kind]} {noun}".strip() if clause.kind in words else ""
        parts += [text] if text and text not in parts else []
    return _sentence(", ".join(parts[:4]))[:60].rstrip(", ") or "Workflow"
