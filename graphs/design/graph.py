"""The design graph: which node follows which. Nodes are in `understanding`, `planning`, `drafting`."""

from __future__ import annotations

from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from graphs.design import drafting, planning, understanding
from graphs.design.deps import DesignDeps
from graphs.design.state import DesignState

Graph = CompiledStateGraph[DesignState, DesignDeps, Any, Any]


def design_graph(checkpointer: BaseCheckpointSaver[Any] | None) -> Graph:
    """Return the graph; pauses need a checkpointer. A thread is one conversation."""
    graph = StateGraph(DesignState, context_schema=DesignDeps)
    for name, node in (
        ("receive", understanding.receive), ("understand", understanding.understand), ("respond", understanding.respond),
        ("settle", understanding.settle), ("ask", understanding.ask), ("decide", understanding.decide), ("decided", understanding.decided),
        ("begin", planning.begin), ("plan", planning.plan), ("begin_change", planning.begin_change), ("change", planning.edit),
        ("draft", drafting.draft), ("check", drafting.check), ("repair", drafting.repair), ("give_up", drafting.give_up),
        ("summarize", drafting.summarize), ("propose", drafting.propose),
    ):  # fmt: skip
        graph.add_node(name, node)
    for before, after in (
        (START, "receive"),
        ("ask", "receive"),
        ("decide", "receive"),
        ("begin", "plan"),
        ("begin_change", "change"),
        ("draft", "check"),
        ("repair", "check"),
        ("summarize", "propose"),
        ("propose", "decide"),
    ):
        graph.add_edge(before, after)
    for origin, choose, targets in (
        ("receive", understanding.after_receive, ("understand", "settle", "decided", "begin", "respond")),
        ("understand", understanding.after_understand, ("settle", "decided", "respond", "begin", "begin_change")),
        ("respond", understanding.after_respond, ("ask", "decide", END)),
        ("settle", understanding.after_settle, ("ask", "change", "draft")),
        ("decided", understanding.after_decided, ("begin_change", "begin", "decide", END)),
        ("plan", planning.after_plan, ("ask", "draft", END)),
        ("change", planning.after_edit, ("ask", "check", "decide", END)),
        ("check", drafting.after_check, ("summarize", "repair", "give_up")),
        ("give_up", drafting.after_give_up, ("decide", END)),
    ):
        graph.add_conditional_edges(origin, choose, {("end" if target == END else target): target for target in targets})
    return graph.compile(checkpointer=checkpointer)
