"""What the prompts of `prompts/design` ask a model to answer, as pydantic classes; their JSON schema goes into the prompt.

Extra keys are ignored (models add remarks), missing lists are empty, and nothing here is trusted: cards are built from the parsed
definition.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

Kind = Literal["design", "change", "answer", "question", "run", "monitor", "approve", "reject", "secret", "help", "off-topic"]


class Intent(BaseModel):
    """What one message wants."""

    intent: Kind
    confidence: float = Field(ge=0, le=1, description="0 to 1: how sure")
    workflow: str = Field(default="", description="name of the workflow meant, when it is not the one being talked about")
    answers: dict[str, str] = Field(default_factory=dict, description="question id -> value, only for intent answer")


class Step(BaseModel):
    """One step of a plan."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", description="lower-case-with-dashes; becomes the task's name")
    text: str = Field(description="plain words")
    uses: str = Field(description="task kind or function name")
    serves: str = Field(default="", description="the person's own words that ask for this step")


class Assumption(BaseModel):
    """A value nobody stated, given its ordinary default."""

    id: str
    text: str = Field(description="the assumption in words, value included")
    value: str = ""
    step: str = Field(default="", description="id of the step that it is about, if it is about one")


class Question(BaseModel):
    """Something that blocks a correct draft."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    text: str
    why: str = ""
    kind: Literal["text", "url", "email", "number", "time", "field", "choice"] = Field(default="text", description="shape of the answer")
    options: list[str] = Field(default_factory=list, max_length=6)
    default: str | None = None


class Outline(BaseModel):
    """A plan."""

    title: str
    name: str
    trigger: str = "by hand"
    steps: list[Step] = Field(max_length=60)
    assumptions: list[Assumption] = Field(default_factory=list)
    questions: list[Question] = Field(default_factory=list)
    not_understood: list[str] = Field(default_factory=list)
    missing: list[str] = Field(default_factory=list)
    remarks: list[str] = Field(default_factory=list, description="why something cannot be as it was said, a sentence each")
    offer: str = Field(default="", description="a wish near this one that is understood in full")
    offered: str = Field(default="", description="how it is near: the words before it")


class Draft(BaseModel):
    """A whole definition."""

    definition: str = Field(min_length=1, description="the definition as YAML or JSON text")


class Operation(BaseModel):
    """One edit of a definition. A reference is a JSON Pointer ending in the task's name, `/do/1/notify`; "" is the document."""

    op: Literal["set-field", "replace", "add-before", "add-after", "remove"]
    reference: str = Field(description='the task, "/do/1/notify"; "" for the document (set-field only)')
    field: str = Field(default="", description='set-field: JSON Pointer inside the task or document, "/with/endpoint", "/schedule/cron"')
    name: str = Field(default="", description="add: the new task's name")
    value: Any = Field(default=None, description="set-field: the new value (null removes the field); replace, add: the task's body")


class Change(BaseModel):
    """How a draft becomes what the person asked for."""

    operations: list[Operation] = Field(max_length=40)
    said: str = Field(default="", description="what changes, one sentence")
    questions: list[Question] = Field(default_factory=list)
    not_understood: list[str] = Field(default_factory=list)


class Summary(BaseModel):
    """Words around a card."""

    text: str = Field(min_length=1)
