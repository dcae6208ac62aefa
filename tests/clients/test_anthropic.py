"""The `anthropic` package: five ways in with what a caller already has, none with a key made for Offtake."""

import os

import anthropic
import pytest
from anthropic import Anthropic, AnthropicAWS, AnthropicBedrock, AnthropicBedrockMantle
from conftest import CAPITAL, MODEL, QUESTION, one_byte_off


def bearer(**options):
    return Anthropic(auth_token=os.environ["OFFTAKE_TOKEN"], **options)


def virtual_key(**options):
    return Anthropic(api_key=os.environ["OFFTAKE_VIRTUAL_KEY"], **options)


def bedrock_key(**options):
    return AnthropicBedrock(api_key=os.environ["OFFTAKE_TOKEN"], **options)


def aws_key(**options):
    return AnthropicAWS(api_key=os.environ["OFFTAKE_VIRTUAL_KEY"], **options)


def mantle(**options):
    return AnthropicBedrockMantle(base_url=os.environ["OFFTAKE_URL"] + "/anthropic", **options)


WAYS = {
    "aws": AnthropicAWS,
    "aws-key": aws_key,
    "bedrock": AnthropicBedrock,
    "bedrock-key": bedrock_key,
    "mantle": mantle,
    "workload-identity": Anthropic,
    "bearer": bearer,
    "virtual-key": virtual_key,
}
NATIVE = ["aws", "aws-key", "workload-identity", "bearer", "virtual-key"]
any_way = pytest.mark.parametrize("way", WAYS)


def create(client, **options):
    return client.messages.create(**{"model": MODEL, "max_tokens": 40, "messages": QUESTION} | options)


@any_way
def test_the_answer_is_the_same_streamed_and_not(demo, books, way):
    """Pitfall 15: the same answer both ways has the same usage."""
    client = WAYS[way]()
    raw = client.messages.with_raw_response.create(model=MODEL, max_tokens=40, messages=QUESTION)
    whole = raw.parse()
    books.note(raw.headers, whole.usage.input_tokens, whole.usage.output_tokens)
    with client.messages.stream(model=MODEL, max_tokens=40, messages=QUESTION) as stream:
        pieces = list(stream.text_stream)
        streamed = stream.get_final_message()
    books.note(stream.response.headers, streamed.usage.input_tokens, streamed.usage.output_tokens)

    assert "Paris" in whole.content[0].text
    assert whole.stop_reason == streamed.stop_reason == "end_turn"
    assert len(pieces) > 1, "pieces come as they are made"
    assert "".join(pieces) == streamed.content[0].text == whole.content[0].text
    assert streamed.usage == whole.usage
    assert whole.model == streamed.model == MODEL


def test_workload_identity_needs_no_key(demo):
    client = Anthropic()
    assert client.api_key is None and client.auth_token is None
    assert not {"ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"} & set(os.environ)
    assert client.models.list().data


@pytest.mark.parametrize("way", NATIVE)
def test_counted_before_is_charged_after(demo, books, way):
    """Pitfall 86: the count is exact, for a system prompt and several turns too."""
    client = WAYS[way]()
    talk = {
        "system": "You answer in few words. Ünïcödé and 漢字 count as well.",
        "messages": [*QUESTION, {"role": "assistant", "content": "Paris."}, {"role": "user", "content": "And of Italy?"}],
    }
    counted = client.messages.count_tokens(model=MODEL, **talk).input_tokens
    raw = client.messages.with_raw_response.create(model=MODEL, max_tokens=8, **talk)
    usage = raw.parse().usage
    books.note(raw.headers, usage.input_tokens, usage.output_tokens)
    assert counted == usage.input_tokens


@pytest.mark.parametrize("way", NATIVE)
def test_models_are_those_one_may_call(demo, way):
    """Pitfall 88: also with the page size that coding agents ask for."""
    client = WAYS[way]()
    assert [model.id for model in client.models.list(limit=1000)] == [MODEL, "echo"]
    assert client.models.retrieve("echo").id == "echo"


def test_limits_and_stop_sequences_are_kept(demo, books):
    client = bearer()
    for options, reason, words in [
        ({"max_tokens": 3}, "max_tokens", "The capital of"),
        ({"stop_sequences": ["France"]}, "stop_sequence", "The capital of "),
    ]:
        raw = client.messages.with_raw_response.create(
            **{"model": MODEL, "max_tokens": 40, "messages": QUESTION} | options
        )
        message = raw.parse()
        books.note(raw.headers, message.usage.input_tokens, message.usage.output_tokens)
        assert (message.stop_reason, message.content[0].text) == (reason, words)


def test_sampling_with_a_seedless_temperature_still_answers(demo, books):
    raw = bearer().messages.with_raw_response.create(
        model=MODEL, max_tokens=8, messages=QUESTION, extra_body={"temperature": 0.7, "top_p": 0.9}
    )
    usage = raw.parse().usage
    books.note(raw.headers, usage.input_tokens, usage.output_tokens)
    assert 0 < usage.output_tokens <= 8


def test_a_client_that_hangs_up_is_charged_for_what_it_got(demo, books):
    """Pitfall 6. The model would count for a long time; the slot is free at once."""
    with bearer().messages.stream(
        model=MODEL, max_tokens=400, messages=[{"role": "user", "content": "Write a long story about a ship."}]
    ) as stream:
        for _ in zip(range(3), stream.text_stream):
            pass
        books.cut.add(stream.response.headers["x-offtake-request-id"])


# ── errors ──────────────────────────────────────────────────────────────────────────────────────────────────


def refused(kind, message, call):
    with pytest.raises(kind) as caught:
        call()
    error = caught.value
    assert message in str(error)
    assert error.response.headers["x-offtake-request-id"].startswith("req_")
    return error


@any_way
def test_an_unknown_model_is_not_found(demo, way):
    error = refused(anthropic.NotFoundError, "`nope`", lambda: create(WAYS[way](max_retries=0), model="nope"))
    if not way.startswith("bedrock"):
        assert error.body["error"]["type"] == "not_found_error"
        assert error.request_id == error.body["request_id"]


@pytest.mark.parametrize("id", ["anthropic.claude-x-v1:0", "arn:aws:bedrock:us-east-1:1:inference-profile/x", "a%2Fb c"])
def test_an_id_that_needs_encoding_is_not_found_and_not_forbidden(demo, id):
    """Pitfall 54: the signature is right, so the answer is about the model."""
    refused(anthropic.NotFoundError, id, lambda: create(AnthropicBedrock(max_retries=0), model=id))


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"max_tokens": None}, "max_tokens"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": "many"}, "max_tokens"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "pirate", "content": "x"}]}, "role"),
        ({"messages": [{"role": "user", "content": "word " * 12_000}]}, "context"),
        ({"messages": [{"role": "user", "content": [{"type": "image", "source": {
            "type": "base64", "media_type": "image/png", "data": "aGk="}}]}]}, "text only"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("stream", [False, True])
def test_a_wrong_request_is_told_what_is_wrong(demo, wrong, named, stream):
    """Also for a stream: the status says it, before the first event (pitfall 5)."""
    body = {"model": MODEL, "max_tokens": 8, "messages": QUESTION, "stream": stream} | wrong
    body = {name: value for name, value in body.items() if value is not None}
    client = bearer(max_retries=0)
    error = refused(
        anthropic.BadRequestError, named, lambda: client.post("/v1/messages", body=body, cast_to=object)
    )
    assert error.body["error"]["type"] == "invalid_request_error"


def test_one_wrong_byte_is_refused(demo, tmp_path):
    """Whichever proof it is in, and the log says why without the secret."""
    name = os.environ["AWS_ACCESS_KEY_ID"]
    secret = one_byte_off(os.environ["AWS_SECRET_ACCESS_KEY"])
    token = one_byte_off(os.environ["OFFTAKE_TOKEN"])
    key = one_byte_off(os.environ["OFFTAKE_VIRTUAL_KEY"])
    aws = {"aws_access_key": name, "aws_secret_key": secret, "max_retries": 0}
    mantle_url = os.environ["OFFTAKE_URL"] + "/anthropic"
    denied = (anthropic.AuthenticationError, anthropic.PermissionDeniedError)
    for client in [
        Anthropic(auth_token=token, max_retries=0),
        Anthropic(api_key=key, max_retries=0),
        AnthropicAWS(**aws),
        AnthropicBedrock(**aws),
        AnthropicBedrockMantle(base_url=mantle_url, **aws),
    ]:
        refused(denied, "credential", lambda client=client: create(client))
    log = demo.log.read_text()
    assert log.count('code="identity"') >= 5
    for hidden in (secret, token, key, token.rsplit(".", 1)[1]):
        assert hidden not in log


def test_one_wrong_byte_in_the_identity_token_is_refused(demo, tmp_path, monkeypatch):
    forged = tmp_path / "identity-token"
    with open(os.environ["ANTHROPIC_IDENTITY_TOKEN_FILE"]) as token:
        forged.write_text(one_byte_off(token.read()))
    monkeypatch.setenv("ANTHROPIC_IDENTITY_TOKEN_FILE", str(forged))
    with pytest.raises(Exception, match="HTTP 401.*authentication_error"):
        create(Anthropic(max_retries=0))
    assert forged.read_text() not in demo.log.read_text()


def test_an_unknown_federation_rule_is_refused(demo, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_FEDERATION_RULE_ID", "another-issuer")
    with pytest.raises(Exception, match="HTTP 40[13]"):
        create(Anthropic(max_retries=0))


def test_echo_says_it_again(demo, books):
    raw = bearer().messages.with_raw_response.create(
        model="echo", max_tokens=40, messages=[{"role": "user", "content": CAPITAL}]
    )
    message = raw.parse()
    books.note(raw.headers, message.usage.input_tokens, message.usage.output_tokens)
    assert message.content[0].text == CAPITAL
