"""The fourth layer: every expression compiles, names only variables that exist where it stands, and is written where it is one.

In `evaluate.mode: loose` any text is tried as an expression and stays text when that fails: mistakes are warnings there. In another
language than jq nothing is judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from dsl.checks import misuse
from dsl.checks.places import arguments_at, place_words
from dsl.checks.secret_leaks import secret_leak
from dsl.expressions import fast
from dsl.expressions.errors import shown
from dsl.expressions.masking import masked
from dsl.expressions.program import STANDARD_VARIABLES, is_expression, strip
from dsl.expressions.syntax import Key, compile_together, key_of, syntax_error
from dsl.nearest import did_you_mean, nearest
from dsl.problems import Problem
from dsl.sites import Site, document_sites, task_sites
from dsl.walk import Step, all_steps, caught_variable, foreach_variables, loop_variables

JSON = Any

_UNKNOWN_VARIABLE: Final = re.compile(r"\$([A-Za-z_]\w*) is not defined")
_UNKNOWN_FUNCTION: Final = re.compile(r"([A-Za-z_]\w*)/(\d+) is not defined")
_ASSIGNS: Final = re.compile(r"(?<![=!<>|+\-*/%])=(?!=)")
_NEVER_THERE: Final = re.compile(r"(?<![\w.$@:])(?:input|inputs|halt|halt_error)\b(?!\s*:)|(?<![\w.$@:])env\b(?!\s*:)|\$ENV\b")
_SHORTHAND: Final = re.compile(r"[{,]\s*\Z")
_FORMATS: Final = frozenset({"text", "json", "html", "uri", "urid", "csv", "tsv", "sh", "base64", "base64d", "base32", "base32d"})
_FORMAT: Final = re.compile(r"@([A-Za-z]\w*)")
_NOT_BEFORE: Final = re.compile(r"(?<![\w.$])not\s*[.$]")
_LENGTH_FIELD: Final = re.compile(r"(?<=[\w\])])\.length\s*(?:==|!=|<=?|>=?)\s*\d")


@dataclass(frozen=True, slots=True)
class _Place:
    """A site and what is known there."""

    site: Site
    step: Step | None
    data: JSON

    @property
    def standard(self) -> frozenset[str]:
        return arguments_at(self.site.pointer, self.step.reference if self.step else None)


def expressions(data: dict[str, JSON]) -> Iterator[Problem]:
    evaluate = data.get("evaluate")
    loose = isinstance(evaluate, dict) and evaluate.get("mode") == "loose"
    if isinstance(evaluate, dict) and evaluate.get("language", "jq") != "jq":
        return
    places = list(_places(data))
    compile_together(_keys(places))
    for place in places:
        for problem in _judged(place, loose):
            yield replace(problem, severity="warning") if loose and problem.severity == "error" else problem


def _places(data: dict[str, JSON]) -> Iterator[_Place]:
    for site in document_sites(data):
        yield _Place(site, None, data)
    for step in all_steps(data):
        for site in task_sites(step):
            yield _Place(site, step, data)


def _keys(places: Iterable[_Place]) -> Iterator[Key]:
    """Yield the expressions that need jq."""
    for place in places:
        site = place.site
        if site.formula or is_expression(site.text):
            code = strip(site.text)
            if fast.compiled(code) is None:
                yield key_of(code, site.variables, place.standard)


def _judged(place: _Place, loose: bool) -> Iterator[Problem]:
    site = place.site
    text = site.text
    if misuse.is_mixed(site):
        yield misuse.mixed(site)
    elif site.formula or is_expression(text):
        yield from _expression(place)
    elif loose:
        if "$secrets" in text:
            yield from secret_leak(site, place.step, place.data)
    elif ("{" in text or text.lstrip()[:1] in ("$", ".")) and not site.pointer.endswith(misuse.PROGRAMS):
        found = misuse.foreign(site)
        if found is not None:
            yield found


def _expression(place: _Place) -> Iterator[Problem]:
    site = place.site
    code = strip(site.text)
    standard = place.standard
    nested = misuse.nested(site) if code.startswith("${") else None
    if nested is not None:
        yield nested
        return
    error = syntax_error(code, site.variables, standard)
    if error is not None:
        yield _syntax(place, code, error, standard)
        return
    if "$secrets" in code:
        yield from secret_leak(site, place.step, place.data)
    if fast.compiled(code) is None or ".length" in code or "$ENV" in code:
        yield from _understood(site, code)


def _understood(site: Site, code: str) -> Iterator[Problem]:
    """Yield what compiles and still cannot be meant."""
    hidden = masked(code)
    if site.condition and _ASSIGNS.search(hidden) and " as " not in code:
        message = f"'{shown(code)}' sets a value instead of comparing, so it always holds"
        yield _problem(site, "assignment-in-condition", message, "compare with `==`", "warning")
    if _NOT_BEFORE.search(hidden):
        from dsl.checks.rewrites import fixed

        fix = fixed(code, site.variables, STANDARD_VARIABLES)
        hint = f"jq writes `| not` behind a value: {_written(site, fix.code if fix else '.done | not')}"
        yield _problem(site, "expression-syntax", f"'{shown(code)}' asks for a field of `not`, which has none", hint)
    elif _LENGTH_FIELD.search(hidden):
        from dsl.checks.rewrites import rewritten

        hint = f"for the number of items or characters {_written(site, rewritten(code)[0])}"
        yield _problem(site, "length-field", f"'{shown(code)}' reads a field named 'length'", hint, "advice")
    for match in _FORMAT.finditer(hidden):
        if match[1] not in _FORMATS:
            hint = did_you_mean(match[1], _FORMATS, f"there are {', '.join(f'@{name}' for name in sorted(_FORMATS))}").replace(
                "mean '", "mean '@"
            )
            yield _problem(site, "unknown-jq-function", f"'{shown(code)}' uses the format @{match[1]}, which jq does not have", hint)
    if "def " not in hidden:
        yield from _never_there(site, code, hidden)


def _never_there(site: Site, code: str, hidden: str) -> Iterator[Problem]:
    for match in _NEVER_THERE.finditer(hidden):
        name = match.group()
        if _SHORTHAND.search(hidden[: match.start()]) and hidden[match.end() :].lstrip()[:1] in ("}", ","):
            continue  # {input} is {input: .input}
        if name in ("env", "$ENV"):
            hint = "declare a secret and read $secrets.NAME, or take it from the input"
            yield _problem(
                site, "unavailable-function", f"'{shown(code)}' reads the environment, which is empty for expressions", hint, "warning"
            )
        else:
            hint = "the task's input is $input, or `.`" if name.startswith("input") else "use a `raise` task"
            yield _problem(site, "unavailable-function", f"'{shown(code)}' calls jq's `{name}`, which is not available in workflows", hint)


def _syntax(place: _Place, code: str, error: str, standard: frozenset[str]) -> Problem:
    from dsl.checks.functions_of_jq import unknown_word  # 5 ms, and most definitions have no mistake
    from dsl.checks.rewrites import fixed

    site = place.site
    variable = _UNKNOWN_VARIABLE.match(error)
    if variable:
        return _unknown_variable(place, code, variable[1], standard)
    if not code:
        example = ".amount > 100" if site.condition else "${ .amount }"
        return _problem(site, "expression-syntax", "the expression is empty", f"write what it should give, as in {example}")
    function = _UNKNOWN_FUNCTION.match(error)
    fix = fixed(code, site.variables, standard)
    if fix is not None:
        hint = f"{fix.words}: {_written(site, fix.code)}" if fix.words else _written(site, fix.code)
        return _not_valid(site, "expression-syntax", code, error, hint)
    if function:
        advice = unknown_word(function[1], int(function[2]), code, site.variables, standard)
        hint = f"{advice.hint}: {_written(site, advice.fix)}" if advice.fix else advice.hint
        return _not_valid(site, advice.code, code, error, hint)
    return _not_valid(site, "expression-syntax", code, error, "expressions are jq, as in .orders | map(select(.amount > 100))")


def _not_valid(site: Site, name: str, code: str, error: str, hint: str) -> Problem:
    message = f"'{shown(code)}' is not a valid expression: {error}"
    if name != "expression-syntax":
        function, _, arity = error.partition(" ")[0].partition("/")
        with_words = "without arguments" if arity == "0" else f"with {arity} argument{'s' if arity != '1' else ''}"
        message = f"'{shown(code)}' calls `{function}` {with_words}, which jq does not have"
    return Problem(code=name, reference=site.pointer, message=message, hint=hint)


def _unknown_variable(place: _Place, code: str, name: str, standard: frozenset[str]) -> Problem:
    site, step = place.site, place.step
    if name in STANDARD_VARIABLES:
        where = place_words(site.pointer, step.reference if step else None)
        message = f"'{shown(code)}' uses ${name}, which does not exist {where}"
        return _problem(site, "unknown-variable", message, _instead(place, code, name, standard))
    message = f"'{shown(code)}' uses ${name}, which is not known here"
    owner = _bound_elsewhere(place.data, name)
    if owner is not None:
        word = {"for": "loop", "try": "`catch`"}.get(owner.kind or "", "`foreach`")
        return _problem(
            site, "unknown-variable", message, f"it exists only inside the {word} of '{owner.name}': export what is needed to $context"
        )
    known = [*(one for one in STANDARD_VARIABLES if one in standard), *sorted(site.variables)]
    if name.lower() in ("env", "vars"):
        return _problem(site, "unknown-variable", message, "the environment cannot be read: declare a secret and read $secrets.NAME")
    if nearest(name, known):
        return _problem(site, "unknown-variable", message, did_you_mean(name, known).replace("mean '", "mean '$"))
    return _problem(site, "unknown-variable", message, f"known here: {', '.join(f'${one}' for one in known)}")


def _instead(place: _Place, code: str, name: str, standard: frozenset[str]) -> str:
    """Return what to write instead of a standard variable that does not exist there."""
    site, document = place.site, place.step is None
    if document and site.pointer.startswith("/output") and name == "input":
        fix = code.replace("$input", "$workflow.input")
        return f"the workflow's input is $workflow.input: {_written(site, fix)}"
    if name == "task":
        return "there is no task here; $workflow describes the run"
    if name in ("input", "output"):
        fix = re.sub(rf"\${name}(?=\.)", "", code)
        fix = re.sub(rf"\${name}\b", ".", fix)
        what = (
            "`.` is the raw input here"
            if name == "input"
            else "`.` is the output here"
            if "/output/" in site.pointer
            else "the output of the task before is `.`"
        )
        known = syntax_error(fix, site.variables, standard) is None
        return f"{what}: {_written(site, fix)}" if known else what
    return "known here: " + ", ".join(f"${one}" for one in STANDARD_VARIABLES if one in standard)


def _bound_elsewhere(data: JSON, name: str) -> Step | None:
    for step in all_steps(data):
        bound: frozenset[str] = frozenset()
        if step.kind == "for":
            bound = loop_variables(step.task)
        elif step.kind == "try":
            bound = frozenset({caught_variable(step.task)})
        elif step.kind == "listen" and "foreach" in step.task:
            bound = foreach_variables(step.task["foreach"])
        if name in bound:
            return step
    return None


def _written(site: Site, code: str) -> str:
    """Return "write …", wrapped where the site needs it."""
    bare = site.formula and not is_expression(site.text)
    return f"write {code}" if bare else f"write ${{ {code} }}"


def _problem(site: Site, code: str, message: str, hint: str, severity: Any = "error") -> Problem:
    return Problem(code=code, reference=site.pointer, message=message, hint=hint, severity=severity)
