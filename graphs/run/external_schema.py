"""A JSON Schema kept elsewhere (`schema.resource`): fetched when first needed, then like one that stands in the definition."""

from __future__ import annotations

from dataclasses import dataclass

from dsl.source import read
from graphs.run.errors import WorkflowError
from graphs.run.resources import Resource
from graphs.run.schemas import JsonSchema, problem_in
from graphs.run.step import Place


@dataclass(frozen=True, slots=True)
class ExternalSchema:
    resource: Resource

    async def load(self, place: Place) -> JsonSchema:
        """Return the schema. Raises WorkflowError (communication, configuration)."""
        document = await self.resource.read(place)
        known = place.engine.fetched_schemas
        if document.url not in known:
            known[document.url] = _schema(document.text(), document.url)
        return known[document.url]


def _schema(text: str, url: str) -> JsonSchema:
    source = read(text)
    if source.problems:
        raise WorkflowError.of("configuration", f"{url} cannot be read: {source.problems[0]}")
    wrong = problem_in(source.data)
    if wrong:
        raise WorkflowError.of("configuration", f"{url} is no JSON Schema: {wrong}")
    return JsonSchema(source.data)
