"""The first administrator, made by whoever serves first, with a password that is said once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.container import Prepared
    from app.settings import Settings

WORDS = """
  First login:  name admin   password {password}
  It is shown this once. Keep it.
"""


async def first_admin(settings: Settings, say: Callable[[str], None], *, prepared: Prepared | None = None) -> None:
    """Make the first administrator if there is nobody yet, and say the password at once: should anything fail later, it has been seen."""
    from app.container import Container

    async with Container.open(settings, role="cli", prepared=prepared) as container:
        password = await container.ensure_admin()
    if password:
        say(WORDS.format(password=password))
