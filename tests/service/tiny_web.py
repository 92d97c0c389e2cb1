"""The smallest web server that a supervisor can watch: /healthz answers 200, also over TLS."""

from __future__ import annotations

import http.server
import os
import ssl
import sys
import time
from pathlib import Path


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        silent = Path(os.environ["STILLHAVEN_DATA"]) / "run" / "be-silent"
        body = (os.environ.get("STILLHAVEN_CLOCK", "") + "\n" + os.environ.get("STILLHAVEN_PG", "")).encode()
        self.send_response(503 if silent.exists() else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


def main() -> None:
    server = http.server.ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), Answer)
    if len(sys.argv) > 3:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[3], sys.argv[4])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    # A worker of its own, as real web servers have: it must not outlive its parent either.
    if os.fork() == 0:
        time.sleep(600)
    server.serve_forever()


if __name__ == "__main__":
    main()
