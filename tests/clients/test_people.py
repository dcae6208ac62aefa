"""People in a real browser, at a real OpenID provider (`oidc-provider` from npm): logging in and out, what each role sees,
ending a key, and `offtake login`. The provider lets everyone in; `ada.admin` is in the group `admin`."""

import json
import os
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import ARTIFACTS, BINARY, ROOT, foreign
from playwright.sync_api import expect, sync_playwright

HERE = Path(__file__).parent / "provider"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}
DESKTOP = {"viewport": {"width": 1280, "height": 900}}
SECRET = "canary-provider-3a9f6b"
KEYS = {"ci": "canary-ci-key-88d1", "laptop": "canary-laptop-key-5c02"}

CONFIG = """
[listen]
address = "127.0.0.1:@PORT@"
[data]
dir = "data"
[[identity.key]]
name = "ci"
secret = "env:CI_KEY"
organisation = "acme"
team = "build"
[[identity.key]]
name = "laptop"
secret = "env:LAPTOP_KEY"
organisation = "acme"
team = "ml"
[policy]
files = ["teams.cedar"]
[residency]
country = "DE"
[[residency.organisation]]
name = "acme"
country = "DE"
owners = []
owners_rest_checked = true
owners_source = "register"
owners_date = "2026-10-01"
[[backend]]
name = "here"
kind = "echo"
[[backend]]
name = "virginia"
kind = "anthropic"
base_url = "http://127.0.0.1:1"
region = "us-east-1"
[[model]]
name = "echo"
backends = ["here"]
[[model]]
name = "claude"
backends = ["virginia"]
[[price]]
model = "echo"
currency = "USD"
input_per_million = "3.00"
output_per_million = "15.00"
[portal]
address = "http://127.0.0.1:@PORT@"
[portal.login]
issuer = "http://127.0.0.1:@PROVIDER@"
client_id = "portal"
client_secret = "env:PORTAL_SECRET"
terminal_client_id = "terminal"
scopes = ["openid", "email"]
organisation = "acme"
team = "people"
subject_claim = "email"
role = [
  { role = "viewer", required = { groups = "viewer" } },
  { role = "compliance", required = { groups = "compliance" } },
  { role = "admin", required = { groups = "admin" } },
]
"""

POLICY = """
@id("people") permit (principal in Offtake::Team::"acme/people", action, resource);
@id("build") permit (principal in Offtake::Team::"acme/build", action, resource == Offtake::Model::"echo");
@id("ml") permit (principal in Offtake::Team::"acme/ml", action, resource);
"""


@dataclass
class Plane:
    url: str
    provider: str
    home: Path
    log: Path

    def call(self, key, model="echo"):
        """The status of a call with this key."""
        message = {"model": model, "max_tokens": 50, "messages": [{"role": "user", "content": "Hello?"}]}
        headers = {"content-type": "application/json", "x-api-key": KEYS[key]}
        request = urllib.request.Request(f"{self.url}/v1/messages", json.dumps(message).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                return response.status
        except urllib.error.HTTPError as refused:
            return refused.code


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def provider_home():
    """Where the provider is installed, once for all runs."""
    home, wanted = ROOT / "target/provider", (HERE / "package.json").read_text()
    stamp = home / "installed.json"
    if not (stamp.exists() and stamp.read_text() == wanted):
        if not shutil.which("npm"):
            pytest.skip("no npm: the OpenID provider of these tests comes from there")
        home.mkdir(parents=True, exist_ok=True)
        shutil.copy(HERE / "package.json", home)
        install = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--silent"]
        subprocess.run(install, cwd=home, check=True, timeout=300)
        stamp.write_text(wanted)
    shutil.copy(HERE / "provider.mjs", home)
    return home


def wait_for(url, process, log):
    began = time.monotonic()
    while time.monotonic() - began < 30:
        try:
            urllib.request.urlopen(url, timeout=2)
            return
        except OSError:
            assert process.poll() is None, log.read_text()
            time.sleep(0.05)
    pytest.fail(f"{url} did not answer:\n{log.read_text()}")


@pytest.fixture(scope="module")
def plane(tmp_path_factory):
    home = tmp_path_factory.mktemp("people")
    port, at = free_port(), free_port()
    config = CONFIG.replace("@PORT@", str(port)).replace("@PROVIDER@", str(at))
    (home / "offtake.toml").write_text(config)
    (home / "teams.cedar").write_text(POLICY)
    plane = Plane(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{at}", home, home / "plane.log")
    environment = {name: value for name, value in os.environ.items() if not foreign(name)}
    started = []

    def start(command, check, log, **more):
        out = log.open("w")
        process = subprocess.Popen(
            command, env=environment | more, stdout=out, stderr=subprocess.STDOUT, cwd=home
        )
        started.append(process)
        wait_for(check, process, log)

    node = ["node", str(provider_home() / "provider.mjs")]
    start(node, f"{plane.provider}/jwks", home / "provider.log", PORT=str(at), PORTAL=plane.url)
    serve = [BINARY, "serve", "--config", home / "offtake.toml"]
    secrets = {"PORTAL_SECRET": SECRET, "CI_KEY": KEYS["ci"], "LAPTOP_KEY": KEYS["laptop"]}
    start(serve, f"{plane.url}/readyz", plane.log, **secrets)
    yield plane
    for process in started:
        process.terminate()
        process.wait(timeout=30)
    log = plane.log.read_text()
    assert not any(secret in log for secret in (SECRET, *KEYS.values())), "no secret is in the log"


@pytest.fixture(scope="module")
def browser():
    if not CHROMIUM:
        pytest.skip("no Chromium: `cargo xtask test` installs it where there is apt")
    with sync_playwright() as playwright:
        # Root, as in a container, has no sandbox; only our own pages and the provider's are opened.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@contextmanager
def somebody(browser, plane, login, path="/", expected=None, **options):
    """A page of somebody who logged in, and that may complain of nothing."""
    context = browser.new_context(**(DESKTOP | {"timezone_id": "UTC", "locale": "en-GB"} | options))
    page = context.new_page()
    complaints = []

    def complain(said):
        if page.url.startswith(plane.url) and said.type in ("error", "warning"):
            complaints.append(said.text)

    page.on("console", complain)
    page.goto(plane.url + path)
    if login:
        confirm(page, plane, login)
        expect(page).to_have_url(plane.url + path)
    yield page
    context.close()
    assert [said for said in complaints if not (expected and expected in said)] == []


def confirm(page, plane, login):
    """What somebody does at the provider: name and password, and consent."""
    assert page.url.startswith(plane.provider), page.url
    page.fill("input[name=login]", login)
    page.fill("input[name=password]", "anything")
    page.click("button[type=submit]")
    page.wait_for_load_state()
    if page.url.startswith(f"{plane.provider}/interaction"):
        page.click("button[type=submit]")
        page.wait_for_load_state()


def shot(page, name):
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=ARTIFACTS / f"people-{name}.png", full_page=True)


def fits(page):
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, "nothing sticks out sideways"


def test_a_person_logs_in_asks_and_logs_out(browser, plane):
    with somebody(browser, plane, "ada.viewer", "/usage?model=echo") as page:
        page.goto(plane.url)
        expect(page.locator(".principal")).to_contain_text("acme/people/ada.viewer@acme.example")
        page.select_option("#model", "echo")
        page.fill("#question", "Hello?")
        page.click("#send")
        expect(page.locator('[data-receipt="cost"]')).to_contain_text("USD", timeout=10_000)
        expect(page.locator("#recent")).to_contain_text("ada.viewer@acme.example")

        cookies = [one for one in page.context.cookies(plane.url) if one["name"].startswith("offtake-session")]
        assert [(one["httpOnly"], one["sameSite"], one["path"]) for one in cookies] == [(True, "Lax", "/")]
        assert "offtake" not in page.evaluate("document.cookie")

        page.click("text=Log out")
        expect(page).to_have_url(plane.url + "/logged-out")
        shot(page, "logged-out")
    # A copy of the cookie is of no use any more.
    with somebody(browser, plane, None) as page:
        page.context.add_cookies(cookies)
        page.goto(plane.url + "/usage")
        assert page.url.startswith(f"{plane.provider}/interaction")


def test_a_login_is_good_once_and_for_whoever_began_it(browser, plane):
    with somebody(browser, plane, None, expected="403") as page:
        came_back = []
        page.on("request", lambda asked: came_back.append(asked.url) if "/login/callback" in asked.url else None)
        confirm(page, plane, "ada.viewer")
        expect(page).to_have_url(plane.url + "/")
        [address] = came_back
        page.goto(address)
        expect(page.locator("h1")).to_have_text("That did not work")
        shot(page, "replayed")
        page.goto(plane.url + "/usage")
        expect(page.locator("main")).to_contain_text("Usage")
    with somebody(browser, plane, None, expected="403") as stranger:
        stranger.goto(address)
        expect(stranger.locator("h1")).to_have_text("That did not work")
        forged = re.sub("state=[^&]*", "state=forged", address)
        stranger.goto(forged)
        expect(stranger.locator("h1")).to_have_text("That did not work")
    with somebody(browser, plane, None, expected="403") as evil:
        evil.goto(plane.url + "/login?to=https://evil.example/")
        confirm(evil, plane, "ada.viewer")
        expect(evil).to_have_url(plane.url + "/")


def test_roles(browser, plane):
    with somebody(browser, plane, None, expected="403") as page:
        confirm(page, plane, "eve")
        expect(page.locator("h1")).to_have_text("Nobody has given you a role here")
        shot(page, "no-role")
    with somebody(browser, plane, "ada.viewer", expected="403") as page:
        expect(page.locator("nav")).not_to_contain_text("Access")
        expect(page.locator("nav")).not_to_contain_text("Ledger")
        page.goto(plane.url + "/access")
        expect(page.locator("h1")).to_have_text("Not for your role")
        page.goto(plane.url + "/residency")
        expect(page.locator(".area-question")).to_be_visible()
        expect(page.locator(".area-ran")).to_have_count(0)
        expect(page.locator(".area-refusals")).not_to_contain_text("acme/ml/laptop")
        shot(page, "residency-viewer")
    with somebody(browser, plane, "ada.compliance", "/access") as page:
        expect(page.locator(".area-keys")).to_contain_text("laptop")
        expect(page.locator(".revoke")).to_have_count(0)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("light", {"color_scheme": "light"}),
        ("dark", {"color_scheme": "dark"}),
        ("phone", PHONE),
        ("phone-dark", PHONE | {"color_scheme": "dark"}),
        ("no-scripts", {"java_script_enabled": False}),
    ],
)
def test_access_fits_each_screen(browser, plane, name, options):
    assert plane.call("ci") == 200
    with somebody(browser, plane, "ada.admin", "/access", **options) as page:
        row = page.locator(".area-keys tbody tr", has_text="ci")
        expect(row).to_contain_text("acme/build/ci")
        expect(row.locator(".names")).to_have_text("echo")
        expect(row).to_contain_text(re.compile(r"\d calls?"))
        expect(page.locator(".area-keys tbody tr", has_text="laptop")).to_contain_text("every model")
        expect(page.locator(".area-people")).to_contain_text("ada.admin@acme.example")
        page.locator(".revoke summary").first.click()
        if options.get("java_script_enabled", True):
            fits(page)
        shot(page, f"access-{name}")


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("light", {"color_scheme": "light"}),
        ("dark", {"color_scheme": "dark"}),
        ("phone", PHONE),
        ("no-scripts", {"java_script_enabled": False}),
    ],
)
def test_residency_answers_on_each_screen(browser, plane, name, options):
    assert plane.call("laptop", "echo") == 200
    assert plane.call("laptop", "claude") == 403
    with somebody(browser, plane, "ada.compliance", "/residency", **options) as page:
        expect(page.locator("svg.world .did-run title")).to_contain_text("Germany")
        expect(page.locator(".area-refusals")).to_contain_text("eu.gdpr.transfer")
        page.fill("#principal", "acme/ml/laptop")
        page.select_option("#asked-model", "claude")
        page.fill("#data-class", "personal")
        page.click(".question button")
        expect(page.locator(".ruling-title")).to_have_text("It may not run")
        expect(page.locator(".ruling")).to_contain_text("eu.gdpr.transfer")
        shot(page, f"residency-{name}")
        page.fill("#data-class", "nonsense")
        page.click(".question button")
        expect(page.locator(".trouble")).to_contain_text("nonsense")
        page.fill("#data-class", "")
        page.select_option("#asked-model", "echo")
        page.click(".question button")
        expect(page.locator(".ruling-title")).to_have_text("It may run")
        if options.get("java_script_enabled", True):
            fits(page)


def test_an_admin_ends_a_key_without_scripts(browser, plane):
    assert plane.call("laptop", "echo") == 200
    with somebody(browser, plane, "ada.admin", "/access", java_script_enabled=False) as page:
        row = page.locator(".area-keys tbody tr", has_text="laptop")
        row.locator("summary").click()
        row.locator("input[name=reason]").fill("left the team")
        row.locator("button").click()
        expect(page).to_have_url(plane.url + "/access")
        expect(page.locator(".area-keys tbody tr", has_text="laptop")).to_contain_text("revoked")
        expect(page.locator(".area-revoked")).to_contain_text("left the team")
        shot(page, "revoked")
    assert plane.call("laptop", "echo") == 401
    assert plane.call("ci", "echo") == 200


def test_a_terminal_logs_in_through_the_browser(browser, plane):
    home = plane.home / "terminal"
    home.mkdir()
    environment = {name: value for name, value in os.environ.items() if not foreign(name)}
    environment |= {"HOME": str(home), "XDG_CONFIG_HOME": str(home), "XDG_CACHE_HOME": str(home)}
    environment.pop("OFFTAKE_TOKEN", None)
    login = subprocess.Popen(
        [BINARY, "login", "--url", plane.url], env=environment, stderr=subprocess.PIPE, text=True
    )
    address = re.search(r"Open (\S+)", login.stderr.readline())[1]
    code = re.search(r"the code (\S+)", login.stderr.readline())[1]
    context = browser.new_context()
    page = context.new_page()
    page.goto(address)
    expect(page.locator("body")).to_contain_text(code)
    page.click("button[type=submit]")
    page.wait_for_load_state()
    confirm(page, plane, "ada.viewer")
    said = login.communicate(timeout=30)[1]
    context.close()
    assert login.returncode == 0, said
    assert "Logged in as acme/people/ada.viewer@acme.example" in said
    kept = home / "offtake/logins.json"
    assert kept.stat().st_mode & 0o777 == 0o600

    def ask():
        command = [BINARY, "ask", "Hello?", "--model", "echo", "--url", plane.url, "--json"]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30)

    answer = ask()
    assert answer.returncode == 0, answer.stderr
    # An hour later: the provider gives another id token for the refresh token, which it rolls.
    logins = json.loads(kept.read_text())
    before = dict(logins[plane.url])
    logins[plane.url]["until"] = 0
    kept.write_text(json.dumps(logins))
    assert ask().returncode == 0
    after = json.loads(kept.read_text())[plane.url]
    assert after["refresh_token"] != before["refresh_token"] and after["access_token"] != before["access_token"]
