"""What one types: the commands that the demo prints, `offtake ask`, and plain HTTP with bad input."""

import http.client
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import BINARY, CAPITAL, MODEL, QUESTION


def test_the_commands_that_the_demo_prints_work(demo, books):
    printed = demo.log.read_text().split("Try, in another terminal:")[1].split("Ctrl-C")[0]
    commands = re.sub(r"(?m)^ {4}", "", printed)
    path = os.pathsep.join([str(BINARY.parent), str(Path(sys.executable).parent), os.environ["PATH"]])
    bare = {"PATH": path, "HOME": os.environ.get("HOME", "/"), "XDG_CACHE_HOME": str(demo.data.parent)}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands], env=bare, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    books.unnamed += 3
    asked, curl, sdk = done.stdout.split("\n", 2)
    assert "Paris" in asked
    message, end = json.JSONDecoder().raw_decode(curl + "\n" + sdk)
    assert "ello" in message["content"][0]["text"] and message["usage"]["output_tokens"] > 0
    assert "ello" in (curl + "\n" + sdk)[end:]


def test_ask_says_what_it_cost(demo, books):
    done = demo.run("ask", CAPITAL)
    assert done.returncode == 0 and "Paris" in done.stdout, done.stderr
    told = re.search(
        r"(\d+) tokens in, (\d+) out · \d+ tokens/s · ([\d.]+ USD) · this-machine, local · (req_\w+)", done.stderr
    )
    assert told, done.stderr
    headers = {"x-offtake-request-id": told[4], "x-offtake-cost": told[3]}
    books.note(headers, int(told[1]), int(told[2]))


def test_ask_in_json(demo, books):
    done = demo.run("ask", "--json", CAPITAL)
    told = json.loads(done.stdout)
    assert done.returncode == 0 and "Paris" in told["answer"]
    assert (told["model"], told["region"]) == (MODEL, "local") and told["tokens_per_second"] > 0
    headers = {"x-offtake-request-id": told["request_id"], "x-offtake-cost": told["cost"]}
    books.note(headers, told["tokens"]["input"], told["tokens"]["output"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--model", "nope"], "`nope`"),
        (["--token", "wrong"], "credential"),
        (["--url", "http://127.0.0.1:1"], "127.0.0.1:1"),
    ],
)
def test_ask_fails_in_words(demo, arguments, said):
    done = demo.run("ask", *arguments, CAPITAL)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith("error: ") and said in done.stderr


# ── bad input ───────────────────────────────────────────────────────────────────────────────────────────────

JSON = {"content-type": "application/json"}


def ask(demo, method, path, body=None, headers=JSON, token=True):
    address = demo.url.removeprefix("http://")
    connection = http.client.HTTPConnection(address, timeout=20)
    proof = {"authorization": f"Bearer {demo.variables['OFFTAKE_TOKEN']}"} if token else {}
    connection.request(method, path, body, {**proof, **headers})
    response = connection.getresponse()
    return response.status, response.read()


CALL = json.dumps({"model": MODEL, "max_tokens": 5, "messages": QUESTION})


@pytest.mark.parametrize(
    ("status", "kind", "method", "path", "body", "headers"),
    [
        (400, "invalid_request_error", "POST", "/v1/messages", "{nope", JSON),
        (400, "invalid_request_error", "POST", "/v1/messages", "[]", JSON),
        (400, "invalid_request_error", "POST", "/v1/messages", "", JSON),
        (400, "invalid_request_error", "POST", "/v1/messages", CALL, {"content-type": "text/plain"}),
        (400, "invalid_request_error", "POST", "/v1/messages", "[" * 100_000, JSON),
        (413, "request_too_large", "POST", "/v1/messages", CALL, {**JSON, "x-long": "a" * 70_000}),
        (413, "request_too_large", "POST", "/v1/messages", " " * (33 << 20), JSON),
        (404, "not_found_error", "POST", "/v1/messages/batches", CALL, JSON),
        (404, "not_found_error", "GET", "/v1/messages", None, {}),
    ],
)
def test_bad_input_is_refused_in_the_clients_shape(demo, status, kind, method, path, body, headers):
    answered, said = ask(demo, method, path, body, headers)
    assert answered == status, said
    error = json.loads(said)
    assert (error["type"], error["error"]["type"]) == ("error", kind)
    assert error["error"]["message"] and error["request_id"].startswith("req_")


def test_no_credential_is_told_which_are_taken(demo):
    for path in ("/v1/messages", "/v1/chat/completions", "/model/echo/converse"):
        status, said = ask(demo, "POST", path, CALL, token=False)
        assert status == (403 if path.startswith("/model") else 401) and b"x-api-key" in said
