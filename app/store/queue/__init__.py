"""How a worker learns which run to look at. Wake-ups only: the truth is the `runs` row, so a lost or doubled one is harmless."""

from app.store.queue.batches import BatchQueue
from app.store.queue.memory import MemoryQueue
from app.store.queue.port import Place, Queue, WakeUp
from app.store.queue.procrastinate import ProcrastinateQueue

__all__ = ["BatchQueue", "MemoryQueue", "Place", "ProcrastinateQueue", "Queue", "WakeUp"]
