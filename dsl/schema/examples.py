"""What an editor shows beside an object: titles, words for every kind of task, and an example for each and for every common field."""

from __future__ import annotations

from typing import Any, Final

JSON = Any


def _about(title: str, description: str) -> dict[str, str]:
    return {"title": title, "description": description}


# by class of `dsl.model`
TITLES: Final[dict[str, dict[str, str]]] = {
    "Definition": _about("Workflow definition", "A workflow in the Serverless Workflow DSL 1.0.3 (Open Workflow Specification)."),
    "CallHttp": _about("HTTP call", "Sends an HTTP request; the answer is the task's output."),
    "CallGrpc": _about("gRPC call", "Calls a method of a gRPC service."),
    "CallOpenApi": _about("OpenAPI call", "Calls an operation that an OpenAPI document describes."),
    "CallAsyncApi": _about("AsyncAPI call", "Publishes a message, or subscribes to some, as an AsyncAPI document describes."),
    "CallA2a": _about("A2A call", "Speaks to an agent (Agent2Agent protocol)."),
    "CallMcp": _about("MCP call", "Asks an MCP server: lists or calls tools, gets prompts or resources."),
    "CallFunction": _about("Function call", "Calls a function of a catalogue, or one declared in `use.functions`."),
    "DoTask": _about("Block", "Does tasks one after the other; the last output is the block's."),
    "EmitTask": _about("Emit", "Sends an event (CloudEvents)."),
    "ForTask": _about("For", "Does its tasks once for each item of a list."),
    "ForkTask": _about("Fork", "Does branches side by side."),
    "ListenTask": _about("Listen", "Waits for events."),
    "RaiseTask": _about("Raise", "Ends in an error, which a `try` around it may catch."),
    "RunTask": _about("Run", "Runs a container, a script, a shell command, or another workflow."),
    "SetTask": _about("Set", "Makes the data anew, from values and expressions."),
    "SwitchTask": _about("Switch", "Goes on where the first condition that holds says."),
    "TryTask": _about("Try", "Does tasks and deals with their errors: retries, or does something else."),
    "DurationParts": {"title": "Duration"},
    "EndpointObject": {"title": "Endpoint"},
    "HttpArguments": {"title": "HTTP request"},
    "WaitTask": _about("Wait", "Waits for a time."),
}

# by class and key
EXAMPLES: Final[dict[str, JSON]] = {
    "Document.dsl": "1.0.3",
    "Document.namespace": "default",
    "Document.name": "daily-orders",
    "Document.version": "0.1.0",
    "Schedule.every": {"minutes": 15},
    "Schedule.cron": "0 9 * * 1-5",
    "WorkflowSettings.timezone": "Europe/Berlin",
    "BaseTask.if": "${ .amount > 100 }",
    "BaseTask.input": {"from": "${ .order }"},
    "BaseTask.output": {"as": "${ .items }"},
    "BaseTask.export": {"as": "${ $context + {order: .} }"},
    "BaseTask.timeout": {"after": {"minutes": 5}},
    "BaseTask.then": "end",
    "BaseTask.metadata": {"parley": {"title": "Fetch the orders"}},
    "CallHttp.with": {"method": "get", "endpoint": "https://example.com/orders"},
    "CallGrpc.with": {
        "proto": {"endpoint": "file://app/greet.proto"},
        "service": {"name": "Greeter", "host": "localhost", "port": 5011},
        "method": "SayHello",
        "arguments": {"name": "${ .user }"},
    },
    "CallOpenApi.with": {"document": {"endpoint": "https://example.com/openapi.json"}, "operationId": "getOrder", "parameters": {"id": 1}},
    "CallAsyncApi.with": {
        "document": {"endpoint": "https://example.com/asyncapi.json"},
        "operation": "publishOrder",
        "message": {"payload": {"id": "${ .id }"}},
    },
    "CallA2a.with": {"method": "message/send", "agentCard": {"endpoint": "https://example.com/.well-known/agent-card.json"}},
    "CallMcp.with": {
        "method": "tools/call",
        "transport": {"http": {"endpoint": "https://example.com/mcp"}},
        "parameters": {"name": "search", "arguments": {"query": "${ .query }"}},
    },
    "CallFunction.call": "notify:1.0.0@default",
    "DoTask.do": [{"pause": {"wait": {"seconds": 5}}}],
    "EmitTask.emit": {"event": {"with": {"source": "https://example.com/shop", "type": "com.example.order.placed", "data": "${ .order }"}}},
    "ForTask.for": {"each": "order", "in": "${ .orders }"},
    "ForkTask.fork": {"branches": [{"a": {"wait": {"seconds": 5}}}, {"b": {"wait": {"seconds": 9}}}], "compete": True},
    "ListenTask.listen": {"to": {"one": {"with": {"type": "com.example.order.paid"}}}},
    "RaiseTask.raise": {"error": {"type": "https://example.com/errors/too-late", "status": 400, "title": "Too late"}},
    "RunTask.run": {"workflow": {"namespace": "default", "name": "ship-order", "version": "0.1.0", "input": {"id": "${ .id }"}}},
    "SetTask.set": {"total": "${ [ .orders[].amount ] | add }"},
    "SwitchTask.switch": [{"large": {"when": "${ .amount > 100 }", "then": "approve"}}, {"other": {"then": "end"}}],
    "TryTask.catch": {"retry": {"delay": {"seconds": 5}, "backoff": {"exponential": {}}, "limit": {"attempt": {"count": 3}}}},
    "WaitTask.wait": {"minutes": 5},
}
