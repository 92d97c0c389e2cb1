"""How many taps does a person need on a phone, from the first screen to "sent"?  Counted in a real browser at 390 x 844."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, sync_playwright

from tests.walks.conftest import Site
from tests.walks.test_every_page import Visitor

pytestmark = pytest.mark.browser

MOST_TAPS = 60
MOST_S = 8 * 60
# How long a person takes, as keystroke-level models have it in round figures: to read and hit one target, one letter.
TAP_S, LETTER_S, SCREEN_S = 2.5, 0.35, 4.0


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--mute-audio"])
        yield chromium
        chromium.close()


class Thumb:
    """A person's thumb: every tap counts, one into a field as well; letters are typed and not tapped."""

    def __init__(self, page: Any) -> None:
        self.page, self.taps, self.letters, self.screens = page, 0, 0, 0

    def tap(self, target: Locator) -> None:
        target.scroll_into_view_if_needed()
        box = target.bounding_box()
        assert box is not None
        assert box["height"] >= 44, f"a target of {box['height']:.0f} px"
        target.click()
        self.taps += 1

    def write(self, name: str, text: str) -> None:
        field = self.page.locator(f"[name='{name}']")
        field.click()
        field.press("End")
        field.type(text)
        self.taps += 1
        self.letters += len(text)

    def choose(self, name: str, value: str) -> None:
        self.tap(self.page.locator(f"label:has(input[name='{name}'][value='{value}'])"))

    def button(self, words: str) -> None:
        with self.page.expect_navigation():
            self.tap(self.page.get_by_role("button", name=words, exact=False).locator("visible=true").first)
        self.screens += 1

    def go_on(self) -> None:
        self.button("Save and go on")

    def medicine(self, text: str) -> None:
        self.write("q", text)
        with self.page.expect_navigation():
            self.tap(self.page.locator("#found .intake-hit").first)

    @property
    def seconds(self) -> float:
        return self.taps * TAP_S + self.letters * LETTER_S + self.screens * SCREEN_S


def test_a_typical_person_sends_their_intake_with_few_taps(browser: Browser, site: Site) -> None:
    """Depressed, two medicines tried, one taken, no other illness: what most people who come here have to say."""
    visitor = Visitor(browser, site.base, "ada")
    page = visitor.page
    page.set_viewport_size({"width": 390, "height": 844})
    visitor.open("/me/intake/")
    thumb = Thumb(page)
    with page.expect_navigation():
        thumb.tap(page.get_by_role("link", name="Begin"))
    thumb.write("phone", "555-0111")
    thumb.choose("contact_by", "text")
    thumb.go_on()
    thumb.write("emergency_name", "Ruth Fernsby")
    thumb.write("emergency_phone", "555-0101")
    thumb.choose("escort_who", "same")
    thumb.choose("ride_home", "yes")
    thumb.choose("stays", "yes")
    thumb.go_on()
    thumb.write("pcp", "Dr Malik")
    thumb.go_on()
    thumb.choose("insured", "self")
    thumb.go_on()
    thumb.choose("reasons", "mood")
    thumb.choose("diagnoses", "mdd")
    thumb.write("weight", "181 lb")
    thumb.write("height", "5'6")
    thumb.choose("height.unit", "ft")
    thumb.go_on()
    for _ in ("heart", "breathing", "liver and bladder", "head and glands"):
        thumb.button("None of these")
    for name, value in (("anaesthesia", "no"), ("ketamine_allergy", "no")):
        thumb.choose(name, value)
    thumb.go_on()
    thumb.choose("suicidal", "no")
    thumb.button("None of these")
    thumb.choose("alcohol", "some")
    thumb.button("None of these")
    thumb.choose("can_become_pregnant", "no")
    thumb.choose("breastfeeding", "no")
    thumb.go_on()
    thumb.medicine("venla")
    thumb.button("These are all")
    for name, dose, weeks in (("venlafaxine", "225", "12"), ("sertr", "200", "10")):
        taken = page.locator(".intake-taken a")
        if taken.count():
            with page.expect_navigation():
                thumb.tap(taken.first)
        else:
            thumb.medicine(name)
        thumb.write("highest_dose_mg", dose)
        thumb.write("weeks", weeks)
        thumb.choose("outcome", "none")
        thumb.choose("taken_as_prescribed", "yes")
        thumb.choose("this_episode", "yes")
        thumb.button("Keep it")
    thumb.button("These are all")
    thumb.choose("psychotherapy", "never")
    thumb.choose("other_treatments", "none")
    thumb.go_on()
    assert page.url == f"{site.base}/me/intake/", page.url
    with page.expect_navigation():
        thumb.tap(page.get_by_role("link", name="Send to the clinic"))
    thumb.button("Send it")
    assert page.get_by_text("You sent this on").is_visible()
    print(f"taps {thumb.taps}, letters {thumb.letters}, screens {thumb.screens}, about {thumb.seconds / 60:.1f} min")
    assert thumb.taps <= MOST_TAPS
    assert thumb.seconds < MOST_S
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert visitor.wrong == []
    visitor.context.close()


def test_what_is_typed_is_there_on_another_device_without_being_saved(browser: Browser, site: Site) -> None:
    one, other = Visitor(browser, site.base, "ada"), Visitor(browser, site.base, "ada")
    one.open("/me/intake/comfort/")
    one.page.locator("[name=comfort]").fill("A lamp, no ceiling light.")
    one.page.get_by_text("Kept at").wait_for()
    other.open("/me/intake/comfort/")
    assert other.page.locator("[name=comfort]").input_value() == "A lamp, no ceiling light."
    one.context.clear_cookies()  # the session has ended meanwhile
    one.page.locator("[name=comfort]").fill("A lamp, no ceiling light. A blanket.")
    one.page.get_by_role("button", name="Save and go on").click()
    one.page.get_by_text("You were signed out").wait_for()
    assert one.page.locator("[name=comfort]").input_value().endswith("A blanket.")
    for visitor in (one, other):
        visitor.context.close()
