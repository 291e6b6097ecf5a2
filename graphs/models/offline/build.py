"""From clauses to a definition and its outline. One method per kind of clause; where data is, `scope.py` knows."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from graphs.models.offline import conditions, flow, messages_out, wrap
from graphs.models.offline.clause import Clause, Condition
from graphs.models.offline.naming import noun_of, place_of, sentence, title_of
from graphs.models.offline.notes import Notes
from graphs.models.offline.parse import Understood
from graphs.models.offline.scope import AS_LIST, Scope, Task, Value, key
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
    builder.build(understood.clauses, scope, follows=False)
    title = title_of(understood.clauses)
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
            "summarize": self._summarize, "emit": self._emit, "wait": self._wait, "listen": self._listen, "fail": self._fail, "ask": self._ask,  # noqa: E501
            "each": partial(flow.each, self), "parallel": partial(flow.parallel, self), "retry": self._retry, "catch": partial(flow.catch, self), "missing": self._missing,  # noqa: E501
        }  # fmt: skip

    def build(self, clauses: list[Clause], scope: Scope, *, follows: bool, loop: bool = False) -> None:
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
                if clause.otherwise or ((rest or follows) and not flow.decides(rest)):
                    if loop:
                        return flow.rest_if_approved(self, clause, rest, scope)
                    flow.gate(self, clause, scope)
            elif clause.kind == "if":
                flow.branch(self, clause, scope, follows=bool(rest) or follows, last=not rest, loop=loop)
            elif clause.kind == "stop":
                flow.stop(self, clause, rest, scope, needed=follows or loop)
            else:
                self.kinds[clause.kind](clause, scope)
        return None

    # data

    def _fetch(self, clause: Clause, scope: Scope) -> None:
        for url in clause.values["urls"] or [""]:
            noun = clause.values["noun"] or noun_of(url)
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

    def items(self, value: Value | None, scope: Scope) -> str:
        """Return jq for the value as a list."""
        if value is not None and value.joined:
            self.notes.missing.append("a word that says which of the answers fetched side by side is meant, and not all of them")
        expression = value.read(scope) if value else "."
        if value is None or not value.raw:
            return expression
        self.notes.assume("list-shape", "The answer is a list, or holds it under `orders`, `items`, `data` or `results`.")
        return f"({AS_LIST})" if expression == "." else f"({expression} | {AS_LIST})"

    def list_value(self, scope: Scope) -> Value | None:
        return next((value for value in reversed(scope.known) if value.many), scope.current)

    def _keep(self, clause: Clause, scope: Scope) -> None:
        value, condition = self.list_value(scope), clause.values["condition"]
        test = conditions.to_jq(condition, ".", self.field_of)
        if _numeric(condition):
            self.notes.assume("no-number", "Items without a number in that field are left out.")
        items = self.items(value, scope)
        items = items[1:-1] if items.startswith("(if type") else items
        wanted = f"({test}) | not" if clause.values["drop"] else test
        list_ = f"{items}[]" if items in (".",) or re.fullmatch(r"[$\w.]+", items) else f"({items})[]"
        self._set(clause, scope, value, "keep", sentence(clause.said), f"[ {list_} | select({wanted}) ]")

    def _first(self, clause: Clause, scope: Scope) -> None:
        value = self.list_value(scope)
        by = f" | sort_by({conditions.path('.', clause.values['by'])}) | reverse" if clause.values["by"] else ""
        self._set(clause, scope, value, "first", sentence(clause.said), f"{self.items(value, scope)}{by} | .[:{clause.values['count']}]")

    def _sort(self, clause: Clause, scope: Scope) -> None:
        value = self.list_value(scope)
        down = " | reverse" if clause.values["down"] else ""
        self._set(
            clause,
            scope,
            value,
            "sort",
            sentence(clause.said),
            f"{self.items(value, scope)} | sort_by({conditions.path('.', clause.values['by'])}){down}",
        )

    def _set(self, clause: Clause, scope: Scope, value: Value | None, name: str, title: str, expression: str) -> None:
        noun = value.noun if value and value.noun != "input" else "items"
        task = scope.add(scope.name(name), title, {"set": f"${{ {expression} }}"}, uses="set", serves=clause.said)
        self._produced(scope, Value(noun, many=True, producer=task, key=key(noun)))

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
            return flow.each(
                self,
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
        last = noun_of(url)
        body = self._request(method.lower(), url, clause, scope)
        if "literal" in clause.values:
            body["with"]["body"] = clause.values["literal"]
        elif method != "DELETE":
            body["with"]["body"] = f"${{ {value.read(scope) if value else '.'} }}"
        verb = {"POST": "Post", "PUT": "Put", "PATCH": "Patch", "DELETE": "Delete"}[method]
        title = f"Delete at {place_of(url)}" if method == "DELETE" else f"{verb} the {noun} to {place_of(url)}"
        scope.add(scope.name(f"{verb.lower()}-{last}"), title, body, uses="http", serves=clause.said)
        scope.dot = None
        return None

    def _notify(self, clause: Clause, scope: Scope) -> None:
        if clause.values.get("each"):
            inner = Clause("notify", clause.said, {**clause.values, "each": "", "object": "it"})
            return flow.each(self, Clause("each", clause.said, {"noun": clause.values["each"]}, [inner]), scope)
        body, title, name = messages_out.notify(clause, scope, self.notes)
        scope.add(scope.name(name), title, body, uses="notify", serves=clause.said)
        scope.dot = None
        return None

    def _summarize(self, clause: Clause, scope: Scope) -> None:
        value = scope.find(clause.values.get("object", ""))
        with_: Task = {"sentences": clause.values["sentences"]}
        if "literal" in clause.values:
            with_["text"] = clause.values["literal"]
        elif value is not None and (value.many or value.raw) and not value.joined and not value.variable.startswith("$workflow"):
            with_["items"] = f"${{ {self.items(value, scope)} }}"
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

    def _ask(self, clause: Clause, scope: Scope) -> None:
        who, what = self.notes.who(clause.values["who"]), clause.values["what"].rstrip("?")
        field_ = key(what.split()[-1]) if not clause.values["question"] and not clause.values["boolean"] else "answer"
        title = (
            f"{clause.values['question'].capitalize()} {what}?".strip()
            if clause.values["question"]
            else sentence(what) + ("?" if clause.values["boolean"] else "")
        )
        schema = {
            "type": "object",
            "properties": {field_: {"type": "boolean" if clause.values["boolean"] else "string", "title": sentence(what)}},
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

    def _retry(self, clause: Clause, scope: Scope) -> None:
        wrap.retry(clause, scope, self.notes)


def _numeric(condition: Condition) -> bool:
    return condition.kind == "compare" or any(_numeric(part) for part in condition.parts)


def _templated(url: str, scope: Scope) -> str:
    """Fill `{id}` in an address from the item at hand: `${ "https://…/\\($order.id)" }`."""
    value = scope.current
    if "{" not in url or value is None or value.many:
        return url
    base = value.read(scope)
    filled = re.sub(r"\{([A-Za-z_][\w.]*)\}", lambda found: f"\\({conditions.path(base, found[1])})", url)
    return f'${{ "{filled}" }}'
