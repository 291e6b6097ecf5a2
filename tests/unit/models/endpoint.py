"""A loopback server that speaks as much of OpenAI's and Ollama's chat APIs as tests need, and says what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Reply:
    """One answer of the server: a body that is no text becomes JSON; *parts* are sent one by one, each after `step()` returned."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    parts: list[str] = field(default_factory=list)
    step: Callable[[], object] = bool
    lost: bool = False  # the connection is closed instead of an answer


Answering = Callable[[str, Any, int], Reply]  # path, body, how many came before


class Endpoint:
    def __init__(self, answer: Answering) -> None:
        self.requests: list[tuple[str, Any]] = []
        self.gone = threading.Event()  # somebody hung up while being answered
        endpoint, lock = self, threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args: Any) -> None:
                """Stay quiet."""

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["content-length"]))
                body = json.loads(raw) if "json" in self.headers["content-type"] else raw
                with lock:
                    endpoint.requests.append((self.path, body))
                    before = sum(1 for path, _ in endpoint.requests if path == self.path) - 1
                self._send(answer(self.path, body, before))

            def _send(self, reply: Reply) -> None:
                if reply.lost:
                    self.close_connection = True
                    return
                text = reply.body if isinstance(reply.body, str) else json.dumps(reply.body)
                content = b"" if reply.parts else text.encode()
                self.send_response(reply.status)
                for name, value in {"content-type": "application/json", **reply.headers}.items():
                    self.send_header(name, value)
                if reply.parts:
                    self.send_header("connection", "close")
                    self.close_connection = True
                else:
                    self.send_header("content-length", str(len(content)))
                self.end_headers()
                try:
                    for part in [*(part.encode() for part in reply.parts), content]:
                        self.wfile.write(part)
                        self.wfile.flush()
                        reply.step()
                except OSError:
                    endpoint.gone.set()

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def bodies(self) -> list[Any]:
        return [body for _, body in self.requests]

    @contextmanager
    def running(self) -> Iterator[Endpoint]:
        self._thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()


def serving(answer: Answering | list[Reply]) -> Any:
    """Return a context manager with an endpoint; of a list, the last reply is given to all that come later."""
    replies = answer
    return Endpoint(replies if callable(replies) else lambda _path, _body, before: replies[min(before, len(replies) - 1)]).running()


def completion(text: str | None, *, finish: str = "stop", **message: Any) -> dict[str, Any]:
    """Return a chat completion as OpenAI's API sends it."""
    return {
        "id": "c",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18},
        "choices": [{"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text, **message}}],
    }


def tool_call(arguments: str, *, name: str = "answer") -> dict[str, Any]:
    function = {"name": name, "arguments": arguments}
    return completion(None, finish="tool_calls", tool_calls=[{"id": "t", "type": "function", "function": function}])


def chunks(*texts: str) -> list[str]:
    """Return a streamed completion."""
    frame = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    parts = [{**frame, "choices": [{"index": 0, "delta": {"role": "assistant", "content": text}}]} for text in texts]
    parts.append({**frame, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    return [*(f"data: {json.dumps(part)}\n\n" for part in parts), "data: [DONE]\n\n"]


def refusal(status: int, message: str, **headers: str) -> Reply:
    return Reply(
        {"error": {"message": message, "type": "x"}}, status=status, headers={key.replace("_", "-"): v for key, v in headers.items()}
    )
