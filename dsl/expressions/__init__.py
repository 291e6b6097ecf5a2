"""Runtime expressions: jq, evaluated in confined child processes."""

from typing import TYPE_CHECKING, Any

from dsl.expressions.errors import ErrorKind, ExpressionError
from dsl.expressions.program import STANDARD_VARIABLES, is_expression, strip, variables_in
from dsl.expressions.syntax import syntax_error

if TYPE_CHECKING:
    from dsl.expressions.pool import Expressions

__all__ = ["STANDARD_VARIABLES", "ErrorKind", "ExpressionError", "Expressions", "is_expression", "strip", "syntax_error", "variables_in"]


def __getattr__(name: str) -> Any:
    """Import the pool when it is asked for: it brings asyncio (20 ms), and who only checks needs none."""
    if name == "Expressions":
        from dsl.expressions.pool import Expressions

        return Expressions
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
