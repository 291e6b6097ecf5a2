"""Draw a definition: `picture` places nodes and edges, `svg` writes them; the chat draws the same JSON itself. `page.page` is lazy."""

from dsl.picture.graph import Edge, Node, Picture
from dsl.picture.painter import picture
from dsl.picture.svg import svg

__all__ = ["Edge", "Node", "Picture", "picture", "svg"]
