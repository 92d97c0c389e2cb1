"""The clinic as an ASGI application: what the server runs.  Nothing larger than a picture comes in."""

import gc
import os
import sys
from collections.abc import Awaitable, Callable
from typing import Any, cast

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "stillhaven.clinic.web.settings")

# a thread that stores readings must not wait Python's usual 5 ms for each turn beside the one that writes the streams
sys.setswitchinterval(0.0005)

# seldom look for garbage: a search stops every stream (see `monitoring.hub.keep_what_is_loaded`)
gc.set_threshold(50_000, 20, 50)

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

MOST_BYTES = 12 * 1024 * 1024  # a picture of 8 MB with its form, or a gateway's batch


class _TooLarge(Exception):
    """More came in than anything here needs."""


def bounded(app: App, most_bytes: int = MOST_BYTES) -> App:
    """Answers 413 before a body beyond the bound fills the disk: Django itself reads a file's body to its end first."""

    async def guarded(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        announced = dict(scope.get("headers") or ()).get(b"content-length", b"0")
        if not announced.isdigit() or len(announced) > 12 or int(announced) > most_bytes:
            await _say_too_large(send)
            return
        seen, begun = 0, False

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > most_bytes:
                raise _TooLarge
            return message

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await app(scope, counted, noted)
        except _TooLarge:
            if not begun:
                await _say_too_large(send)

    return guarded


async def _say_too_large(send: Send) -> None:
    headers = [(b"content-type", b"application/json"), (b"connection", b"close"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": b'{"why": "this is too large; send a smaller picture"}'})


application = bounded(cast(App, get_asgi_application()))
