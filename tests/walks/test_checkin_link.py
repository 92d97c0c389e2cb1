"""A check-in by link on a phone, in a real browser: from opening to sent in at most twelve taps, with and without script."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.walks.conftest import Site

pytestmark = pytest.mark.browser
PHONE = {"width": 390, "height": 844}
MOST_TAPS, MOST_BYTES = 12, 100_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--mute-audio"])
        yield chromium
        chromium.close()


class Taps:
    """Counts what a thumb does."""

    def __init__(self, page: Page) -> None:
        self.page, self.count = page, 0

    def on(self, selector: str, nth: int = 0) -> None:
        self.page.locator(selector).nth(nth).click()
        self.page.wait_for_load_state()
        self.count += 1


def test_phq9_by_link_in_twelve_taps_without_script_and_never_twice(site: Site, browser: Browser) -> None:
    """No script runs at all; whoever opens the link again, on whatever device, finds that it was used."""
    context = browser.new_context(viewport=PHONE, java_script_enabled=False)
    page = context.new_page()
    weight: list[int] = []
    page.on("requestfinished", lambda request: weight.append(request.sizes()["responseBodySize"]))
    page.goto(f"{site.base}/c/demo-check-in-of-cleo/")
    tap = Taps(page)
    tap.on(".button-next")
    assert sum(weight) < MOST_BYTES
    for number in range(1, 11):
        assert f"{number} of 10" in page.inner_text(".question-progress")
        tall = [page.locator(".choice").nth(i).bounding_box() for i in range(4)]
        assert all(box is not None and box["height"] >= 44 for box in tall)
        tap.on(".choice", 0 if number == 9 else 1)
    assert "All answered" in page.inner_text("h1")
    tap.on("button.button-next")
    assert "Thank you" in page.inner_text("h1")
    assert tap.count <= MOST_TAPS
    context.close()
    other = browser.new_context(viewport=PHONE)
    again = other.new_page()
    again.goto(f"{site.base}/c/demo-check-in-of-cleo/")
    assert "sent already" in again.inner_text("h1")
    other.close()
