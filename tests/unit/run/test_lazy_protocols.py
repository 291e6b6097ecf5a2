"""Protocol libraries are loaded by the first call that needs them: a run without such calls starts as fast as before."""

from __future__ import annotations

import subprocess
import sys

DEFINITION = """
import sys
import graphs.run as run
from graphs import catalogue
endpoint = {"endpoint": "https://example.org/x"}
document = {"dsl": "1.0.3", "namespace": "test", "name": "tested", "version": "0.1.0"}
service = {"name": "x.Y", "host": "example.org"}
do = [
    {"a": {"call": "grpc", "with": {"proto": endpoint, "service": service, "method": "Z"}}},
    {"b": {"call": "mcp", "with": {"method": "tools/list", "transport": {"http": endpoint}}}},
    {"c": {"call": "a2a", "with": {"method": "tasks/list", "server": "https://example.org"}}},
    {"d": {"call": "asyncapi", "with": {"document": endpoint, "operation": "o", "message": {"payload": {}}}}},
    {"e": {"call": "asyncapi", "with": {"document": endpoint, "operation": "o", "subscription": {"consume": {"amount": 1}}}}},
]
run.compile({"document": document, "do": do}, catalogue.load())
print(*(name for name in ("grpc", "grpc_tools", "google.protobuf", "mcp", "a2a", "aiomqtt", "paho", "websockets") if name in sys.modules))
"""


def test_compiling_calls_loads_none_of_their_libraries() -> None:
    done = subprocess.run([sys.executable, "-c", DEFINITION], capture_output=True, text=True, check=False)

    assert (done.stderr, done.stdout.strip()) == ("", "")
