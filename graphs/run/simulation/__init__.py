"""The one simulator: a definition runs as it is, and nothing leaves the process."""

from graphs.run.simulation.coverage import Coverage
from graphs.run.simulation.exploring import explore
from graphs.run.simulation.model import AsRecorded, Effect, Injected, Mark, Plan, Request, Simulation
from graphs.run.simulation.ports import ReachedOutside
from graphs.run.simulation.replaying import Recorded, Replayed, recorded_of, replay
from graphs.run.simulation.simulator import AT, GENERATED, Simulator, injected, simulate

__all__ = [
    "AT",
    "GENERATED",
    "AsRecorded",
    "Coverage",
    "Effect",
    "Injected",
    "Mark",
    "Plan",
    "ReachedOutside",
    "Recorded",
    "Replayed",
    "Request",
    "Simulation",
    "Simulator",
    "explore",
    "injected",
    "recorded_of",
    "replay",
    "simulate",
]
