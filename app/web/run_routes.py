"""The API's levers of runs: start, answer, cancel, suspend, resume, retry, run again. What may be done the actions decide."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from app.web.api import signed_in
from app.web.state import web
from app.web.words import refused

router = APIRouter(prefix="/api")


class Payload(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Item(Payload):
    input: Any = None
    key: str | None = Field(default=None, description="The same key for the same version starts one run, however often it is sent.")


class Starts(Payload):
    items: list[Item] = Field(min_length=1, max_length=10_000)


class Again(Payload):
    task: str | None = Field(default=None, description="Name, reference or path of the task to begin with; the start when left out.")
    input: Any = Field(default=None, description="Another input of the workflow or, with `task`, of that task; as it was when left out.")


class Answered(Payload):
    path: str = Field(min_length=1, max_length=2_000)
    value: Any = Field(description='What was asked for: `{"approved": …}`, the values of a form, `{"happened": …}` or `{"check": true}`.')


@router.post(
    "/workflows/{version_id}/runs", status_code=202, summary="Start runs of an approved version, in batches; all inputs are checked first"
)
async def start_many(version_id: str, asked: Starts, actor: Annotated[Any, Depends(signed_in)]) -> list[dict[str, Any]]:
    items = [item.model_dump() for item in asked.items]
    with refused():
        started: list[dict[str, Any]] = await web().actions.start_many(actor, version_id, items)
    return started


@router.post("/runs/{run_id}/answers", summary="Answer what a run asks")
async def answer(run_id: str, asked: Answered, actor: Annotated[Any, Depends(signed_in)]) -> dict[str, Any]:
    with refused():
        view = await web().actions.answer(actor, run_id, asked.path, asked.value)
    return dict(view.to_json())


@router.post("/runs/{run_id}/rerun", status_code=202, summary="Start a new run of the same version, from the start or from a task")
async def rerun(run_id: str, asked: Again, actor: Annotated[Any, Depends(signed_in)]) -> dict[str, Any]:
    given = {"input": asked.input} if "input" in asked.model_fields_set else {}
    with refused():
        view = await web().actions.rerun(actor, run_id, task=asked.task, **given)
    return dict(view.to_json())


@router.post("/runs/{run_id}/{do}", summary="Cancel, suspend, resume or retry a run")
async def control(
    run_id: str, do: Literal["cancel", "suspend", "resume", "retry"], actor: Annotated[Any, Depends(signed_in)]
) -> dict[str, Any]:
    actions = web().actions
    levers = {"cancel": actions.cancel, "suspend": actions.suspend, "resume": actions.resume, "retry": actions.retry}
    with refused():
        view = await levers[do](actor, run_id)
    return dict(view.to_json())
