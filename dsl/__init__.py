"""The workflow language: read, check, explain, draw and edit definitions of the Serverless Workflow DSL 1.0.3.

No network, no database, no model. `README.md` beside this file tells the way through.
"""

from dsl.canonical import canonical, digest
from dsl.catalogue import Catalogue, Function
from dsl.check import Examined, check, examine, load
from dsl.checks.policy import Policy
from dsl.checks.vocabulary import looks_like_definition
from dsl.diff import Breaking, Diff, breaking, bump_of, bumped, diff
from dsl.edit import Applied, EditRefused, apply
from dsl.effects import Effect, effects
from dsl.mermaid import mermaid
from dsl.outline import OutlineLine, outline
from dsl.picture import Picture, picture, svg
from dsl.problems import DslError, InvalidDefinition, Problem, Severity
from dsl.render import render
from dsl.source import Source, Span, read

__all__ = [
    "Applied",
    "Breaking",
    "Catalogue",
    "Diff",
    "DslError",
    "EditRefused",
    "Effect",
    "Examined",
    "Function",
    "InvalidDefinition",
    "OutlineLine",
    "Picture",
    "Policy",
    "Problem",
    "Severity",
    "Source",
    "Span",
    "apply",
    "breaking",
    "bump_of",
    "bumped",
    "canonical",
    "check",
    "diff",
    "digest",
    "effects",
    "examine",
    "load",
    "looks_like_definition",
    "mermaid",
    "outline",
    "picture",
    "read",
    "render",
    "svg",
]
