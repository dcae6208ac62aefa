"""The `openai` package, with a token or a virtual key where its key goes."""

import os

import openai
import pytest
from conftest import MODEL, QUESTION, one_byte_off

CALL = {"model": MODEL, "max_tokens": 40, "messages": QUESTION}


@pytest.fixture(params=["OFFTAKE_TOKEN", "OFFTAKE_VIRTUAL_KEY"])
def client(demo, request):
    return openai.OpenAI(api_key=os.environ[request.param], max_retries=0)


def test_the_answer_is_the_same_streamed_and_not(client, books):
    """Pitfall 15; and the usage chunk comes last, with no choices."""
    raw = client.chat.completions.with_raw_response.create(**CALL)
    whole = raw.parse()
    books.note(raw.headers, whole.usage.prompt_tokens, whole.usage.completion_tokens)
    raw = client.chat.completions.with_raw_response.create(
        **CALL, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(raw.parse())
    usage = chunks[-1].usage
    books.note(raw.headers, usage.prompt_tokens, usage.completion_tokens)

    text = whole.choices[0].message.content
    assert "Paris" in text
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks[:-1]) == text
    assert chunks[-1].choices == [] and chunks[-2].choices[0].finish_reason == "stop"
    assert usage == whole.usage
    assert all(chunk.usage is None for chunk in chunks[:-1])
    assert len({chunk.id for chunk in chunks}) == 1


def test_usage_comes_only_when_asked_for(client, books):
    """Pitfall 18: it is metered all the same."""
    raw = client.chat.completions.with_raw_response.create(**CALL, stream=True)
    chunks = list(raw.parse())
    books.note(raw.headers, 37, 8)
    assert all(chunk.usage is None and chunk.choices for chunk in chunks)


def test_the_newer_name_of_the_limit_is_kept_too(client, books):
    raw = client.chat.completions.with_raw_response.create(model=MODEL, messages=QUESTION, max_completion_tokens=3)
    answer = raw.parse()
    books.note(raw.headers, answer.usage.prompt_tokens, answer.usage.completion_tokens)
    assert answer.choices[0].finish_reason == "length" and answer.usage.completion_tokens == 3


def test_models_are_those_one_may_call(client):
    assert [model.id for model in client.models.list()] == [MODEL, "echo"]
    assert client.models.retrieve(MODEL).id == MODEL
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("nope")


def test_errors_are_the_sdks_own(client):
    create = client.chat.completions.create
    long = [{"role": "user", "content": "word " * 12_000}]
    for kind, named, wrong in [
        (openai.NotFoundError, "`nope`", {"model": "nope"}),
        (openai.BadRequestError, "messages", {"messages": []}),
        (openai.BadRequestError, "context", {"messages": long}),
        (openai.BadRequestError, "context", {"messages": long, "stream": True}),
        (openai.BadRequestError, "max_tokens", {"max_tokens": -1}),
        (openai.BadRequestError, "tool_choice", {"tool_choice": "required", "tools": [
            {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]}),
    ]:  # fmt: skip
        with pytest.raises(kind) as caught:
            create(**CALL | wrong)
        assert named in caught.value.message
        assert caught.value.request_id.startswith("req_")


def test_what_is_not_served_says_so_in_json(client):
    with pytest.raises(openai.NotFoundError) as caught:
        client.embeddings.create(model=MODEL, input="x")
    assert caught.value.body["message"] and caught.value.request_id.startswith("req_")


@pytest.mark.parametrize("name", ["OFFTAKE_TOKEN", "OFFTAKE_VIRTUAL_KEY"])
def test_one_wrong_byte_is_refused(demo, name):
    client = openai.OpenAI(api_key=one_byte_off(os.environ[name]), max_retries=0)
    with pytest.raises(openai.AuthenticationError) as caught:
        client.chat.completions.create(**CALL)
    assert caught.value.code == "invalid_api_key"
