"""A local chat-completions server that fails in every way a server can."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


def named_reply(body: dict[str, Any]) -> dict[str, Any]:
    """What a good server answers: the text names the prompt, the seed and the choice."""
    n = body.get("n", 1)
    prompt = body["messages"][-1]["content"]
    choices = [
        {"index": i, "finish_reason": "stop", "message": {"role": "assistant", "content": f"{prompt[:9]} {i}"}}
        for i in range(n)
    ]
    return {"choices": choices, "usage": {"prompt_tokens": 7, "completion_tokens": 3 * n}}


def task_reply(body: dict[str, Any]) -> dict[str, Any]:
    """What a server with a model answers to the retrieval-then-answer tasks: a function of (prompt, seed, choice)."""
    n = body.get("n", 1)
    choices = []
    for i in range(n):
        digest = hashlib.sha256(f"{body['messages']} {body['seed']} {i}".encode()).digest()
        words = body["messages"][-1]["content"].split()
        text = f"Sentences: {digest[0] % 10 + 1}, {digest[1] % 10 + 1}\nAnswer: {words[digest[2] % len(words)]}"
        choices.append({"index": i, "finish_reason": "stop", "message": {"role": "assistant", "content": text}})
    return {"choices": choices, "usage": {"prompt_tokens": 7, "completion_tokens": 3 * n}}


@dataclass
class Server:
    """A fake server: ``faults`` are used up one a call, before it turns good."""

    url: str = ""
    good: Callable[[dict[str, Any]], dict[str, Any]] = named_reply
    faults: list[str] = field(default_factory=list)
    always: Callable[[dict[str, Any]], str] = lambda body: ""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    most_at_once: int = 0
    at_once: int = 0
    delay: float = 0.0
    freed: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)


def handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with server.lock:
                server.bodies.append(body)
                server.times.append(time.monotonic())
                server.at_once += 1
                server.most_at_once = max(server.most_at_once, server.at_once)
                fault = server.always(body) or (server.faults.pop(0) if server.faults else "")
            time.sleep(server.delay)
            try:
                self.answer(fault, body)
            finally:
                with server.lock:
                    server.at_once -= 1

        def answer(self, fault: str, body: dict[str, Any]) -> None:
            reply = server.good(body)
            if fault.isdigit():
                error = json.dumps({"error": {"message": f"fault {fault}"}}).encode()
                return self.send(error, int(fault))
            if fault == "hang":
                server.freed.wait(20)
                self.close_connection = True
                return None
            if fault == "not json":
                return self.send(b"<html>busy</html>")
            if fault == "no choices":
                reply["choices"] = []
            if fault == "null choices":
                reply["choices"] = None
            if fault == "no usage":
                del reply["usage"]
            if fault == "no content":
                reply["choices"][0]["message"]["content"] = None
            if fault == "one choice":
                reply["choices"] = reply["choices"][:1]
                reply["usage"]["completion_tokens"] = 3
            content = json.dumps(reply).encode()
            if fault == "cut":
                self.send(content, cut=len(content) // 2)
                self.close_connection = True
                return None
            return self.send(content)

        def send(self, content: bytes, status: int = 200, cut: int | None = None) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            if status == 429:
                self.send_header("Retry-After", "0.3")
            self.end_headers()
            self.wfile.write(content[:cut])

        def log_message(self, *args: object) -> None:
            pass

    return Handler


class QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *args: object) -> None:
        """A client that leaves early is part of the tests."""


@contextmanager
def servers() -> Iterator[Callable[..., Server]]:
    """Starts servers, and stops them at the end."""
    running = []

    def make(**options: Any) -> Server:
        server = Server(**options)
        http = QuietServer(("127.0.0.1", 0), handler(server))
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        server.url = f"http://127.0.0.1:{http.server_port}/v1"
        running.append((server, http, thread))
        return server

    try:
        yield make
    finally:
        for server, http, thread in running:
            server.freed.set()
            http.shutdown()
            thread.join()
            http.server_close()
