"""What proves workloads in the tests: a plane of their own, real issuers, and one that can misbehave."""

import base64
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from conftest import BINARY, foreign
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

PROVIDER = Path(__file__).parent / "provider"
QUESTION = {"model": "echo", "max_tokens": 20, "messages": [{"role": "user", "content": "Hello."}]}


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def eventually(what, is_so, seconds=30):
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        if found := is_so():
            return found
        time.sleep(0.05)
    pytest.fail(f"in vain: {what}")


# ── the plane ───────────────────────────────────────────────────────────────────────────────────────────────────────

CONFIG = """
[listen]
address = "127.0.0.1:{port}"
[data]
dir = "data"
[[backend]]
name = "echo"
kind = "echo"
[[model]]
name = "echo"
backends = ["echo"]
[[model]]
name = "other"
backends = ["echo"]
"""


@dataclass
class Answer:
    status: int
    headers: dict
    text: str

    def json(self):
        return json.loads(self.text)


@dataclass
class Plane:
    """`offtake serve` with a configuration of its own."""

    home: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self):
        return (self.home / "log").read_text()

    def configure(self, config):
        (self.home / "offtake.toml").write_text(CONFIG.format(port=self.port) + config)

    def environment(self):
        kept = {name: value for name, value in os.environ.items() if not foreign(name)}
        for name in ("OFFTAKE_URL", "OFFTAKE_TOKEN", "OFFTAKE_IDENTITY_TOKEN", "OFFTAKE_IDENTITY_TOKEN_FILE"):
            kept.pop(name, None)
        return kept | {"XDG_CACHE_HOME": str(self.home / "cache"), "HOME": str(self.home)}

    def run(self, *arguments, **environment):
        command = [BINARY, *map(str, arguments)]
        environment = self.environment() | environment
        return subprocess.run(command, env=environment, cwd=self.home, capture_output=True, text=True, timeout=60)

    def start(self):
        with (self.home / "log").open("a") as out:
            command = [BINARY, "serve", "--config", "offtake.toml"]
            self.process = subprocess.Popen(command, cwd=self.home, env=self.environment(), stdout=out, stderr=out)
        eventually("the plane is ready", lambda: self.is_ready())
        return self

    def is_ready(self):
        if self.process.poll() is not None:
            pytest.fail(f"the plane ended:\n{self.log}")
        try:
            return self.send("GET", "/readyz").status == 200
        except OSError:
            return False

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(timeout=30) == 0, self.log

    def send(self, method, path, headers=None, body=None, timeout=20):
        body = body.encode() if isinstance(body, str) else body
        request = urllib.request.Request(self.url + path, data=body, headers=headers or {}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=timeout) as response:
                return Answer(response.status, dict(response.headers), response.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, dict(error.headers), error.read().decode())

    def call(self, token, model="echo", **headers):
        """A call in Anthropic's words."""
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"} | headers
        return self.send("POST", "/v1/messages", headers, json.dumps(QUESTION | {"model": model}))

    def exchange(self, **fields):
        form = urllib.parse.urlencode(fields)
        kind = {"content-type": "application/x-www-form-urlencoded"}
        return self.send("POST", "/v1/oauth/token", kind, form)

    def whoami(self):
        """Who the last call on record was made by, and how."""
        listed = self.run("usage", "list", "--config", "offtake.toml", "--json")
        last = json.loads(listed.stdout.splitlines()[-1])
        return f"{last['organisation']}/{last['team']}/{last['subject']}", last["method"]

    def status(self):
        listed = self.run("identity", "status", "--config", "offtake.toml", "--json")
        return {row["rule"]: row for row in map(json.loads, listed.stdout.splitlines())}, listed.returncode


@pytest.fixture
def plane(tmp_path):
    plane = Plane(tmp_path)
    yield plane
    plane.stop()


# ── a real OpenID provider ──────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Provider:
    """`oidc-provider`, as an issuer whose clients are workloads."""

    home: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self, keys="keys"):
        environment = os.environ | {"PORT": str(self.port), "KEYS": str(self.home / f"{keys}.json")}
        self.process = subprocess.Popen(
            ["node", PROVIDER / "workloads.mjs"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        for line in self.process.stdout:
            if line.strip() == "ready":
                return self
        pytest.fail("the provider did not start")

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def token(self, algorithm="RS256", audience="offtake", client="trainer"):
        form = {"grant_type": "client_credentials", "scope": algorithm, "resource": f"urn:{audience}"}
        basic = base64.b64encode(f"{client}:for+tests+only".encode()).decode()
        request = urllib.request.Request(
            f"{self.url}/token", data=urllib.parse.urlencode(form).encode(), headers={"authorization": f"Basic {basic}"}
        )
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.load(response)["access_token"]

    def rule(self, name="workloads", **more):
        return rule(name, self.url, discovery=True, algorithms=["RS256", "ES256", "EdDSA"], **more)


@pytest.fixture
def provider(tmp_path):
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("no node: the provider is from npm")
    if not (PROVIDER / "node_modules").exists():
        install = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--no-package-lock"]
        subprocess.run(install, cwd=PROVIDER, check=True, timeout=600)
    provider = Provider(tmp_path)
    yield provider
    provider.stop()


def rule(name, issuer, audience="offtake", organisation="acme", **more):
    """An `[[identity.issuer]]`, in TOML."""
    fields = {"name": name, "issuer": issuer, "audience": audience, "organisation": organisation}
    fields |= {"team": "ml", "algorithms": ["RS256"]} | more
    return "[[identity.issuer]]\n" + "".join(f"{name} = {toml(value)}\n" for name, value in fields.items())


def toml(value):
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(name)} = {toml(part)}" for name, part in value.items()) + " }"
    return json.dumps(value)


# ── an issuer that can misbehave ────────────────────────────────────────────────────────────────────────────────────


def b64(data):
    data = data.encode() if isinstance(data, str) else data
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value):
    return b64(value.to_bytes((value.bit_length() + 7) // 8, "big"))


class Key:
    """A signing key, with its public half as a JWK."""

    def __init__(self, name, algorithm="ES256"):
        self.name, self.algorithm = name, algorithm
        if algorithm == "ES256":
            self.private = ec.generate_private_key(ec.SECP256R1())
            numbers = self.private.public_key().public_numbers()
            point = {axis: b64(getattr(numbers, axis).to_bytes(32, "big")) for axis in "xy"}
            self.jwk = {"kty": "EC", "crv": "P-256", **point}
        else:
            self.private = rsa.generate_private_key(65537, 2048)
            numbers = self.private.public_key().public_numbers()
            self.jwk = {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e)}
        self.jwk |= {"kid": name, "use": "sig", "alg": algorithm}

    def sign(self, message):
        if self.algorithm == "ES256":
            r, s = decode_dss_signature(self.private.sign(message, ec.ECDSA(hashes.SHA256())))
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")
        return self.private.sign(message, padding.PKCS1v15(), hashes.SHA256())

    def token(self, claims, **header):
        header = {"alg": self.algorithm, "typ": "JWT", "kid": self.name} | header
        header = {name: value for name, value in header.items() if value is not None}
        signed = f"{b64(json.dumps(header))}.{b64(json.dumps(claims))}"
        return f"{signed}.{b64(self.sign(signed.encode()))}"


class Issuer:
    """An issuer of the tests' own, with every key and answer in their hands."""

    def __init__(self):
        self.keys = [Key("first")]
        self.asked = []
        # What is answered instead of the truth, by path: a function of the handler.
        self.instead = {}
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.asked.append(self.path)
                if instead := issuer.instead.get(self.path):
                    return instead(self)
                answers = {"/.well-known/openid-configuration": issuer.description(), "/jwks": issuer.jwks()}
                self.reply(200 if self.path in answers else 404, json.dumps(answers.get(self.path, {})))

            def reply(self, status, text, **headers):
                try:
                    self.send_response(status)
                    for name, value in ({"content-length": str(len(text))} | headers).items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(text.encode())
                except OSError:
                    pass  # whoever asked has had enough

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def description(self):
        return {"issuer": self.url, "jwks_uri": f"{self.url}/jwks"}

    def jwks(self):
        return {"keys": [key.jwk for key in self.keys]}

    def claims(self, **change):
        now = int(time.time())
        claims = {"iss": self.url, "aud": "offtake", "sub": "trainer", "iat": now, "exp": now + 300, "jti": "jti-1"}
        claims |= change
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, **change):
        return self.keys[0].token(self.claims(**change))

    def rule(self, name="cluster", **more):
        return rule(name, self.url, **({"discovery": True, "algorithms": ["ES256"]} | more))

    def fetches(self):
        return self.asked.count("/jwks")

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def issuer():
    issuer = Issuer()
    yield issuer
    issuer.stop()


# ── AWS's security token service ────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Moto:
    """An AWS emulator that checks signatures."""

    port: int = field(default_factory=free_port)
    process: subprocess.Popen = None
    key: dict = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self, home):
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
        with (home / "moto.log").open("a") as out:
            self.process = subprocess.Popen(command, stdout=out, stderr=out)
        eventually("moto listens", self.listens)
        return self

    def listens(self):
        try:
            with urllib.request.urlopen(f"{self.url}/moto-api/data.json", timeout=5):
                return True
        except OSError:
            return False

    def authenticate(self):
        """From here on every signature is checked."""
        request = urllib.request.Request(f"{self.url}/moto-api/reset-auth", data=b"0", headers={"content-type": "text/plain"})
        urllib.request.urlopen(request, timeout=5).close()

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()


def secret_words(text):
    """What looks like a credential in a text."""
    return re.findall(r"eyJ[\w-]{10,}|AWS4-HMAC|offtake-[0-9a-f]{8}\.", text)
