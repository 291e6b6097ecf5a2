"""An `endpoint` of the language: a URI template or an expression, with the authentication that goes with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsl.pointer import join
from graphs.run import templates
from graphs.run.authentication import Authentication, prepare_authentication
from graphs.run.errors import WorkflowError
from graphs.run.ports import JSON
from graphs.run.step import Place
from graphs.run.templates import Template
from graphs.run.uri_template import expand
from graphs.run.wording import kind

if TYPE_CHECKING:
    from graphs.run.program import Compiler


@dataclass(frozen=True, slots=True)
class Endpoint:
    uri: Template
    authentication: Authentication | None

    @property
    def written(self) -> bool:
        """Whether the address stands in the definition as it is, with nothing to be filled in."""
        return isinstance(self.uri, templates.Const) and "{" not in str(self.uri.value)

    async def url(self, place: Place, data: JSON = None) -> str:
        """Return the address, `{x}` filled from *data* (default: the task's input). Raises WorkflowError (expression)."""
        uri = await place.resolve(self.uri)
        if isinstance(self.uri, templates.Const):
            uri = expand(str(uri), place.data if data is None else data)
        if not isinstance(uri, str):
            source = f", and '{self.uri.source}' gave" if isinstance(self.uri, templates.Expr) else ", not"
            raise WorkflowError.of("expression", f"the endpoint must be a URL{source} {kind(uri)}")
        return uri


def prepare_endpoint(value: JSON, reference: str, compiler: Compiler) -> Endpoint:
    """Prepare *value*, which stands at *reference*: a text, or `{uri, authentication}`."""
    own = value if isinstance(value, dict) else {"uri": value}
    where = join(reference, "authentication")
    return Endpoint(templates.strict(own.get("uri", "")), prepare_authentication(own.get("authentication"), where, compiler))
