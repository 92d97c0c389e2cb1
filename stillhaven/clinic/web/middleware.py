"""Static files straight from the package (no build step, no second server), and what may be kept or packed on the way."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

from stillhaven.clinic.web.assets import assets

KEPT_FOR_A_YEAR = "public, max-age=31536000, immutable"


class StaticFiles:
    """Answers /static/... from the package's files: for a year under a hashed name, else with an entity tag."""

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


class Packed(GZipMiddleware):
    """The public site travels packed; pages of somebody who is signed in, and pages by a secret link, do not.

    A packed page's length tells something of what is in it to whoever can make it repeat their own words.  Where the page
    is the same for everybody there is nothing to tell, and the token of a form is masked anew each time.
    """

    SAME_FOR_ALL = {"home", "outside:privacy", "outside:cookies", "outside:register", "account_login"}

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        match = request.resolver_match
        public = match is not None and (match.app_name == "public" or match.view_name in self.SAME_FOR_ALL)
        known = settings.SESSION_COOKIE_NAME in request.COOKIES or settings.SESSION_COOKIE_NAME in response.cookies
        if not public or known:
            return response
        packed: HttpResponseBase = super().process_response(request, response)
        return packed


_ACCEPTS_GZIP = re.compile(r"\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))")


def serve(request: HttpRequest) -> HttpResponseBase:
    """One static file, or 404 for anything that is not one of ours."""
    found = assets().find(request.path.removeprefix(settings.STATIC_URL))
    if found is None or request.method not in ("GET", "HEAD"):
        return HttpResponse("Not found", status=404, content_type="text/plain")
    asset, exact = found
    headers = {"ETag": asset.tag, "Cache-Control": KEPT_FOR_A_YEAR if exact else "no-cache"}
    if asset.packed is not None:
        headers["Vary"] = "Accept-Encoding"
    if request.headers.get("If-None-Match") == asset.tag:
        return HttpResponseNotModified(headers=headers)
    if asset.packed is not None and _ACCEPTS_GZIP.search(request.headers.get("Accept-Encoding", "")):
        return HttpResponse(asset.packed, content_type=asset.kind, headers=headers | {"Content-Encoding": "gzip"})
    return HttpResponse(asset.body, content_type=asset.kind, headers=headers)
