"""`boto3`, as any AWS application has it: only `AWS_ENDPOINT_URL_BEDROCK_RUNTIME` says where."""

import json
import os

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from conftest import CAPITAL, MODEL, QUESTION, one_byte_off

MESSAGES = [{"role": "user", "content": [{"text": CAPITAL}]}]
BRIEF = {"maxTokens": 40}
INVOKE = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 40, "messages": QUESTION}
CONFIG = Config(retries={"total_max_attempts": 1})


def client(**options):
    return boto3.client("bedrock-runtime", config=CONFIG, **options)


@pytest.fixture(scope="module")
def bedrock(demo):
    return client()


def headers(response):
    return response["ResponseMetadata"]["HTTPHeaders"]


def test_converse_is_the_same_streamed_and_not(bedrock, books):
    """Pitfall 15."""
    whole = bedrock.converse(modelId=MODEL, messages=MESSAGES, inferenceConfig=BRIEF)
    books.note(headers(whole), whole["usage"]["inputTokens"], whole["usage"]["outputTokens"])
    response = bedrock.converse_stream(modelId=MODEL, messages=MESSAGES, inferenceConfig=BRIEF)
    events = list(response["stream"])
    last = events[-1]["metadata"]
    books.note(headers(response), last["usage"]["inputTokens"], last["usage"]["outputTokens"])

    text = whole["output"]["message"]["content"][0]["text"]
    pieces = [event["contentBlockDelta"]["delta"]["text"] for event in events if "contentBlockDelta" in event]
    assert "Paris" in text and "".join(pieces) == text and len(pieces) > 1
    assert events[0] == {"messageStart": {"role": "assistant"}}
    assert events[-2] == {"messageStop": {"stopReason": whole["stopReason"]}}
    assert last["usage"] == whole["usage"]
    assert whole["usage"]["totalTokens"] == whole["usage"]["inputTokens"] + whole["usage"]["outputTokens"]
    assert last["metrics"]["latencyMs"] > 0 and whole["metrics"]["latencyMs"] > 0


def test_invoke_is_the_same_streamed_and_not(bedrock, books):
    body = json.dumps(INVOKE)
    response = bedrock.invoke_model(modelId=MODEL, body=body)
    whole = json.load(response["body"])
    books.note(headers(response), whole["usage"]["input_tokens"], whole["usage"]["output_tokens"])
    response = bedrock.invoke_model_with_response_stream(modelId=MODEL, body=body)
    events = [json.loads(event["chunk"]["bytes"]) for event in response["body"]]
    metrics = events[-1]["amazon-bedrock-invocationMetrics"]
    books.note(headers(response), metrics["inputTokenCount"], metrics["outputTokenCount"])

    pieces = [event["delta"]["text"] for event in events if event["type"] == "content_block_delta"]
    assert "Paris" in whole["content"][0]["text"] and "".join(pieces) == whole["content"][0]["text"]
    assert [events[0]["type"], events[-1]["type"]] == ["message_start", "message_stop"]
    assert metrics["inputTokenCount"] == whole["usage"]["input_tokens"]
    assert metrics["outputTokenCount"] == whole["usage"]["output_tokens"]


def test_counted_before_is_charged_after(bedrock, books):
    system = [{"text": "Answer in one word."}]
    counts = [
        {"converse": {"messages": MESSAGES, "system": system}},
        {"invokeModel": {"body": json.dumps(INVOKE | {"system": "Answer in one word."})}},
    ]
    counted = {bedrock.count_tokens(modelId=MODEL, input=asked)["inputTokens"] for asked in counts}
    answer = bedrock.converse(modelId=MODEL, messages=MESSAGES, system=system, inferenceConfig=BRIEF)
    books.note(headers(answer), answer["usage"]["inputTokens"], answer["usage"]["outputTokens"])
    assert counted == {answer["usage"]["inputTokens"]}


def refused(code, status, call):
    with pytest.raises(ClientError) as caught:
        call()
    response = caught.value.response
    assert (response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    assert response["ResponseMetadata"]["RequestId"].startswith("req_")
    return response["Error"]["Message"]


IDS = ["nope", "anthropic.claude-x-v1:0", "arn:aws:bedrock:us-east-1:1:inference-profile/x:0", "a/b", "a b", "a%2Fb", "ü"]


@pytest.mark.parametrize("id", IDS)
def test_an_unknown_model_is_not_found_however_it_is_encoded(bedrock, id):
    """Pitfall 54: encoded once in the path, twice under the signature."""
    for call in (bedrock.converse, bedrock.converse_stream):
        message = refused("ResourceNotFoundException", 404, lambda call=call: call(modelId=id, messages=MESSAGES))
        assert f"`{id}`" in message
    refused("ResourceNotFoundException", 404, lambda: bedrock.invoke_model(modelId=id, body=json.dumps(INVOKE)))


def test_a_wrong_request_is_told_what_is_wrong(bedrock):
    long = [{"role": "user", "content": [{"text": "word " * 12_000}]}]
    for call, named in [
        (lambda: bedrock.converse(modelId=MODEL, messages=[]), "messages"),
        (lambda: bedrock.converse(modelId=MODEL, messages=long), "context"),
        (lambda: bedrock.converse_stream(modelId=MODEL, messages=long), "context"),
        (lambda: bedrock.invoke_model(modelId=MODEL, body=b"{nope"), "JSON"),
        (lambda: bedrock.invoke_model(modelId=MODEL, body=b'{"messages": []}'), "messages"),
    ]:
        assert named in refused("ValidationException", 400, call)


def test_one_wrong_byte_is_refused(demo):
    name, secret = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
    for name, secret in [(name, one_byte_off(secret)), (one_byte_off(name), secret)]:
        forged = client(aws_access_key_id=name, aws_secret_access_key=secret)
        message = refused("AccessDeniedException", 403, lambda: forged.converse(modelId=MODEL, messages=MESSAGES))
        assert "credential" in message
