"""From a conversation to a proposal. `converse()` for a chat, `author()` for one shot; see README.md."""

from graphs.design.converse import author, converse
from graphs.design.deps import DesignDeps, Draft
from graphs.design.graph import design_graph

__all__ = ["DesignDeps", "Draft", "author", "converse", "design_graph"]
