"""TLS with clients, and workloads that a certificate with a SPIFFE id proves: curl, the Anthropic SDK, and what is refused."""

import datetime
import json
import socket
import ssl
import subprocess
import urllib.error
import urllib.request
from dataclasses import dataclass

import anthropic
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from identities import QUESTION, Answer, Plane, eventually

ID = "spiffe://acme.example/ns/ml/sa/trainer"
RULE = """
[listen.tls]
certificate = "plane.pem"
key = "file:plane-key.pem"
client_ca = "bundle.pem"
[[identity.spiffe]]
name = "pods"
trust_domain = "acme.example"
organisation = "acme"
team = "{/segments/1}"
subject = "{/segments/3}"
allow = { path = "/ns/*/sa/*" }
[[identity.key]]
name = "k"
secret = "file:key"
organisation = "a"
team = "b"
"""
NOW = datetime.datetime.now(datetime.timezone.utc)
DAY = datetime.timedelta(days=1)


class Authority:
    """A certificate authority, as a mesh has one."""

    def __init__(self, name):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = self.sign(self.key.public_key(), self.name, [], NOW + 30 * DAY, authority=True)

    def sign(self, public, subject, names, until, authority=False, use=None):
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(self.name).public_key(public)
        builder = builder.serial_number(x509.random_serial_number()).not_valid_before(NOW - DAY).not_valid_after(until)
        builder = builder.add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        if use:
            builder = builder.add_extension(x509.ExtendedKeyUsage([use]), critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def pem(self):
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def issue(self, folder, file, names, until=NOW + DAY, use=ExtendedKeyUsageOID.CLIENT_AUTH):
        """A certificate and its key, as two files."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self.sign(key.public_key(), x509.Name([]), names, until, use=use)
        plain = serialization.NoEncryption()
        pkcs8 = serialization.PrivateFormat.PKCS8
        (folder / f"{file}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        (folder / f"{file}-key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, pkcs8, plain))
        return folder / f"{file}.pem", folder / f"{file}-key.pem"


def uris(*ids):
    return [x509.UniformResourceIdentifier(one) for one in ids]


@dataclass
class TlsPlane(Plane):
    """A plane that speaks TLS."""

    authority: Authority = None

    @property
    def url(self):
        return f"https://localhost:{self.port}"

    def context(self, client=None):
        context = ssl.create_default_context(cadata=self.authority.pem().decode())
        if client:
            context.load_cert_chain(*client)
        return context

    def send(self, method, path, headers=None, body=None, timeout=20, client=None):
        request = urllib.request.Request(self.url + path, data=body, headers=headers or {}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=timeout, context=self.context(client)) as response:
                return Answer(response.status, dict(response.headers), response.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, dict(error.headers), error.read().decode())

    def ask(self, client=None, **headers):
        body = json.dumps(QUESTION | {"model": "echo"}).encode()
        headers = {"content-type": "application/json"} | headers
        return self.send("POST", "/v1/messages", headers, body, client=client)

    def serve_as(self, authority, name="localhost"):
        server = ExtendedKeyUsageOID.SERVER_AUTH
        authority.issue(self.home, "plane", [x509.DNSName(name)], use=server)


@pytest.fixture
def mesh():
    return Authority("mesh")


@pytest.fixture
def plane(tmp_path, mesh):
    plane = TlsPlane(tmp_path, authority=mesh)
    plane.serve_as(mesh)
    (tmp_path / "bundle.pem").write_bytes(mesh.pem())
    (tmp_path / "key").write_text("a key for the others")
    plane.configure(RULE)
    yield plane
    plane.stop()


def test_a_workload_is_known_by_its_certificate_alone(plane, mesh):
    plane.start()
    client = mesh.issue(plane.home, "trainer", uris(ID))
    assert plane.ask(client).status == 200
    assert plane.whoami() == ("acme/ml/trainer", "mtls")
    # The Anthropic SDK, over HTTP/1.1, with no key; and curl over HTTP/2, streaming.
    http = anthropic.DefaultHttpxClient(verify=plane.context(client))
    sdk = anthropic.Anthropic(base_url=plane.url, api_key="", http_client=http, max_retries=0)
    sdk.api_key = None
    message = sdk.messages.create(**QUESTION, extra_headers={"X-Api-Key": anthropic.Omit(), "Authorization": anthropic.Omit()})
    assert message.content[0].text
    (plane.home / "bundle-of-plane.pem").write_bytes(mesh.pem())
    command = ["curl", "-sS", "--http2", "--cacert", plane.home / "bundle-of-plane.pem", "--cert", client[0], "--key", client[1]]
    body = json.dumps(QUESTION | {"model": "echo", "stream": True})
    command += ["-H", "content-type: application/json", "-d", body, "-w", "%{http_version} %{http_code}", f"{plane.url}/v1/messages"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0 and done.stdout.endswith("2 200") and "message_stop" in done.stdout, done
    assert plane.whoami() == ("acme/ml/trainer", "mtls")
    # Another proof in the request speaks for itself, right or wrong: the certificate may be a proxy's.
    assert plane.ask(client, authorization="Bearer a key for the others").status == 200
    assert plane.whoami() == ("a/b/k", "virtual-key")
    assert plane.ask(client, authorization="Bearer nobody's").status == 401
    # Without either: TLS alone is no proof.
    assert plane.ask().status == 401
    assert plane.ask(authorization="Bearer a key for the others").status == 200
    # The portal's own pages act under https as under http.
    headers = {"origin": plane.url, "x-offtake-csrf": "1", "sec-fetch-site": "same-origin"}
    assert "portal's own pages" not in plane.send("POST", "/api/session", headers, b"").text
    assert "spiffe://acme.example" in plane.send("GET", "/access").text


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], "has no SPIFFE id"),
        ([x509.DNSName("trainer.acme.example")], "has no SPIFFE id"),
        (uris(ID, "spiffe://acme.example/ns/ml/sa/other"), "more than one URI"),
        (uris("spiffe://acme.example"), "is no SPIFFE id"),
        (uris("spiffe://acme.example/ns/../sa/trainer"), "is no SPIFFE id"),
        (uris("https://acme.example/ns/ml/sa/trainer"), "is no SPIFFE id"),
        (uris("spiffe://other.example/ns/ml/sa/trainer"), "is not in the directory"),
        (uris("spiffe://acme.example/admin"), "is not in the directory"),
    ],
)
def test_a_certificate_that_names_nobody(plane, mesh, names, said):
    plane.start()
    refused = plane.ask(mesh.issue(plane.home, "client", names))
    assert (refused.status, refused.json()["error"]["type"]) == (401, "authentication_error"), refused
    assert said in plane.log and "spiffe" not in refused.text
    assert 'offtake_refusals_total{code="identity"} 1' in plane.send("GET", "/metrics").text


def test_a_certificate_that_is_not_believed_ends_in_the_handshake(plane, mesh):
    plane.start()
    other = Authority("mesh")
    for client in [
        other.issue(plane.home, "foreign", uris(ID)),
        mesh.issue(plane.home, "expired", uris(ID), until=NOW - datetime.timedelta(hours=1)),
        mesh.issue(plane.home, "server", uris(ID), use=ExtendedKeyUsageOID.SERVER_AUTH),
    ]:
        with pytest.raises(OSError):
            plane.ask(client)
    with pytest.raises(OSError), socket.create_connection(("localhost", plane.port), timeout=20) as plain:
        plain.sendall(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n")
        # An alert of TLS, then the end.
        while plain.recv(1000):
            pass
        raise OSError
    eventually("they are counted", lambda: 'code="tls_handshake"} 4' in plane.send("GET", "/metrics").text, 5)
    # It goes on for everyone else.
    assert plane.ask(mesh.issue(plane.home, "good", uris(ID))).status == 200


def test_required_and_rolled(plane, mesh):
    client = mesh.issue(plane.home, "trainer", uris(ID))
    plane.configure(RULE.replace('client_ca = "bundle.pem"', 'client_ca = "bundle.pem"\nclient_certificate = "required"'))
    plane.is_ready = lambda: plane.process.poll() is None and "listening" in plane.log
    plane.start()
    with pytest.raises(OSError):
        plane.ask(authorization="Bearer a key for the others")
    assert plane.ask(client).status == 200
    # A new authority for both sides, without a restart; connections of before may go on, new ones may not.
    rolled = Authority("rolled")
    plane.serve_as(rolled)
    (plane.home / "bundle.pem").write_bytes(rolled.pem())
    plane.authority = rolled
    new = rolled.issue(plane.home, "new", uris(ID))

    def follows():
        try:
            return plane.ask(new).status == 200
        except OSError:
            return False

    eventually("it serves with the new certificate", follows, 10)
    with pytest.raises(OSError):
        plane.ask(client)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("plane.pem", None), "cannot read the certificate file"),
        (("plane.pem", "rubbish"), "holds no certificates"),
        (("bundle.pem", ""), "holds no certificates"),
        (("plane-key.pem", "rubbish"), "no private key in PEM"),
        (("plane-key.pem", "other"), "certificate and key cannot be used"),
        (('client_ca = "bundle.pem"\n', ""), "needs `[listen.tls]` with a `client_ca`"),
        (('client_ca = "bundle.pem"', 'client_certificate = "required"'), "needs a `client_ca`"),
        (('trust_domain = "acme.example"', 'trust_domain = "spiffe://acme.example"'), "is no trust domain"),
    ],
)
def test_what_check_says(plane, mesh, change, said):
    name, text = change
    if name.endswith(".pem"):
        if text is None:
            (plane.home / name).unlink()
        elif text == "other":
            (plane.home / name).write_bytes(mesh.issue(plane.home, "another", [])[1].read_bytes())
        else:
            (plane.home / name).write_text(text)
    else:
        plane.configure(RULE.replace(name, text))
    checked = plane.run("check", "offtake.toml")
    assert checked.returncode == 2 and said in checked.stderr, checked.stderr
    assert "PRIVATE" not in checked.stderr.replace("-----BEGIN PRIVATE KEY-----", "")
