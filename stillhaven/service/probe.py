"""Does a part answer over HTTP?  A thread asks, so that the supervisor never waits."""

from __future__ import annotations

import contextlib
import http.client
import ssl
import threading
import time
from urllib.parse import urlsplit

EAGER_S, CALM_S, TIMEOUT_S = 0.1, 5.0, 5.0


class Probe:
    """Asks `url` again and again.  Any answer is a sign of life; 200 means ready."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.last_answer = self.last_ok = 0.0  # monotonic seconds
        self.last_words = "no answer yet"
        self.eager = True
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._ask_on, name="probe", daemon=True)

    def start(self) -> None:
        if not self._thread.is_alive():
            self._thread.start()

    def end(self) -> None:
        self._end.set()

    def _ask_on(self) -> None:
        while not self._end.wait(EAGER_S if self.eager else CALM_S):
            self.ask()

    def ask(self) -> None:
        """Ask once and note what came."""
        parts = urlsplit(self.url)
        assert parts.hostname is not None
        connection: http.client.HTTPConnection
        if parts.scheme == "https":
            # This asks whether our own server lives, on this machine; it sends nothing and trusts nothing it hears.
            context = ssl._create_unverified_context()  # noqa: S323
            connection = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=TIMEOUT_S, context=context)
        else:
            connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=TIMEOUT_S)
        asked_at = time.monotonic()
        try:
            connection.request("GET", parts.path or "/", headers={"Host": f"localhost:{parts.port}"})
            answer = connection.getresponse()
            self.last_words = f"{answer.status} {answer.read(500).decode('utf-8', 'replace')}"
            self.last_answer = asked_at
            if answer.status == 200:
                self.last_ok = asked_at
        except (OSError, http.client.HTTPException) as error:
            self.last_words = str(error)
        finally:
            with contextlib.suppress(OSError):
                connection.close()
