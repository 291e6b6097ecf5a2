"""One scripted loopback world for tests, examples and evaluations; see README.md."""

from tests.world.errors import BadDescription, NotSeenInTime, WorldError
from tests.world.seen import Requests, Seen
from tests.world.world import World

__all__ = ["BadDescription", "NotSeenInTime", "Requests", "Seen", "World", "WorldError"]
