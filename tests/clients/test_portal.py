"""The portal's first page in a real browser: figures in the HTML, a playground without a key, live updates."""

import json
import re
import shutil
import urllib.error
import urllib.request
from contextlib import contextmanager

import pytest
from conftest import ARTIFACTS, CAPITAL, MODEL
from playwright.sync_api import expect, sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def browser(demo):
    if not CHROMIUM:
        pytest.skip("no Chromium: `cargo xtask test` installs it where there is apt")
    with sync_playwright() as playwright:
        # Root, as in a container, has no sandbox; only our own page is opened.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@contextmanager
def watched(browser, demo, expected=None, **options):
    """A page that may complain of nothing and may talk to nobody else."""
    options = {"viewport": DESKTOP, "timezone_id": "UTC", "locale": "en-GB"} | options
    context = browser.new_context(**options)
    page = context.new_page()
    complaints, strangers = [], []
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda asked: None if asked.url.startswith(demo.url) else strangers.append(asked.url))
    page.goto(demo.url)
    yield page
    context.close()
    assert [said for said in complaints if not (expected and expected in said)] == []
    assert strangers == []


def shot(page, name):
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=ARTIFACTS / f"portal-{name}.png", full_page=True)


def figure(page, key):
    return page.locator(f'[data-key="{key}"]').first


def test_a_question_is_answered_and_the_figures_move_by_themselves(browser, demo, books):
    with watched(browser, demo) as page:
        expect(page.locator("#models")).to_contain_text(MODEL)
        expect(page.locator("#models")).to_contain_text("echo")
        expect(page.locator("#live")).to_have_attribute("data-state", "on")
        before = {key: figure(page, key).text_content() for key in ("spend", "calls", "remaining")}
        drawn = page.locator("#commitment path.drawn").last.get_attribute("d")
        loaded = page.evaluate("performance.timeOrigin")

        page.fill("#question", CAPITAL)
        page.click("#send")
        expect(page.locator("#text")).to_contain_text("Paris", timeout=20_000)
        expect(page.locator('[data-receipt="cost"]')).to_contain_text("USD", timeout=10_000)
        tokens = re.fullmatch(r"(\d+) in · (\d+) out", page.locator('[data-receipt="tokens"]').inner_text())
        cost = page.locator('[data-receipt="cost"]').inner_text()
        request = page.locator('[data-receipt="request"] a')
        headers = {"x-offtake-request-id": request.inner_text(), "x-offtake-cost": cost}
        books.note(headers, int(tokens[1]), int(tokens[2]))

        for key, was in before.items():
            expect(figure(page, key)).not_to_have_text(was, timeout=10_000)
        assert page.locator("#commitment path.drawn").last.get_attribute("d") != drawn, "the burn-down moves"
        assert page.evaluate("performance.timeOrigin") == loaded, "without a reload"

        shown = json.loads(page.evaluate("fetch('/api/overview').then((answer) => answer.text())"))
        assert figure(page, "calls").text_content() == str(shown["spend"]["calls"])
        request.click()
        expect(page.locator("main")).to_contain_text(headers["x-offtake-request-id"])


def test_the_answer_streams_in(browser, demo, books):
    with watched(browser, demo) as page:
        page.evaluate(
            """() => {
              window.seen = new Set();
              const text = document.getElementById("text");
              new MutationObserver(() => window.seen.add(text.textContent)).observe(text, {childList: true});
            }"""
        )
        page.fill("#question", CAPITAL)
        page.keyboard.press("Enter")
        expect(page.locator('[data-receipt="cost"]')).to_contain_text("USD", timeout=20_000)
        assert page.evaluate("window.seen.size") > 3, "pieces appear one after another"
        books.unnamed += 1


def test_a_refused_call_is_told_in_words(browser, demo):
    with watched(browser, demo, expected="status of 503") as page:
        page.route("**/v1/messages", lambda route: route.fulfill(status=503, body="{}"))
        page.fill("#question", CAPITAL)
        page.click("#send")
        expect(page.locator("#trouble")).to_contain_text("cannot be reached")


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("light", {"color_scheme": "light"}),
        ("dark", {"color_scheme": "dark"}),
        ("phone", {"viewport": PHONE, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}),
        ("phone-dark", {"viewport": PHONE, "device_scale_factor": 2, "color_scheme": "dark", "is_mobile": True}),
    ],
)
def test_it_fits_each_screen(browser, demo, name, options):
    with watched(browser, demo, **options) as page:
        expect(page.locator("#commitment svg:visible").first).to_be_visible()
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, "nothing sticks out sideways"
        shot(page, name)
        if name != "dark":
            page.goto(demo.url + "/usage")
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            shot(page, f"usage-{name}")
            assert wide <= 0


def test_it_works_without_scripts(browser, demo):
    """The figures are in the HTML."""
    with watched(browser, demo, java_script_enabled=False) as page:
        shown = json.loads(get(demo, "/api/overview")[1])
        expect(figure(page, "calls")).to_have_text(str(shown["spend"]["calls"]))
        expect(page.locator("#ledger")).to_contain_text("receivable")
        expect(page.locator("#deal")).to_contain_text("at least $100 bn")
        expect(page.locator("#commitment svg:visible").first).to_be_visible()
        shot(page, "no-scripts")


def test_an_empty_plane_says_what_to_do(browser, echo_demo):
    with watched(browser, echo_demo) as page:
        expect(page.locator("#models")).to_contain_text("echo")
        expect(figure(page, "calls")).to_have_text("0")
        expect(page.locator("#commitment figure")).to_have_count(1)
        shot(page, "empty")


# ── who may look ────────────────────────────────────────────────────────────────────────────────────────────


def get(demo, path, **options):
    request = urllib.request.Request(demo.url + path, **options)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, response.read(), response.headers
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read(), refused.headers


@pytest.mark.parametrize("path", ["/", "/api/overview", "/fragments", "/usage", "/api/events", "/assets/portal.css"])
@pytest.mark.parametrize("host", ["evil.example", "evil.example:8787", "127.0.0.1.evil.example", "localhost.evil.example"])
def test_another_name_for_this_machine_is_refused(demo, path, host):
    """DNS rebinding: a page elsewhere cannot read the portal by pointing its own name here."""
    assert get(demo, path, headers={"host": host})[0] == 403


def test_a_session_is_for_the_portals_own_page(demo):
    own = {"x-offtake-csrf": "1", "origin": demo.url}
    assert get(demo, "/api/session", method="POST", headers=own)[0] == 200
    for wrong in [
        {},
        {"origin": demo.url},
        {"x-offtake-csrf": "1", "origin": "http://evil.example"},
        {"x-offtake-csrf": "1", "origin": "null"},
        {"x-offtake-csrf": "1", "host": "evil.example"},
    ]:
        assert get(demo, "/api/session", method="POST", headers=wrong)[0] == 403, wrong
    assert get(demo, "/api/session", headers=own)[0] == 404, "reading gives none"


def test_every_page_says_what_a_browser_may_do(demo):
    for path in ("/", "/usage", "/api/overview", "/nothing", "/assets/live.js"):
        headers = get(demo, path)[2]
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy or "default-src 'self'" in policy
        assert "unsafe-inline" not in policy and "unsafe-eval" not in policy
        assert headers["x-content-type-options"] == "nosniff" and headers["x-frame-options"] == "DENY"
        assert "access-control-allow-origin" not in headers
