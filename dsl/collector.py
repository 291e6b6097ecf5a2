"""Python's cyclic garbage collector, kept from looking through all of a large definition again and again."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """
    Pause the collector inside the `with`.

    Half of the time of a definition of 10,000 tasks went into it, and there is next to nothing to collect. Whoever pauses it in
    two threads has it back as soon as the first of them is done, never later than the last.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
