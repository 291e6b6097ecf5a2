"""Runtime expressions: jq, evaluated in confined child processes."""

from dsl.expressions.errors import ErrorKind, ExpressionError
from dsl.expressions.pool import Expressions
from dsl.expressions.program import STANDARD_VARIABLES, is_expression, strip, variables_in
from dsl.expressions.syntax import syntax_error

__all__ = ["STANDARD_VARIABLES", "ErrorKind", "ExpressionError", "Expressions", "is_expression", "strip", "syntax_error", "variables_in"]
