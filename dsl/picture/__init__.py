"""Draw a definition: `picture` places nodes and edges, `svg` writes them; the chat draws the same JSON itself.

Who only checks definitions never draws: the parts load with the first picture. `page.page` is the picture as a page of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dsl.catalogue import Catalogue
from dsl.picture.graph import Edge, Node, Picture

__all__ = ["Edge", "Node", "Picture", "picture", "svg"]

JSON = Any


def picture(data: JSON, catalogue: Catalogue | None = None) -> Picture:
    """Return the picture of a definition, valid or not; what is not a task is left out."""
    from dsl.picture import painter

    return painter.picture(data, catalogue)


def svg(picture: Picture, states: Mapping[str, Any] | None = None) -> str:
    """
    Return the SVG text.

    Args:
        states: By reference: pending, running, waiting, retrying, done, faulted or skipped, or an object with that as `status`.
    """
    from dsl.picture import drawing

    return drawing.svg(picture, states)
