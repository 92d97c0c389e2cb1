"""Filling in the forms of a page as a browser without script does: found by their names, hidden fields and all."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Any

from django.test import Client

from stillhaven.clinic.monitoring.synthetic import dose_check


@dataclass
class Page:
    """One answer of the clinic as a person sees it."""

    client: Client
    status: int
    text: str
    url: str

    def words(self) -> str:
        """What can be read on it, in one line."""
        body = re.sub(r"<(script|style|noscript)\b.*?</\1>", " ", self.text, flags=re.S)
        return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body)))

    def stops(self) -> list[str]:
        """The findings that are not met, in words."""
        found = re.findall(
            r'<li class="finding" data-look="(?:stops|unknown)".*?finding-because">(.*?)</p>', self.text, flags=re.S
        )
        return [html.unescape(f) for f in found]

    def form(self, key: str) -> tuple[str, dict[str, Any]]:
        """Address and fields of the form with this key, as they stand in the page."""
        found = re.search(rf'<form [^>]*id="f-{re.escape(key)}"[^>]*>.*?</form>', self.text, flags=re.S)
        assert found, f"no form {key!r}; there are {self.forms()}"
        form = found.group(0)
        action = re.search(r'action="([^"]*)"', form)
        return html.unescape(action.group(1)) if action else self.url, _fields(form)

    def forms(self) -> list[str]:
        return re.findall(r'<form [^>]*id="f-([^"]+)"', self.text)

    def send(self, key: str, **typed: Any) -> Page:
        """Fill in a form and send it; redirects are followed."""
        action, fields = self.form(key)
        fields |= {name.replace("__", "."): value for name, value in typed.items()}
        return answer(self.client, self.client.post(action, fields, follow=True), self.url)


def _fields(form: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for tag in re.findall(r"<input [^>]*>", form):
        at = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        box = at.get("type") in ("checkbox", "radio")
        if "name" in at and (not box or " checked" in tag):
            fields.setdefault(at["name"], []).append(html.unescape(at.get("value", "")))
    for name, text in re.findall(r'<textarea [^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', form, flags=re.S):
        fields[name] = [html.unescape(text)]
    for name, options in re.findall(r'<select [^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, flags=re.S):
        chosen = re.search(r'value="([^"]*)" selected', options)
        fields[name] = [html.unescape(chosen.group(1))] if chosen else [""]
    return fields


def answer(client: Client, response: Any, url: str) -> Page:
    last = response.redirect_chain[-1][0] if getattr(response, "redirect_chain", None) else url
    return Page(client=client, status=response.status_code, text=response.content.decode(), url=last.split("#")[0])


def open_page(client: Client, url: str) -> Page:
    """Open an address; redirects are followed."""
    return answer(client, client.get(url, follow=True), url)


def read_off(order: Any) -> dict[str, str]:
    """What a person reads off scale, label and pump, when all three say what the order says: an entry of the dose gate."""
    return {key: str(value) for key, value in dose_check(order).items()}
