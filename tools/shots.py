"""Take the pictures of docs/explain/design.md anew, from a running demo.

    make demo                                             # in one terminal
    .venv/bin/python -m tools.shots http://127.0.0.1:8000 # in another

Each picture is WebP of 60 kB at most.  --all FOLDER takes every page of LOOKS at both sizes and in both themes instead,
as PNG, for whoever wants to look at all of them.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import io
import re
import sys
import time
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from stillhaven.reference.cast_people import cast

OUT = Path(__file__).resolve().parents[1] / "docs/img/design"
MOST_BYTES = 60_000
PHONE, TABLET, DESK = (390, 844), (1180, 820), (1280, 860)

# file -> (who opens it, where, size of the window, theme); {…} is looked up in the demo
SHOTS: dict[str, tuple[str, str, tuple[int, int], str]] = {
    "public-page": ("", "/learn/questions/how-effective/", DESK, "light"),
    "ask-phone": ("", "/ask/?q=can+I+drive+home+afterwards", PHONE, "light"),
    "portal-phone": ("ada", "/me/", PHONE, "dark"),
    "board": ("nurse", "/board/", DESK, "light"),
    "chair": ("nurse", "/sessions/{running}/live/", TABLET, "dark"),
    "chair-phone": ("nurse", "/sessions/{running}/live/", PHONE, "light"),
    "chart": ("prescriber", "/patients/{ada}/", DESK, "light"),
    "candidacy": ("prescriber", "/patients/{ben}/candidacy/", DESK, "dark"),
    "outcomes": ("prescriber", "/patients/{ada}/outcomes/", DESK, "light"),
}
LOOKS: dict[str, tuple[str, str]] = {
    "front": ("", "/"),
    "learn": ("", "/learn/"),
    "question": ("", "/learn/questions/how-effective/"),
    "topic": ("", "/learn/depression/"),
    "ask": ("", "/ask/?q=can+I+drive+home+afterwards"),
    "self-check": ("", "/self-check/"),
    "costs": ("", "/costs/"),
    "centres": ("", "/centres/"),
    "enquiry": ("", "/enquiry/"),
    "privacy": ("", "/privacy/"),
    "login": ("", "/accounts/login/"),
    "portal": ("ada", "/me/"),
    "portal-account": ("ada", "/me/account/"),
    "portal-progress": ("ada", "/me/progress/"),
    "board": ("nurse", "/board/"),
    "session": ("nurse", "/sessions/{running}/"),
    "chair": ("nurse", "/sessions/{running}/live/"),
    "patients": ("nurse", "/patients/"),
    "chart": ("prescriber", "/patients/{ada}/"),
    "candidacy": ("prescriber", "/patients/{ben}/candidacy/"),
    "outcomes": ("prescriber", "/patients/{ada}/outcomes/"),
    "schedule": ("nurse", "/schedule/"),
    "followup": ("nurse", "/followup/"),
    "stock": ("nurse", "/stock/"),
    "policy": ("prescriber", "/policy/"),
    "registry": ("prescriber", "/registry/"),
    "tomorrow": ("nurse", "/tomorrow/"),
    "inbox": ("nurse", "/messages/"),
}


def code_now(secret: str) -> str:
    """What the person's app would show (RFC 6238)."""
    digest = hmac.digest(base64.b32decode(secret), int(time.time() // 30).to_bytes(8, "big"), hashlib.sha1)
    start = digest[-1] & 15
    return f"{(int.from_bytes(digest[start : start + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06d}"


class People:
    """One browser window for each person, signed in through the pages themselves."""

    def __init__(self, browser: Browser, base: str) -> None:
        self.browser, self.base = browser, base
        self.pages: dict[str, Page] = {}

    def page(self, who: str) -> Page:
        if who not in self.pages:
            page = self.browser.new_context(
                reduced_motion="reduce", service_workers="block", device_scale_factor=1
            ).new_page()
            self.pages[who] = page
            if who:
                self._sign_in(page, who)
        return self.pages[who]

    def _sign_in(self, page: Page, who: str) -> None:
        staff = {row["key"]: row for row in cast()["staff"]}
        patients = {row["key"]: row for row in cast()["patient"]}
        page.goto(f"{self.base}/accounts/login/")
        page.fill("input[name=login]", staff[who]["email"] if who in staff else patients[who]["account"])
        page.fill("input[name=password]", cast()["password"])
        page.locator("main form button[type=submit]").first.click()
        if who in staff:
            page.wait_for_selector("input[name=code]")
            page.fill("input[name=code]", code_now(staff[who]["totp"]))
            page.locator("form:has(input[name=code]) button[type=submit]").first.click()
        page.wait_for_url(lambda url: "/accounts/" not in url)

    def found(self) -> dict[str, str]:
        """Whose chart is where, and which chair is running."""
        page = self.page("nurse")
        page.goto(f"{self.base}/patients/?q=syn")
        found = {}
        for row in cast()["patient"]:
            link = page.locator("main a", has_text=row["name"]).first
            if link.count() and (number := re.search(r"/patients/(\d+)/", link.get_attribute("href") or "")):
                found[row["key"]] = number[1]
        page.goto(f"{self.base}/board/")
        links = [a.get_attribute("href") or "" for a in page.locator("main a[href*='/live/']").all()]
        found["running"] = next(iter(re.findall(r"/sessions/([0-9a-f-]{36})/", " ".join(links))), "")
        return found

    def open(self, who: str, path: str, size: tuple[int, int], theme: str) -> Page:
        page = self.page(who)
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
        page.goto(self.base + path, wait_until="load")
        if page.locator("body.live").count():
            page.wait_for_selector("html[data-ready=true]", timeout=30_000)
            page.wait_for_timeout(1500)
        return page


def small(png: bytes) -> bytes:
    """The picture as WebP, no larger than it may be."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    for scale, quality in ((1.0, 86), (1.0, 74), (1.0, 60), (0.8, 70), (0.8, 55), (0.7, 50)):
        out = io.BytesIO()
        size = (round(picture.width * scale), round(picture.height * scale))
        picture.resize(size, Image.Resampling.LANCZOS).save(out, "WEBP", quality=quality, method=6)
        if out.tell() <= MOST_BYTES:
            break
    return out.getvalue()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", nargs="?", default="http://127.0.0.1:8000")
    parser.add_argument("--all", type=Path, default=None, metavar="FOLDER")
    parser.add_argument("--only", action="append", default=[])
    asked = parser.parse_args()
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        people = People(browser, asked.url.rstrip("/"))
        found = people.found()
        if asked.all is not None:
            asked.all.mkdir(parents=True, exist_ok=True)
            for name, (who, path) in LOOKS.items():
                for size, theme in ((DESK, "light"), (DESK, "dark"), (PHONE, "light"), (PHONE, "dark")):
                    if not asked.only or name in asked.only:
                        page = people.open(who, path.format(**found), size, theme)
                        page.screenshot(path=asked.all / f"{name}.{size[0]}.{theme}.png", full_page=True)
            return 0
        OUT.mkdir(parents=True, exist_ok=True)
        for name, (who, path, size, theme) in SHOTS.items():
            if not asked.only or name in asked.only:
                made = small(people.open(who, path.format(**found), size, theme).screenshot())
                (OUT / f"{name}.webp").write_bytes(made)
                print(f"{name}.webp: {len(made)} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
