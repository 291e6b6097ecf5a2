"""The one simulator: a definition runs as it is, and nothing leaves the process."""

from graphs.run.simulation.model import Effect, Injected, Mark, Plan, Request, Simulation
from graphs.run.simulation.ports import ReachedOutside
from graphs.run.simulation.simulate import AT, GENERATED, Simulator, injected, simulate

__all__ = [
    "AT",
    "GENERATED",
    "Effect",
    "Injected",
    "Mark",
    "Plan",
    "ReachedOutside",
    "Request",
    "Simulation",
    "Simulator",
    "injected",
    "simulate",
]
