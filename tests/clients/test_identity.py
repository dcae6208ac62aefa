"""Workloads that prove who they are with what they have, against real issuers."""

import json
import os
import threading
import time

import anthropic
import boto3
import pytest
from anthropic import Anthropic, AnthropicAWS, AnthropicBedrock
from botocore.config import Config
from botocore.exceptions import ClientError
from identities import QUESTION, eventually, issuer, plane, provider, rule  # noqa: F401 (fixtures)

SOON = 10
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
JWT = "urn:ietf:params:oauth:token-type:jwt"
ONCE = Config(retries={"total_max_attempts": 1})


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_a_real_providers_tokens_by_discovery(plane, provider, algorithm):
    provider.start()
    plane.configure(provider.rule(team="{/department/team}", subject="w-{client_id}", required={"roles": "call"}))
    plane.start()
    client = Anthropic(base_url=plane.url, auth_token=provider.token(algorithm), api_key=None, max_retries=0)
    assert client.messages.create(**QUESTION).content[0].text
    assert plane.whoami() == ("acme/ml/w-trainer", "jwt")
    status, code = plane.status()
    assert code == 0 and status["workloads"]["state"] == "believed" and len(status["workloads"]["keys"]) == 3
    text = plane.send("GET", "/metrics").text
    fetched = f'issuer_fetches_total{{source="{provider.url}/.well-known/openid-configuration",result="fetched"}}'
    assert fetched in text and "issuer_keys_age_seconds" in text


def test_the_anthropic_sdks_own_exchange(plane, provider, monkeypatch, tmp_path):
    provider.start()
    plane.configure(provider.rule())
    plane.start()
    file = tmp_path / "token"
    file.write_text(provider.token())
    monkeypatch.setenv("ANTHROPIC_IDENTITY_TOKEN_FILE", str(file))
    monkeypatch.setenv("ANTHROPIC_FEDERATION_RULE_ID", "workloads")
    monkeypatch.setenv("ANTHROPIC_ORGANIZATION_ID", "acme")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", plane.url)
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    assert Anthropic(max_retries=0).messages.create(**QUESTION).content[0].text
    assert plane.whoami() == ("acme/ml/trainer", "offtake-token")
    monkeypatch.setenv("ANTHROPIC_ORGANIZATION_ID", "other")
    with pytest.raises(anthropic.AnthropicError, match="organization_id"):
        Anthropic(max_retries=0).messages.create(**QUESTION)


def test_a_token_exchange_narrows(plane, provider):
    provider.start()
    plane.configure(provider.rule())
    plane.start()
    given = plane.exchange(
        grant_type=EXCHANGE, subject_token=provider.token("ES256"), subject_token_type=JWT, scope="InvokeModel model:ech*"
    )
    assert given.status == 200 and given.headers["cache-control"] == "no-store"
    answer = given.json()
    assert answer["issued_token_type"] == "urn:ietf:params:oauth:token-type:access_token"
    assert (answer["token_type"], answer["scope"], answer["expires_in"]) == ("Bearer", "InvokeModel model:ech*", 3600)
    assert plane.call(answer["access_token"]).status == 200
    refused = plane.call(answer["access_token"], model="other")
    assert refused.status == 403 and refused.json()["error"] == {
        "type": "permission_error",
        "message": "the scope of this credential does not cover this call",
    }
    listed = plane.send("GET", "/v1/models", {"authorization": f"Bearer {answer['access_token']}"}).json()
    assert [model["id"] for model in listed["data"]] == ["echo"]


# ── issuers that fail ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_dead_issuer_keeps_nobody_else_waiting(plane, provider):
    """The start does not wait for it; whoever comes by it is told to come later; when it is there, all is well."""
    plane.configure(provider.rule() + '[[identity.key]]\nname = "k"\nsecret = "file:key"\norganisation = "a"\nteam = "b"\n')
    (plane.home / "key").write_text("a key for the others")
    began = time.monotonic()
    plane.start()
    assert plane.call("a key for the others").status == 200
    assert time.monotonic() - began < SOON
    status, code = plane.status()
    assert code == 1 and status["workloads"]["state"] == "never fetched"
    provider.start()
    token = provider.token()
    provider.stop()
    refused = plane.call(token)
    assert refused.status == 502 and refused.headers["retry-after"] == "5", refused.text
    assert refused.json()["error"]["message"] == (
        "the token cannot be checked now: the keys of its issuer cannot be had; try again later"
    )
    exchange = plane.exchange(grant_type=EXCHANGE, subject_token=token, subject_token_type=JWT)
    assert (exchange.status, exchange.json()["error"]) == (503, "temporarily_unavailable")
    provider.start()
    eventually("it is asked again", lambda: plane.call(token).status == 200, 70)


def test_keys_that_are_rolled_are_followed_by_the_first_token(plane, provider):
    provider.start("one")
    plane.configure(provider.rule())
    plane.start()
    old = provider.token()
    assert plane.call(old).status == 200
    provider.stop()
    provider.start("two")
    assert plane.call(provider.token()).status == 200, plane.log
    # What the key that is gone had signed ends at once, though it was remembered.
    refused = plane.call(old)
    assert (refused.status, refused.json()["error"]["type"]) == (401, "authentication_error")


def test_known_callers_go_on_while_an_issuer_is_down_within_the_bound(plane, issuer):
    plane.configure(issuer.rule(jwks_max_age_seconds=8))
    plane.start()
    known, unseen = issuer.token(), issuer.token(jti="another")
    assert plane.call(known).status == 200
    issuer.stop()
    down = time.monotonic()
    while time.monotonic() - down < 4:
        assert plane.call(known).status == 200
    assert plane.call(unseen).status == 200, "its key is known"
    # A restart changes nothing of that.
    plane.stop()
    plane.start()
    assert plane.call(known).status == 200, plane.log
    eventually("beyond the bound", lambda: plane.call(known).status == 502)
    assert plane.call(unseen).status == 502
    status, code = plane.status()
    assert code == 1 and status["cluster"]["state"] == "stale" and status["cluster"]["failures"] > 0


def test_keys_rolled_under_load_refuse_nobody(plane, issuer):
    from identities import Key

    plane.configure(issuer.rule())
    plane.start()
    assert plane.call(issuer.token()).status == 200
    stop, seen = threading.Event(), []

    def load():
        while not stop.is_set():
            token = issuer.keys[0].token(issuer.claims(jti=str(time.monotonic())))
            seen.append(plane.call(token).status)

    threads = [threading.Thread(target=load) for _ in range(4)]
    [thread.start() for thread in threads]
    for number in range(3):
        time.sleep(5.5)  # an issuer that rolls faster than this is asked too often to be a real one
        issuer.keys = [Key(f"rolled-{number}"), issuer.keys[0]]
    time.sleep(1)
    stop.set()
    [thread.join() for thread in threads]
    assert set(seen) == {200} and len(seen) > 50, (set(seen), len(seen))
    assert issuer.fetches() <= 5, issuer.asked


def test_unknown_keys_are_asked_for_seldom(plane, issuer):
    plane.configure(issuer.rule())
    plane.start()
    eventually("keys are there", lambda: issuer.fetches() == 1)
    plane.call(issuer.token())
    began = time.monotonic()
    for number in range(100):
        answer = plane.call(issuer.keys[0].token(issuer.claims(), kid=f"unknown-{number}"))
        assert answer.status == 401
    assert issuer.fetches() <= 2 + (time.monotonic() - began) / 5, "no caller makes the plane ask more often than every 5 s"


def slow(handler):
    time.sleep(20)
    handler.reply(200, "{}")


@pytest.mark.parametrize(
    "name, path, instead, said",
    [
        ("slow", "/jwks", slow, "sent nothing for"),
        ("huge", "/jwks", lambda handler: handler.reply(200, "x" * (2 << 20)), "too long"),
        ("no JSON", "/jwks", lambda handler: handler.reply(200, "<html>"), "not a JWK set"),
        ("no keys", "/jwks", lambda handler: handler.reply(200, '{"keys": []}'), "no key of the set fits"),
        ("an error", "/jwks", lambda handler: handler.reply(500, ""), "answered 500"),
        ("redirects", "/jwks", lambda handler: handler.reply(302, "", location="http://127.0.0.1:1/"), "answered 302"),
        (
            "another issuer's description",
            "/.well-known/openid-configuration",
            lambda handler: handler.reply(200, json.dumps({"issuer": "http://127.0.0.1:1", "jwks_uri": "http://127.0.0.1:1"})),
            "speaks for another issuer",
        ),
        (
            "the description with a slash",
            "/.well-known/openid-configuration",
            lambda handler: handler.reply(
                200, json.dumps({"issuer": f"http://{handler.headers['host']}/", "jwks_uri": f"http://{handler.headers['host']}/jwks"})
            ),
            "speaks for another issuer",
        ),
        (
            "keys at an address that is not to be trusted",
            "/.well-known/openid-configuration",
            lambda handler: handler.reply(
                200, json.dumps({"issuer": f"http://{handler.headers['host']}", "jwks_uri": "http://169.254.169.254/keys"})
            ),
            "cannot be trusted",
        ),
    ],
)
def test_an_issuer_that_misbehaves_is_said_and_believed_nothing(plane, issuer, name, path, instead, said):
    issuer.instead[path] = instead
    plane.configure(issuer.rule())
    plane.start()
    eventually(name, lambda: said in plane.log, 15)
    assert plane.call(issuer.token()).status == 502
    status, code = plane.status()
    if name != "slow":
        assert said in status["cluster"]["trouble"], status
    del issuer.instead[path]
    eventually("well again", lambda: plane.call(issuer.token()).status == 200, 30)


def test_a_changed_configuration_asks_new_issuers_and_keeps_known_keys(plane, issuer):
    plane.configure(issuer.rule())
    plane.start()
    assert plane.call(issuer.token()).status == 200
    issuer.instead["/jwks"] = lambda handler: handler.reply(500, "")
    plane.configure(issuer.rule("renamed", team="other"))
    eventually("reloaded", lambda: plane.call(issuer.token()).status == 200 and plane.whoami()[0] == "acme/other/trainer")
    plane.configure(issuer.rule(discovery=False, jwks_url=f"{issuer.url}/nowhere"))
    eventually("another source", lambda: plane.call(issuer.token()).status == 502)


# ── AWS clients with a web identity ─────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def web_identity(plane, provider, monkeypatch, tmp_path):
    """What a pod has: a token in a file, a role, and where to ask."""
    provider.start()
    plane.configure(provider.rule())
    plane.start()
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    file = tmp_path / "web-identity-token"
    file.write_text(provider.token())
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/workloads")
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(file))
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", plane.url)
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", plane.url)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    return file


def converse(session=None):
    client = (session or boto3.Session()).client("bedrock-runtime", config=ONCE)
    answer = client.converse(modelId="echo", messages=[{"role": "user", "content": [{"text": "Hello."}]}])
    return answer["output"]["message"]["content"][0]["text"]


def test_boto3_needs_no_key(plane, web_identity):
    session = boto3.Session()
    assert converse(session)
    assert plane.whoami() == ("acme/ml/trainer", "sigv4")
    credentials = session.get_credentials().get_frozen_credentials()
    assert credentials.access_key.startswith("ASIA") and len(credentials.secret_key) == 40
    identity = session.client("sts").get_caller_identity()
    assert (identity["Account"], identity["UserId"]) == ("000000000000", "acme/ml/trainer")
    assert credentials.token not in plane.log and credentials.secret_key not in plane.log
    # Alone, the session token that goes over the wire proves nobody.
    assert plane.call(credentials.token).status == 401


def test_the_anthropic_clients_for_aws_need_no_key(plane, web_identity):
    bedrock = AnthropicBedrock(base_url=plane.url, aws_region="eu-west-1", max_retries=0)
    assert bedrock.messages.create(**QUESTION).content[0].text
    assert plane.whoami() == ("acme/ml/trainer", "sigv4")
    aws = AnthropicAWS(base_url=plane.url, workspace_id="wrkspc_1", max_retries=0)
    assert aws.messages.create(**QUESTION).content[0].text
    assert plane.whoami() == ("acme/ml/trainer", "sigv4")


def assume(**change):
    client = boto3.Session().client("sts", config=ONCE)
    fields = {
        "RoleArn": os.environ["AWS_ROLE_ARN"],
        "RoleSessionName": "test-session",
        "WebIdentityToken": open(os.environ["AWS_WEB_IDENTITY_TOKEN_FILE"]).read(),
    }
    return client.assume_role_with_web_identity(**fields | change)


def test_the_answer_is_as_an_aws_client_reads_it(plane, web_identity, provider):
    answer = assume(DurationSeconds=900)
    assert answer["SubjectFromWebIdentityToken"] == "trainer"
    assert (answer["Audience"], answer["Provider"]) == ("offtake", provider.url)
    assert answer["AssumedRoleUser"]["Arn"] == "arn:aws:sts::123456789012:assumed-role/workloads/test-session"
    lasts = answer["Credentials"]["Expiration"].timestamp() - time.time()
    assert 840 < lasts <= 900
    assert answer["ResponseMetadata"]["RequestId"].startswith("req_")


def test_web_identities_with_one_fault(plane, web_identity, provider):
    for name, change, code, status in [
        ("another role", {"RoleArn": "arn:aws:iam::123456789012:role/elsewhere"}, "AccessDenied", 403),
        ("no token", {"WebIdentityToken": "nothing of a token"}, "InvalidIdentityToken", 400),
        ("another audience", {"WebIdentityToken": provider.token(audience="other")}, "AccessDenied", 403),
        ("a signature cut", {"WebIdentityToken": provider.token()[:-8]}, "InvalidIdentityToken", 400),
        ("too long", {"DurationSeconds": 43200}, "ValidationError", 400),
        ("a session policy", {"Policy": "{}"}, "ValidationError", 400),
        ("a managed session policy", {"PolicyArns": [{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}]}, "ValidationError", 400),
        ("another kind of provider", {"ProviderId": "www.amazon.com"}, "ValidationError", 400),
    ]:
        with pytest.raises(ClientError) as caught:
            assume(**change)
        response = caught.value.response
        found = (response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"])
        assert found == (code, status), (name, response)
        assert response["ResponseMetadata"]["HTTPHeaders"]["x-offtake-decision"] == "identity"
    with pytest.raises(ClientError) as caught:
        boto3.Session().client("sts", config=ONCE).get_session_token()
    assert caught.value.response["Error"]["Code"] == "InvalidAction"
