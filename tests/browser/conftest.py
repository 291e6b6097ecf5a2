"""A real `parley up` with a home of its own, a scripted shop, and a headless Chromium."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.acceptance.serving import up
from tests.browser.chat import ARTIFACTS, Chat
from tests.world import World

CHROMIUM = os.environ.get("PARLEY_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
FOREIGN = ("PARLEY_", "OPENAI_", "OLLAMA_", "PORT", "SMTP_URL", "CHAINLIT_", "DATABASE_URL")
SHOP = {
    "title": "A shop with four orders",
    "services": {
        "shop": {
            "routes": [
                {
                    "request": "GET /orders",
                    "answer": {
                        "json": [
                            {"id": "A-17", "customer": "Meyer & Sons", "total": 240.5},
                            {"id": "A-18", "customer": "Ivo Brandt", "total": 12},
                            {"id": "A-21", "customer": "Olga Petrova", "total": 118},
                            {"id": "A-30", "customer": "Bäckerei Zum Löwen", "total": 1999.99},
                        ],
                        "delay_ms": 300,
                    },
                },
                {"request": "POST /report", "answer": {"status": 201, "json": {"received": True}}},
                {"request": "POST /held", "hold": "door", "answer": {"status": 201, "json": {"received": True}}},
                {"request": "POST /private", "answer": {"json": {"you_sent": "{{ headers.authorization }}"}}},
                {"request": "POST /broken", "answer": {"status": 500, "json": {"error": "out of order"}}},
            ]
        }
    },
}


def environment(home: Path) -> dict[str, str]:
    """Return the environment of a Parley of the tests: nothing from outside decides what it does."""
    own = {
        "PARLEY_HOME": str(home),
        "PORT": "0",
        "PARLEY_MODEL": "offline",
        "PARLEY_HTTP_ALLOW": "127.0.0.0/8",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    return {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)} | own


def apart(work: Coroutine[Any, Any, None]) -> None:
    """Run *work* in a thread of its own: Playwright's synchronous API keeps an event loop running in this one."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, work).result()


@dataclass(frozen=True)
class Parley:
    """A running application."""

    address: str
    password: str
    home: Path

    def session(self, browser: Browser, name: str = "admin", password: str = "") -> Any:
        """Return the storage state of somebody who has signed in."""
        context = browser.new_context()
        form = {"username": name, "password": password or self.password}
        assert context.request.post(f"{self.address}/login", form=form).ok
        state = context.storage_state()
        context.close()
        return state

    def process(self, role: str) -> psutil.Process:
        """Return the process that does what `parley ROLE` does: serve, worker. Fails when there is none."""
        running = (process for process in psutil.process_iter(["cmdline"]) if role in (process.info["cmdline"] or []))
        return next(process for process in running if process.environ().get("PARLEY_HOME") == str(self.home))

    def add_person(self, name: str, password: str, role: str) -> None:
        """Add somebody, as an administrator would."""
        apart(_add_person(self.home, name, password, role))


async def _add_person(home: Path, name: str, password: str, role: str) -> None:
    from app.container import Container
    from app.settings import Settings

    async with Container.open(Settings(home=home), role="cli") as container:
        await container.actions.user_add(await container.command_line_actor(), name, password, role)


@pytest.fixture(scope="session")
def parley(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parley]:
    """`parley up` in a fresh folder."""
    folder = tmp_path_factory.mktemp("browser")
    with up([sys.executable, "-P", "-m", "app", "up"], folder=folder, environment=environment(folder / "home")) as running:
        address = running.wait_for("http://localhost:", timeout_s=60)
        login = re.search(r"name admin\s+password (\S+)", "\n".join(running.lines))
        assert login, "\n".join(running.lines)
        yield Parley(address, login[1], folder / "home")
        ARTIFACTS.mkdir(exist_ok=True)
        for log in (folder / "home" / "logs").glob("*.log"):
            shutil.copyfile(log, ARTIFACTS / f"browser-{log.name}")


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """A browser; without one the tests are skipped, in CI they fail.

    Closed with this package: as long as it is open, Playwright's event loop is in the way of asynchronous tests.
    """
    if not Path(CHROMIUM).exists():
        words = f"no Chromium at {CHROMIUM}: `make browser` installs one, PARLEY_CHROMIUM names another"
        if os.environ.get("CI") == "true":
            pytest.fail(words)
        pytest.skip(words)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def shop() -> Iterator[tuple[World, str]]:
    """The scripted shop and its address."""
    world = World.load(SHOP)
    with world.thread() as address:
        yield world, address


@pytest.fixture(scope="package")
def admin(parley: Parley, chromium: Browser) -> Any:
    """What a browser keeps when the administrator has signed in."""
    return parley.session(chromium)


@pytest.fixture
def chat(parley: Parley, chromium: Browser, admin: Any) -> Iterator[Chat]:
    """The administrator's browser, signed in."""
    opened = Chat.open(chromium, parley.address, session=admin)
    opened.visit()
    yield opened
    opened.close()
