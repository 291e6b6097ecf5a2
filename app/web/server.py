"""The web process: the API first, then Chainlit at `/`, one guard in front of both.

`create_app` prepares Chainlit's folder and environment before Chainlit is imported, so nothing here imports it at the top.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI

from app.settings import Settings, load_keys, open_home
from app.web.assets import materialise, sweep
from app.web.guard import Guard

if TYPE_CHECKING:
    from app.web.state import Web

TARGET = Path(__file__).resolve().parent.parent / "main.py"
SWEEP_EVERY_S = 3600.0


def prepare(settings: Settings) -> Path:
    """Put Chainlit's folder together and set what it reads from the environment while it is imported; return the folder."""
    root = materialise(open_home(settings) / "chainlit")
    os.environ["CHAINLIT_APP_ROOT"] = str(root)
    os.environ["CHAINLIT_ENV_FILE"] = os.devnull  # no silent .env pick-up from the working directory
    os.environ["CHAINLIT_AUTH_SECRET"] = load_keys(settings).auth_secret
    os.environ["TRACELOOP_TELEMETRY"] = "false"
    for name in ("DATABASE_URL", "LITERAL_API_KEY"):  # each would switch on a data layer of Chainlit's own
        os.environ.pop(name, None)
    return root


def create_app(settings: Settings) -> FastAPI:
    """Return the application; its lifespan opens the store and closes it again."""
    root = prepare(settings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with running(settings, root):
            yield

    app = FastAPI(
        title="Parley",
        version=version("parley-workflows"),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    _mount(app, settings)
    return app


def _mount(app: FastAPI, settings: Settings) -> None:
    from chainlit.utils import mount_chainlit

    from app.web.action_route import router as actions
    from app.web.adapt import adapt
    from app.web.api import add_api
    from app.web.identity import Speaking
    from app.web.resume import reconnected

    add_api(app)
    app.include_router(actions)
    mount_chainlit(app=app, target=str(TARGET), path="/")  # under a prefix a reload would start a new chat
    adapt(reconnected)
    app.add_middleware(Speaking)
    app.add_middleware(Guard, origins=[settings.public_url] if settings.public_url else [])


@asynccontextmanager
async def running(settings: Settings, root: Path) -> AsyncIterator[Web]:
    """Open the store, listen, sweep; stop all of it at the end."""
    from app.container import Container
    from app.web.chat_store import ChatStore
    from app.web.designing import Designing
    from app.web.desk import Desk
    from app.web.people import People
    from app.web.push import Push
    from app.web.state import Web, set_web
    from app.web.talk import Talk

    async with Container.open(settings, role="web") as container:
        store = ChatStore(container.store.database)
        people = People(container.actions)
        designing = Designing(container)
        talk = Talk(designing, container.actions, store)
        push = Push(container.store.database, container.actions, store, people)
        desk = Desk(container.actions, store, people, talk, push)
        background = {"listen": push.listen(), "sweep": _sweep(root), "warm": designing.warm()}
        tasks = [asyncio.create_task(work, name=name) for name, work in background.items()]
        web = Web(container, store, people, desk, talk, push, load_keys(settings).auth_secret)
        set_web(web)
        try:
            yield web
        finally:
            set_web(None)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await desk.close()
            await push.close()


async def _sweep(root: Path) -> None:
    """Mounted, Chainlit never removes the folders of its sessions."""
    with suppress(asyncio.CancelledError):
        while True:
            await asyncio.to_thread(sweep, root, older_than_s=SWEEP_EVERY_S)
            await asyncio.sleep(SWEEP_EVERY_S)
