"""Static files straight from the package: no build step, no second server; only files that are there, by exact name."""

from __future__ import annotations

import asyncio
import hashlib
import mimetypes
from collections.abc import Awaitable, Callable
from functools import lru_cache
from pathlib import Path

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.http.response import HttpResponseBase

mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("font/woff2", ".woff2")


class StaticFiles:
    """Answers /static/... from the package's files, with an entity tag so that browsers ask cheaply."""

    async_capable = True
    sync_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if request.path.startswith(settings.STATIC_URL):
            answer = serve(request)
            return _soon(answer) if asyncio.iscoroutinefunction(self.get_response) else answer
        return self.get_response(request)


class KeptNowhere:
    """What a clinic's pages and answers hold stays in no cache, neither the browser's nor a proxy's on the way.

    Left alone are answers that set their own rule (static files), and what is the same for everybody and holds nobody:
    the service worker, and the chair's empty page, which it keeps.
    """

    SAME_FOR_ALL = ("/sw.js", "/sessions/live-shell/")

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if request.path not in self.SAME_FOR_ALL and "Cache-Control" not in response:
            response["Cache-Control"] = "no-store, private"
        response.setdefault("Permissions-Policy", "camera=(self), microphone=(), geolocation=(), payment=(), usb=()")
        return response


async def _soon(answer: HttpResponseBase) -> HttpResponseBase:
    return answer


def serve(request: HttpRequest) -> HttpResponseBase:
    """One static file, or 404 for anything that is not one of ours."""
    name = request.path.removeprefix(settings.STATIC_URL)
    found = _read(name)
    if found is None or request.method not in ("GET", "HEAD"):
        return HttpResponse("Not found", status=404, content_type="text/plain")
    body, tag, kind = found
    if request.headers.get("If-None-Match") == tag:
        return HttpResponseNotModified(headers={"ETag": tag})
    return HttpResponse(body, content_type=kind, headers={"ETag": tag, "Cache-Control": "no-cache"})


@lru_cache(maxsize=512)
def _read_cached(path: Path, changed: float) -> tuple[bytes, str, str]:
    body = path.read_bytes()
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    if kind.startswith("text/"):
        kind += "; charset=utf-8"
    return body, f'"{hashlib.sha256(body).hexdigest()[:20]}"', kind


def _read(name: str) -> tuple[bytes, str, str] | None:
    for root in settings.STATICFILES_DIRS:
        path = (Path(root) / name).resolve()
        if path.is_relative_to(Path(root).resolve()) and path.is_file():
            return _read_cached(path, path.stat().st_mtime)
    return None
