"""Can somebody use every public and every own page with the keys alone, and without JavaScript?

Each such page is opened in a browser that runs no script of the page: what is there then is what works for everybody.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.walks.conftest import Site
from tests.walks.test_every_page import PAGES, STATUS, Visitor, address, browser

pytestmark = pytest.mark.browser
__all__ = ["browser"]

OWN = {
    name: way
    for name, way in PAGES.items()
    if way[0] in ("", "ada") and name not in ("api docs", "styleguide", "empty chair")
}

# What can be reached by Tab: one of each group of radio buttons; nothing in a closed <details>.
REACHABLE = """() => { const seen = new Set(); const found = [];
  for (const e of document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')) {
    if (e.disabled || e.type === 'hidden' || e.tabIndex < 0 || !e.checkVisibility({visibilityProperty: true})) continue;
    if (e.type === 'radio') { const key = (e.form ? e.form.id : '') + e.name; if (seen.has(key)) continue; seen.add(key); e.dataset.radio = key; }
    found.push(e); }
  found.forEach((e, i) => { e.dataset.stop = i; });
  return found.map((e) => e.tagName + ' ' + (e.textContent.trim() || e.name || e.getAttribute('aria-label') || '').slice(0, 30)); }"""
# Which of them has the focus, and can one see it, at itself or around its label?
HERE = """() => { const e = document.activeElement; if (!e || e === document.body) return [-1, true];
  const shows = (n) => { const s = n && getComputedStyle(n); return Boolean(s) && s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2; };
  const seen = shows(e) || shows(e.closest('label'));
  let stop = e.dataset.stop;
  if (stop === undefined && e.type === 'radio') {
    const one = [...document.querySelectorAll('input[data-radio]')].find((o) => o.name === e.name && o.form === e.form);
    stop = one && one.dataset.stop; }
  return [stop === undefined ? -2 : Number(stop), seen]; }"""


@pytest.fixture(scope="module")
def plain(browser: Browser, site: Site) -> Iterator[dict[str, Page]]:
    """A stranger's and a patient's browser that run no script of a page."""
    pages = {}
    for who in ("", "ada"):
        signed_in = Visitor(browser, site.base, who)
        context = browser.new_context(
            viewport={"width": 390, "height": 844},
            java_script_enabled=False,
            storage_state=signed_in.context.storage_state(),
        )
        signed_in.context.close()
        pages[who] = context.new_page()
    yield pages
    for page in pages.values():
        page.context.close()


def test_every_stop_is_reached_and_seen_by_tab_alone(plain: dict[str, Page], site: Site) -> None:
    wrong: dict[str, list[str]] = {}
    for name, (who, path) in OWN.items():
        page = plain[who]
        answer = page.goto(site.base + address(site, path))
        assert answer is not None
        stops, reached, in_sight = page.evaluate(REACHABLE), set[int](), set[int]()
        for _ in range(len(stops) + 3):
            page.keyboard.press("Tab")
            stop, seen = page.evaluate(HERE)
            if stop >= 0:
                reached.add(stop)
                if seen:
                    in_sight.add(stop)
            if len(reached) == len(stops):
                break
        found = [f"not reached: {stops[n]}" for n in range(len(stops)) if n not in reached]
        if answer.status != STATUS.get(name, 200):
            found.append(f"status {answer.status}")
        found += [f"focus not seen: {stops[n]}" for n in sorted(reached - in_sight)]
        if found:
            wrong[name] = found
    assert not wrong, "\n".join(f"{name}: {found}" for name, found in wrong.items())


def test_without_script_the_content_and_its_forms_are_there(plain: dict[str, Page], site: Site) -> None:
    """A heading and words; each form that writes has a button that is there without a script, and says where it goes."""
    wrong: dict[str, list[str]] = {}
    for name, (who, path) in OWN.items():
        page, found = plain[who], list[str]()
        page.goto(site.base + address(site, path))
        if page.locator("h1").count() != 1 or len(page.locator("main").inner_text()) < 40:
            found.append("no content")
        for form in page.locator("main form").all():
            if form.get_attribute("data-passkey") is not None or not form.is_visible():
                continue  # a passkey is script by its nature; the same page offers the password
            if not form.locator("button:visible, input[type=submit]:visible").count():
                found.append(f"a form without a button: {form.get_attribute('action') or form.get_attribute('id')}")
        if found:
            wrong[name] = found
    assert not wrong, "\n".join(f"{name}: {found}" for name, found in wrong.items())


def test_a_question_is_asked_and_an_enquiry_sent_without_a_script(plain: dict[str, Page], site: Site) -> None:
    page = plain[""]
    page.goto(f"{site.base}/ask/")
    page.locator("main input[name=q]").first.focus()
    page.keyboard.type("can I drive home afterwards")
    page.keyboard.press("Enter")
    page.wait_for_url("**/ask/?q=*")
    assert page.locator("main a[href^='/learn/']").count()
    page.goto(f"{site.base}/learn/questions/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the first stop skips to the content
    assert page.url.endswith("#main")
