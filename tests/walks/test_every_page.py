"""Does every page of the running site hold: its status, its words, its policy, its layout, in both themes and at every size?

Each kind of page is opened once by somebody who may, judged by axe in light and dark, and measured at three sizes.
SHOTS=folder keeps a picture of each.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pypdf
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Response, sync_playwright

from stillhaven.clinic.people.factors import current_totp
from stillhaven.reference.cast_people import cast
from tests.walks.conftest import Site

pytestmark = pytest.mark.browser
AXE = (Path(__file__).resolve().parents[2] / "tests/vendor/axe.min.js").read_text(encoding="utf-8")
SIZES = {"desk": (1180, 820), "upright": (820, 1180), "phone": (390, 844), "narrow": (320, 640)}
SHOTS = os.environ.get("SHOTS", "")

# name -> (who opens it, where); {…} is what tests/walks/every_state.py found
PAGES: dict[str, tuple[str, str]] = {
    "login": ("", "/accounts/login/"), "password reset": ("", "/accounts/password/reset/"),
    "reset sent": ("", "/accounts/password/reset/done/"), "api docs": ("", "/api/docs"), "styleguide": ("", "/styleguide/"),
    "empty chair": ("", "/sessions/live-shell/"), "not found": ("", "/nowhere/"),
    "board": ("nurse", "/board/"), "wall": ("nurse", "/wall/"),
    "session booked": ("nurse", "/sessions/{booked}/"), "session checked in": ("nurse", "/sessions/{checked_in}/"),
    "session ready": ("nurse", "/sessions/{ready}/"), "session dosing": ("nurse", "/sessions/{dosing}/"),
    "session held": ("nurse", "/sessions/{held}/"), "session recovering": ("nurse", "/sessions/{recovering}/"),
    "session signed": ("nurse", "/sessions/{signed}/"), "session cancelled": ("nurse", "/sessions/{cancelled}/"),
    "chair dosing": ("nurse", "/sessions/{dosing}/live/"), "chair held": ("nurse", "/sessions/{held}/live/"),
    "chair recovering": ("nurse", "/sessions/{recovering}/live/"), "chair ready": ("nurse", "/sessions/{ready}/live/"),
    "recovery": ("nurse", "/sessions/{recovering}/recovery/"), "recovery too early": ("nurse", "/sessions/{booked}/recovery/"),
    "record unsigned": ("nurse", "/sessions/{recovering}/record/"), "record": ("nurse", "/sessions/{signed}/record/"),
    "order signed": ("nurse", "/orders/{order}/"), "patients": ("nurse", "/patients/"), "patients found": ("nurse", "/patients/?q=syn"),
    "chart": ("nurse", "/patients/{patient}/"), "history": ("nurse", "/entries/{entry}/history/"),
    "monitor worn": ("nurse", "/devices/{device_on}/"), "monitor on nobody": ("nurse", "/devices/{device_off}/"),
    "message": ("nurse", "/messages/{message}/"), "factors": ("nurse", "/accounts/2fa/"), "pin": ("nurse", "/account/pin/"),
    "password": ("nurse", "/accounts/password/change/"),
    "sign out": ("nurse", "/accounts/logout/"), "no entry": ("nurse", "/staff/"), "unlock": ("nurse", "/unlock/"),
    "order form": ("prescriber", "/courses/{course}/order/"),
    "order form, drug chosen": ("prescriber", "/courses/{course}/order/?protocol=iv_depression"),
    "order amend": ("prescriber", "/orders/{order}/amend/"), "record to sign": ("prescriber", "/sessions/{signed}/record/"),
    "who looked": ("auditor", "/access/"), "staff": ("admin", "/staff/"), "staff add": ("admin", "/staff/add/"),
    "colleague": ("admin", "/staff/{staff}/"), "programs": ("admin", "/staff/tokens/"),
    "drills": ("nurse", "/drills/"), "what if": ("prescriber", "/sessions/{dosing}/what-if/"),
    "check-in unknown": ("", "/c/nobody/"), "my check-ins": ("ada", "/me/checkins/"),
    "scales": ("nurse", "/patients/{patient}/scales/"), "scale to rate": ("nurse", "/patients/{patient}/scales/madrs/"),
    "scales known": ("nurse", "/scales/"), "one scale": ("nurse", "/scales/phq9/"), "alerts": ("nurse", "/alerts/"),
    "follow-up": ("nurse", "/followup/"), "follow-up of one": ("nurse", "/patients/{patient}/followup/"),
    "reviews": ("nurse", "/followup/watch/"), "my questions": ("ada", "/me/followup/"),
    "all courses": ("prescriber", "/registry/"),
    "outcomes": ("nurse", "/patients/{patient}/outcomes/"), "my progress": ("ada", "/me/progress/"),
    "therapy, the team's part": ("nurse", "/patients/{patient}/therapy/"), "my people": ("therapist", "/therapy/"),
    "therapy groups": ("therapist", "/therapy/groups/"), "my journal": ("ada", "/me/journal/"),
    "my messages": ("ada", "/me/messages/"), "my details": ("ada", "/me/details/"), "my account": ("ada", "/me/account/"),
    "caregivers": ("ada", "/me/caregivers/"), "close account": ("ada", "/me/account/close/"), "my requests": ("ada", "/me/requests/"),
    "register sent": ("", "/register/sent/"),
    "front": ("", "/"), "learn": ("", "/learn/"), "topic": ("", "/learn/depression/"), "help now": ("", "/learn/help-now/"),
    "questions": ("", "/learn/questions/"), "question": ("", "/learn/questions/how-effective/"), "myths": ("", "/learn/myths/"),
    "claims": ("", "/learn/claims/"), "ask": ("", "/ask/"), "answered": ("", "/ask/?q=can+I+drive+home"),
    "ask, crisis": ("", "/ask/?q=I+want+to+end+my+life"), "ask, unsafe": ("", "/ask/?q=where+can+I+buy+ketamine"),
    "self-check": ("", "/self-check/"),
    "my intake": ("ada", "/me/intake/"), "my consents": ("ada", "/me/consent/"), "my appointments": ("ada", "/me/appointments/"),
    "privacy": ("", "/privacy/"), "cookies": ("", "/privacy/cookies/"), "inbox": ("nurse", "/messages/"),
    "write to": ("nurse", "/patients/{patient}/write/"),
    "find a centre": ("", "/centres/"), "centres near": ("", "/centres/?near=94110&radius=100&routes=im"),
    "place unknown": ("", "/centres/?near=00000"), "compare": ("", "/centres/compare/"),
    "costs": ("", "/costs/"), "course costed": ("", "/costs/?course=iv_depression:iv_infusion&payer=commercial"),
    "contact": ("", "/enquiry/"), "contact, sent": ("", "/enquiry/sent/"), "enquiries": ("nurse", "/enquiries/"),
    "my estimates": ("ada", "/me/estimates/"),
    "my visits": ("ada", "/me/"), "my visit": ("ada", "/me/visits/{signed}/"), "not mine": ("ada", "/me/visits/{dosing}/"),
}  # fmt: skip
STATUS = {"place unknown": 404, "check-in unknown": 404, "not found": 404, "no entry": 403, "not mine": 404}
SAME_TITLE = {frozenset({"record", "record to sign"}), frozenset({"not found", "not mine"})}
SAME_TITLE |= {frozenset({"order form", "order form, drug chosen"}), frozenset({"patients", "patients found"})}
DOSE = {
    "dose": "0.5", "weight": "74", "product_mg_per_ml": "50", "duration_min": "40", "bag_ml": "100", "observation_min": "60",
    "weighed_on": "2026-11-20",
}  # fmt: skip
UNITS = {"dose_unit": "mg/kg", "weight_unit": "kg", "weight_basis": "actual"}
CODES = re.compile(
    r"\b[a-z]+_[a-z_]+\b|\b[A-Z]{2,}_[A-Z0-9_]+\b"
)  # a key of a file or of the program: no word for a person
FOR_PROGRAMMERS = {"api docs", "styleguide", "cookies"}  # cookies are told by their own names
PDFS = {
    "record": ("nurse", "/sessions/{signed}/record.pdf"), "unsigned record": ("nurse", "/sessions/{recovering}/record.pdf"),
    "summary": ("nurse", "/sessions/{signed}/summary.pdf"), "own summary": ("ada", "/me/visits/{signed}/summary.pdf"),
}  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--mute-audio"])
        yield chromium
        chromium.close()


class Visitor:
    """A browser of one person, signed in by the pages themselves; remembers whatever went wrong in it."""

    def __init__(self, browser: Browser, base: str, who: str) -> None:
        self.base, self.who, self.wrong = base, who, list[str]()
        self.context: BrowserContext = browser.new_context(
            viewport={"width": 1180, "height": 820},
            color_scheme="light",
            service_workers="block",
            reduced_motion="reduce",
        )
        self.context.on("request", self._request)
        self.context.on("weberror", lambda error: self.wrong.append(f"threw {error.error}"))
        self.context.on("console", lambda m: self.wrong.append(f"{m.type}: {m.text}") if _bad(m.type, m.text) else None)
        self.context.add_init_script(
            "document.addEventListener('securitypolicyviolation', (e) => console.error('policy', e.violatedDirective, e.blockedURI));"
        )
        self.page: Page = self.context.new_page()
        if who:
            self._sign_in()

    def _request(self, request: Any) -> None:
        if urlsplit(request.url).scheme in ("http", "https") and not request.url.startswith(self.base + "/"):
            self.wrong.append(f"asked elsewhere: {request.url}")

    def _sign_in(self) -> None:
        rows = {s["key"]: s for s in cast()["staff"]}
        email = rows[self.who]["email"] if self.who in rows else f"{self.who}@demo.example"
        self.page.goto(f"{self.base}/accounts/login/")
        self.page.fill("input[name=login]", email)
        self.page.fill("input[name=password]", cast()["password"])
        self.page.locator("main form button[type=submit]").first.click()
        if self.who in rows:
            self.page.wait_for_selector("input[name=code]")
            self.page.fill("input[name=code]", current_totp(rows[self.who]["totp"]))
            self.page.locator("form:has(input[name=code]) button[type=submit]").first.click()
        self.page.wait_for_url(lambda url: "/accounts/" not in url)

    def open(self, path: str) -> Response:
        answer = self.page.goto(self.base + path, wait_until="load")
        assert answer is not None
        if self.page.locator("body.live").count():
            self.page.wait_for_selector("html[data-ready=true]", timeout=30_000)
        return answer


def _bad(kind: str, text: str) -> bool:
    """Not the status that was asked for, nor the service worker that this test keeps out."""
    expected = ("the server responded with a status of", "Service Worker registration blocked by Playwright")
    return kind in ("error", "warning") and not any(words in text for words in expected)


@pytest.fixture(scope="module")
def people(browser: Browser, site: Site) -> Iterator[dict[str, Visitor]]:
    visitors = {who: Visitor(browser, site.base, who) for who in dict.fromkeys(who for who, _ in PAGES.values())}
    yield visitors
    for visitor in visitors.values():
        visitor.context.close()


def address(site: Site, path: str) -> str:
    return path.format(**(site.found["sessions"] | {k: v for k, v in site.found.items() if k != "sessions"}))


@contextmanager
def dark(page: Page) -> Iterator[None]:
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    yield
    page.emulate_media(color_scheme="light", reduced_motion="reduce")


def judged(page: Page) -> list[str]:
    """What axe holds against the page as it stands."""
    page.evaluate(AXE)
    run = "axe.run(document, {resultTypes: ['violations']})"
    found = page.evaluate(
        f"{run}.then((r) => r.violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.target.join(' ')).join(' | ')))"
    )
    return list(found)


# What sticks out of the page sideways, unless it stands in a box that scrolls by itself.
STICKS_OUT = """() => { const wide = document.documentElement.clientWidth; if (document.documentElement.scrollWidth <= wide) return [];
  return [...document.body.querySelectorAll('*')].filter((e) => e.getBoundingClientRect().right > wide + 1 && e.getClientRects().length)
    .map((e) => e.tagName + '.' + e.className).slice(0, 6).concat('the page is ' + document.documentElement.scrollWidth + ' wide'); }"""


def picture(page: Page, name: str, how: str) -> None:
    if SHOTS:
        Path(SHOTS).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{SHOTS}/{re.sub(r'[^a-z0-9]+', '-', name)}.{how}.png", full_page=True)


def faults(visitor: Visitor, answer: Response, status: int, name: str) -> list[str]:
    """Everything that is wrong with the page that stands open."""
    page, found = visitor.page, list[str]()
    if answer.status != status:
        found.append(f"status {answer.status}")
    headings = page.locator("h1").all_inner_texts()
    if len(headings) != 1 or not headings[0].strip():
        found.append(f"h1: {headings}")
    if not page.locator("html").get_attribute("lang"):
        found.append("no language")
    if name not in FOR_PROGRAMMERS and (codes := CODES.findall(page.locator("body").inner_text())):
        found.append(f"codes for words: {sorted(set(codes))}")
    found += [f"light, {v}" for v in judged(page)]
    picture(page, name, "desk.light")
    with dark(page):
        for size, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            if out := page.evaluate(STICKS_OUT):
                found.append(f"{size} sticks out: {out}")
            if size in ("desk", "phone"):
                picture(page, name, f"{size}.dark")
        found += [f"dark at 320 px, {v}" for v in judged(page)]
    picture(page, name, "phone.light")
    page.set_viewport_size({"width": 1180, "height": 820})
    found += visitor.wrong
    visitor.wrong.clear()
    return found


def test_every_page_holds(people: dict[str, Visitor], site: Site) -> None:
    wrong: dict[str, list[str]] = {}
    titles: dict[str, list[str]] = {}
    for name, (who, path) in PAGES.items():
        visitor = people[who]
        answer = visitor.open(address(site, path))
        found = faults(visitor, answer, STATUS.get(name, 200), name)
        title = visitor.page.title()
        titles.setdefault(title, []).append(name)
        if len(title) < 6:
            found.append(f"title {title!r}")
        if found:
            wrong[name] = found
    same = [names for names in titles.values() if len(names) > 1 and frozenset(names) not in SAME_TITLE]
    assert not wrong, "\n".join(f"{name}: {found}" for name, found in wrong.items())
    assert same == [], "pages that bear one title"


def test_refusals_and_misreadings_are_pages_too(people: dict[str, Visitor], site: Site) -> None:
    """A start that is refused, a note without words, an order worked out and one that cannot be: by the forms themselves."""
    nurse, doctor = people["nurse"], people["prescriber"]
    wrong: dict[str, list[str]] = {}
    for name, visitor, path, form, status, typed in (
        ("start refused", nurse, "/sessions/{ready}/", "start", 409, {}),
        ("discharge refused", nurse, "/sessions/{recovering}/recovery/", "discharge", 409, {}),
        ("weight misread", nurse, "/sessions/{checked_in}/", "weight", 422, {"weight": "seventy"}),
        ("order misread", doctor, "/courses/{course}/order/?protocol=iv_depression", "order", 422, {"dose": "some"}),
        ("order without units", doctor, "/courses/{course}/order/?protocol=iv_depression", "order", 422, DOSE),
        ("order worked out", doctor, "/courses/{course}/order/?protocol=iv_depression", "order", 200, DOSE | UNITS),
    ):  # fmt: skip
        visitor.open(address(site, path))
        with visitor.page.expect_navigation() as waited:
            visitor.page.evaluate(SEND, [form, typed])
        found = faults(visitor, waited.value, status, name)
        if found:
            wrong[name] = found
    assert not wrong, "\n".join(f"{name}: {found}" for name, found in wrong.items())


# Fills in fields and sends the form as a browser without script would, past its own checks.
SEND = """([key, typed]) => { const form = document.getElementById('f-' + key);
  if (!form) throw new Error('no form ' + key + ' among ' + [...document.querySelectorAll('form[id^=f-]')].map((f) => f.id));
  for (const [name, value] of Object.entries(typed)) form.elements[name].value = value;
  form.noValidate = true; HTMLFormElement.prototype.submit.call(form); }"""


def test_every_link_that_somebody_is_offered_opens(people: dict[str, Visitor], site: Site) -> None:
    """From the first page on, by role: no link leads nowhere, and none to a page that this person may not open."""
    broken = []
    for who, visitor in people.items():
        asked, seen = ["/" if who else "/accounts/login/"], dict[str, str]()
        while asked:
            path = asked.pop(0)
            answer = visitor.context.request.get(site.base + path)
            if answer.status != 200:
                broken.append((who, path, answer.status, "from " + seen.get(path, "the start")))
            kind = answer.headers.get("content-type", "")
            if not kind.startswith("text/html"):
                continue
            for href in re.findall(r'<a\b[^>]*\shref="([^"#]+)', answer.text()):
                there = urljoin(answer.url, unescape(href))
                if not there.startswith(site.base + "/"):
                    continue
                link = there.removeprefix(site.base)
                if link not in seen and len(seen) < 120 and "/logout" not in link:
                    seen[link] = path
                    asked.append(link)
    assert broken == []


def test_board_and_record_print_as_paper(people: dict[str, Visitor], site: Site) -> None:
    """White, without buttons or navigation, and with the words still there; at night, too."""
    page = people["nurse"].page
    for name in ("board", "record", "order signed", "chart"):
        people["nurse"].open(address(site, PAGES[name][1]))
        page.emulate_media(media="print", color_scheme="dark")
        seen = page.evaluate(
            "[...document.querySelectorAll('button, nav, .skip')].filter((e) => e.checkVisibility()).map((e) => e.textContent.trim())"
        )
        assert seen == [], name
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)", name
        assert page.evaluate("getComputedStyle(document.querySelector('h1')).color") == "rgb(0, 0, 0)", name
        assert page.evaluate(STICKS_OUT) == [], name
        if SHOTS:
            page.screenshot(path=f"{SHOTS}/print-{name.replace(' ', '-')}.png", full_page=True)
        page.emulate_media(media="screen", color_scheme="light")


def test_every_paper_holds(people: dict[str, Visitor], site: Site) -> None:
    for name, (who, path) in PDFS.items():
        answer = people[who].context.request.get(site.base + address(site, path))
        assert answer.status == 200, name
        assert answer.headers["content-type"] == "application/pdf", name
        paper = pypdf.PdfReader(io.BytesIO(answer.body()))
        assert paper.metadata, name
        assert paper.metadata.title, name
        assert paper.trailer["/Root"].get("/Lang"), name  # type: ignore[union-attr]
        words = "".join(sheet.extract_text() for sheet in paper.pages)
        assert any(person in words for person in ("Ada", "Dev", "Gia")), name


def test_a_locked_browser_asks_for_a_pin_and_nothing_is_lost_from_sight(people: dict[str, Visitor], site: Site) -> None:
    visitor = people["nurse"]
    visitor.open("/board/")
    visitor.page.get_by_role("button", name="Lock now").click()
    visitor.page.wait_for_url("**/unlock/**")
    answer = visitor.open("/unlock/")
    wrong = faults(visitor, answer, 200, "locked")
    wrong += faults(visitor, visitor.open("/board/"), 200, "board, locked")
    wrong += faults(visitor, visitor.open(address(site, "/sessions/{dosing}/live/")), 200, "chair, locked")
    assert visitor.context.request.get(site.base + address(site, "/sessions/{dosing}/"), max_redirects=0).status == 302
    assert wrong == []
