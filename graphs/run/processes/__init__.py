"""Programs that a workflow runs: scripts and shell commands shut in (`sandbox`, `launcher`), containers through an engine (`engine`)."""

from graphs.run.processes.local import LocalProcesses
from graphs.run.processes.settings import ProcessSettings

__all__ = ["LocalProcesses", "ProcessSettings"]
