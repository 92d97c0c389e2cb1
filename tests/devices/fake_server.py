"""A server for the gateway's tests: takes batches as agreed, keeps them, and misbehaves as it is told to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Decide = Callable[[dict[str, Any]], tuple[int, Any] | None]  # a batch -> (status, answer), None = take it


class FakeServer:
    """Stores each uid once.  `decide` may answer something else; "hang up" as the answer closes the connection."""

    def __init__(self, decide: Decide | None = None) -> None:
        self.stored: dict[str, dict[str, Any]] = {}
        self.times_sent: dict[str, int] = {}
        self.batches: list[list[str]] = []
        self.tokens: set[str] = set()
        self.decide = decide
        self.lock = threading.Lock()
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                batch = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                decided = fake.decide(batch) if fake.decide else None
                if decided and decided[1] == "hang up":
                    self.close_connection = True
                    return
                status, answer = decided or (200, fake.take(batch, self.headers["Authorization"]))
                data = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *args: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def take(self, batch: dict[str, Any], token: str = "") -> dict[str, Any]:
        with self.lock:
            self.tokens.add(token)
            self.batches.append([m["uid"] for m in batch["messages"]])
            results = []
            for message in batch["messages"]:
                uid = message["uid"]
                results.append({"uid": uid, "status": "duplicate" if uid in self.stored else "stored"})
                self.stored.setdefault(uid, message)
                self.times_sent[uid] = self.times_sent.get(uid, 0) + 1
            return {"results": results}

    def controls(self) -> list[str]:
        """Control ids in the order in which they were first stored."""
        with self.lock:
            return [m["control_id"] for m in self.stored.values()]

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()
