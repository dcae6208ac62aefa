"""Proofs that are exchanged for a token: AWS's own word, `offtake token`, and keys for those who have nothing else."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from identities import Moto, eventually, issuer, plane, provider, rule  # noqa: F401 (fixtures)

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
AWS = "urn:ietf:params:aws:token-type:aws4_request"
SERVER = "offtake.acme.example"
QUERY = "Action=GetCallerIdentity&Version=2011-06-15"
ACCOUNT = "123456789012"


@pytest.fixture
def moto(tmp_path):
    moto = Moto().start(tmp_path)
    options = {"endpoint_url": moto.url, "region_name": "us-east-1", "aws_access_key_id": "x", "aws_secret_access_key": "y"}
    iam = boto3.client("iam", **options)
    iam.create_user(UserName="ada")
    made = iam.create_access_key(UserName="ada")["AccessKey"]
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}
    iam.create_role(RoleName="trainer", AssumeRolePolicyDocument=json.dumps(trust))
    allowed = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.put_user_policy(UserName="ada", PolicyName="all", PolicyDocument=json.dumps(allowed))
    iam.put_role_policy(RoleName="trainer", PolicyName="all", PolicyDocument=json.dumps(allowed))
    sts = boto3.client("sts", **options)
    role = f"arn:aws:iam::{ACCOUNT}:role/trainer"
    session = sts.assume_role(RoleArn=role, RoleSessionName="job-7")["Credentials"]
    moto.user = Credentials(made["AccessKeyId"], made["SecretAccessKey"])
    moto.role = Credentials(session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"])
    yield moto
    moto.stop()


def config(moto):
    return f"""
[identity.sts]
server = "{SERVER}"
addresses = ["{moto.url}"]
[[identity.aws]]
name = "trainers"
accounts = ["{ACCOUNT}"]
organisation = "acme"
team = "ml"
subject = "{{name}}-{{session}}"
allow = {{ arn = "arn:aws:sts::{ACCOUNT}:assumed-role/trainer/*" }}
[[identity.aws]]
name = "people"
accounts = ["{ACCOUNT}"]
organisation = "acme"
team = "people"
allow = {{ kind = "user" }}
"""


def proof(moto, credentials, server=SERVER, service="sts", url=None, form="body"):
    """A `GetCallerIdentity` request, signed by AWS's own library and not sent."""
    body = QUERY if form == "body" and not url else ""
    url = url or (f"{moto.url}/" if body else f"{moto.url}/?{QUERY}")
    headers = {"host": moto.url.split("//")[1]} | ({"x-offtake-server": server} if server else {})
    if body:
        headers["content-type"] = "application/x-www-form-urlencoded"
    request = AWSRequest(method="POST", url=url, headers=headers, data=body or None)
    SigV4Auth(credentials, service, "us-east-1").add_auth(request)
    prepared = request.prepare()
    return {
        "url": prepared.url,
        "method": prepared.method,
        "headers": [{"key": name, "value": value} for name, value in prepared.headers.items()],
        "body": body,
    }


def exchange(plane, proof, **more):
    return plane.exchange(grant_type=EXCHANGE, subject_token_type=AWS, subject_token=json.dumps(proof), **more)


def test_aws_says_who_a_caller_is(plane, moto):
    moto.authenticate()
    plane.configure(config(moto))
    plane.start()
    for credentials, more, who in [
        (moto.role, {}, "acme/ml/trainer-job-7"),
        (moto.user, {}, "acme/people/ada"),
        (moto.user, {"audience": "people", "scope": "InvokeModel"}, "acme/people/ada"),
    ]:
        time.sleep(1.1)  # the same request signed in the same second is the same proof
        answer = exchange(plane, proof(moto, credentials), **more)
        assert answer.status == 200, (answer.text, plane.log[-800:])
        assert plane.call(answer.json()["access_token"]).status == 200
        assert plane.whoami() == (who, "offtake-token")
    assert moto.role.token not in plane.log and moto.user.secret_key not in plane.log


def test_the_question_may_stand_in_the_query(plane, moto):
    """The emulator cannot check this form, so here it does not; AWS does. It does not know presigned ones at all."""
    plane.configure(config(moto))
    plane.start()
    time.sleep(1.1)
    answer = exchange(plane, proof(moto, moto.user, form="url"))
    assert answer.status == 200, answer.text


def test_aws_word_with_one_fault(plane, moto):
    moto.authenticate()
    plane.configure(config(moto))
    plane.start()
    time.sleep(1.1)
    good = proof(moto, moto.role)
    stranger = Credentials(moto.user.access_key, "not the secret of this key, surely not")
    smuggled = proof(moto, moto.role, url=f"{moto.url}/?{QUERY}&RoleArn=x")
    unsigned = proof(moto, moto.role, server=None)
    unsigned["headers"].append({"key": "x-offtake-server", "value": SERVER})
    elsewhere = proof(moto, moto.role)
    elsewhere["url"] = elsewhere["url"].replace(moto.url, "http://127.0.0.1:1")
    for name, signed, more, said in [
        ("a wrong secret", proof(moto, stranger), {}, "signature does not match"),
        ("another server", proof(moto, moto.role, server="offtake.other.example"), {}, "for another server"),
        ("the server not signed", unsigned, {}, "header `x-offtake-server` is present but not signed"),
        ("another service", proof(moto, moto.role, service="bedrock"), {}, "for another service"),
        ("another address", elsewhere, {}, "for another address"),
        ("a parameter smuggled", smuggled, {}, "a parameter that may not be there"),
        ("a header smuggled", good | {"headers": good["headers"] + [{"key": "x-amz-target", "value": "y"}]}, {}, "a header that may not be there"),
        ("the rule of others", proof(moto, moto.role), {"audience": "people"}, "unknown here"),
        ("another organisation", proof(moto, moto.user), {"organization_id": "other"}, "is not the organisation"),
    ]:
        answer = exchange(plane, signed, **more)
        assert (answer.status, answer.json()["error"]) == (400, "invalid_request"), (name, answer.text)
        assert said in answer.json()["error_description"], (name, answer.text)


def test_a_proof_counts_once(plane, moto):
    moto.authenticate()
    plane.configure(config(moto))
    plane.start()
    time.sleep(1.1)
    signed = proof(moto, moto.user)
    assert exchange(plane, signed).status == 200
    replayed = exchange(plane, signed)
    assert replayed.json() == {
        "error": "invalid_request",
        "error_description": "the proof counts only once, and it was used before; sign another",
    }
    # Nor after a restart, nor under a new configuration.
    plane.stop()
    plane.start()
    assert "counts only once" in exchange(plane, signed).json()["error_description"]
    time.sleep(1.1)
    fresh, answers = proof(moto, moto.user), []
    threads = [threading.Thread(target=lambda: answers.append(exchange(plane, fresh).status)) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(answers) == [200] + [400] * 7, "eight at once: one of them counts"
    moto.stop()
    later = exchange(plane, proof(moto, moto.user))
    assert (later.status, later.json()["error"], later.headers["retry-after"]) == (503, "temporarily_unavailable", "5")


def test_offtake_token_proves_by_aws(plane, moto):
    moto.authenticate()
    plane.configure(config(moto))
    plane.start()
    time.sleep(1.1)
    aws = {
        "AWS_ACCESS_KEY_ID": moto.role.access_key,
        "AWS_SECRET_ACCESS_KEY": moto.role.secret_key,
        "AWS_SESSION_TOKEN": moto.role.token,
        "AWS_ENDPOINT_URL_STS": moto.url,
        "AWS_REGION": "us-east-1",
    }
    token = plane.run("token", "--url", plane.url, "--aws", "--server", SERVER, **aws)
    assert token.returncode == 0, token.stderr
    assert plane.call(token.stdout.strip()).status == 200
    assert plane.whoami()[0] == "acme/ml/trainer-job-7"
    # By its own name for itself, a proof is for that server and no other.
    other = plane.run("token", "--url", plane.url, "--aws", "--fresh", **aws)
    assert other.returncode == 1 and "for another server" in other.stderr
    shared = plane.home / ".aws/credentials"
    shared.parent.mkdir()
    shared.write_text(f"[work]\naws_access_key_id = {moto.user.access_key}\naws_secret_access_key = {moto.user.secret_key}\n")
    more = {"AWS_PROFILE": "work", "AWS_ENDPOINT_URL_STS": moto.url, "AWS_EC2_METADATA_DISABLED": "true"}
    token = plane.run("token", "--url", plane.url, "--aws", "--server", SERVER, **more)
    assert token.returncode == 0, token.stderr
    assert plane.call(token.stdout.strip()).status == 200 and plane.whoami()[0] == "acme/people/ada"
    none = plane.run("token", "--url", plane.url, "--aws", "--server", SERVER, AWS_EC2_METADATA_DISABLED="true")
    assert none.returncode == 2 and "no AWS credentials" in none.stderr


# ── `offtake token` ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_offtake_token_refreshes_by_itself(plane, issuer):
    plane.configure(issuer.rule() + "[identity.token]\nlifetime_seconds = 60\n")
    plane.start()
    file = plane.home / "identity-token"
    file.write_text(issuer.token() + "\n")
    where = {"OFFTAKE_URL": plane.url, "OFFTAKE_IDENTITY_TOKEN_FILE": str(file)}
    first = plane.run("token", **where)
    assert first.returncode == 0 and first.stdout.count("\n") == 1, first.stderr
    assert plane.call(first.stdout.strip()).status == 200
    # Kept, also when the issuer's token is renewed; for the owner's eyes only.
    file.write_text(issuer.token(jti="next"))
    assert plane.run("token", **where).stdout == first.stdout
    kept = list((plane.home / "cache/offtake/tokens").iterdir())
    assert len(kept) == 1 and kept[0].stat().st_mode & 0o077 == 0
    # Another identity, another scope, another plane: another token.
    assert plane.run("token", "--scope", "InvokeModel", **where).stdout != first.stdout
    file.write_text(issuer.token(sub="another"))
    other = json.loads(plane.run("token", "--json", **where).stdout)
    assert other["token"] != first.stdout.strip() and other["expires"].endswith("Z")
    assert plane.call(other["token"]).status == 200 and plane.whoami()[0] == "acme/ml/another"
    file.write_text(issuer.token(jti="third"))
    assert plane.run("token", "--fresh", **where).stdout != first.stdout
    # Half of its life is gone: made anew.
    renewed = eventually("renewed", lambda: (now := plane.run("token", **where).stdout) != first.stdout and now, 45)
    assert plane.call(renewed.strip()).status == 200


def test_offtake_token_says_what_is_wrong(plane, issuer):
    plane.configure(issuer.rule())
    plane.start()
    file = plane.home / "identity-token"
    file.write_text(issuer.token(aud="other"))
    where = {"OFFTAKE_URL": plane.url}
    for arguments, code, said in [
        ([], 2, "no identity is at hand"),
        (["--identity-token-file", "nowhere"], 2, "`nowhere` cannot be read"),
        (["--identity-token-file", file], 1, "the credential is not valid"),
        (["--identity-token-file", file, "--scope", "admin"], 1, "the credential is not valid"),
    ]:
        ran = plane.run("token", *arguments, **where)
        assert (ran.returncode, ran.stdout) == (code, "") and said in ran.stderr, ran.stderr
    plane.stop()
    ran = plane.run("token", "--identity-token-file", file, **where)
    assert ran.returncode == 1 and "127.0.0.1" in ran.stderr


def test_offtake_token_finds_the_identity_of_a_job(plane, issuer):
    """Each place in turn: GitHub's, Anthropic's, an AWS client's."""
    plane.configure(issuer.rule())
    plane.start()
    asked = []

    class Actions(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append((self.path, self.headers["authorization"]))
            text = json.dumps({"value": issuer.token(sub="github-job")}).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Actions)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    github = {
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"http://127.0.0.1:{server.server_port}/token?api-version=2",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "request-token",
    }
    files = {name: plane.home / name for name in ("anthropic", "aws")}
    for name, file in files.items():
        file.write_text(issuer.token(sub=name))
    anthropic = {"ANTHROPIC_IDENTITY_TOKEN_FILE": str(files["anthropic"]), "ANTHROPIC_FEDERATION_RULE_ID": "cluster"}
    aws = {"AWS_WEB_IDENTITY_TOKEN_FILE": str(files["aws"]), "AWS_ROLE_ARN": "arn:aws:iam::000000000000:role/cluster"}
    for environment, who in [(github, "github-job"), (github | aws, "aws"), (github | aws | anthropic, "anthropic")]:
        ran = plane.run("token", OFFTAKE_URL=plane.url, **environment)
        assert ran.returncode == 0, ran.stderr
        assert plane.call(ran.stdout.strip()).status == 200 and plane.whoami()[0] == f"acme/ml/{who}"
    assert asked == [("/token?api-version=2&audience=offtake", "Bearer request-token")]
    server.shutdown()


# ── virtual keys ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_virtual_key_is_shown_once_scoped_and_revoked_at_once(plane):
    plane.configure("")
    plane.start()
    command = ["key", "new", "--name", "laptop", "--organisation", "acme", "--team", "ml", "--config", "offtake.toml"]
    made = plane.run(*command, "--expires", "90d", "--scope", "model:echo")
    key = made.stdout.strip()
    assert made.returncode == 0 and key.startswith("ofk_") and len(key) == 47, made.stderr
    assert key not in (plane.home / "offtake.toml").read_text()
    eventually("the plane has the key", lambda: plane.call(key).status == 200)
    assert plane.whoami() == ("acme/ml/laptop", "virtual-key")
    assert plane.call(key, model="other").status == 403
    assert plane.call(key[:-1] + ("A" if key[-1] != "A" else "B")).status == 401
    again = plane.run(*command)
    assert again.returncode == 2 and "there already" in again.stderr
    (listed,) = map(json.loads, plane.run("key", "list", "--config", "offtake.toml", "--json").stdout.splitlines())
    assert (listed["name"], listed["state"], listed["scope"]) == ("laptop", "active", "model:echo")
    assert plane.run("key", "revoke", "laptop", "--config", "offtake.toml", "--reason", "lost").returncode == 0
    refused = eventually("revoked", lambda: (answer := plane.call(key)).status == 401 and answer, 5)
    assert refused.json()["error"]["message"] == "the key was revoked"
    plane.stop()
    plane.start()
    assert plane.call(key).status == 401
    assert '"revoked"' in plane.run("key", "list", "--config", "offtake.toml", "--json").stdout
    assert key not in plane.log
    nobody = plane.run("key", "revoke", "nobody", "--config", "offtake.toml")
    assert nobody.returncode == 2 and "there is no key `nobody`" in nobody.stderr
    over = plane.run(*command[:3], "x", *command[4:], "--expires", "2020-01-01")
    assert over.returncode == 2 and "no moment to come" in over.stderr and over.stdout == ""
