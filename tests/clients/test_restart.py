"""Starting and stopping: again in the same place, without the model, and where it cannot be."""

import json
import os
import signal
import subprocess
import urllib.request

import pytest
from conftest import BINARY, start


def call(demo, token):
    body = {"model": "echo", "max_tokens": 20, "messages": [{"role": "user", "content": "one two three"}]}
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    request = urllib.request.Request(f"{demo.url}/v1/messages", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=10) as response:
        return response.headers["x-offtake-request-id"], json.load(response)


def listed(demo):
    done = demo.run("usage", "list", "--json", "--data", demo.data)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_second_start_is_quick_and_the_token_outlives_the_demo(tmp_path, model_file, capsys):
    first = start(tmp_path / "data", "--model", model_file)
    token = first.variables["OFFTAKE_TOKEN"]
    before = [call(first, token)[0] for _ in range(3)]
    assert first.stop(signal.SIGINT) == 0
    second = start(tmp_path / "data", "--model", model_file)
    try:
        with capsys.disabled():
            print(f"\nfirst start {first.started_in:.2f} s, second {second.started_in:.2f} s")
        assert second.started_in < 10, "the aim is two seconds"
        after, answer = call(second, token)
        assert answer["content"][0]["text"].split() == ["one", "two", "three"]
        keep = ("AWS_SECRET_ACCESS_KEY", "OFFTAKE_VIRTUAL_KEY", "AWS_ACCESS_KEY_ID")
        assert all(first.variables[name] == second.variables[name] for name in keep)
        assert [call["request_id"] for call in listed(second)] == [*before, after]
    finally:
        assert second.stop() == 0


def test_killed_and_started_again_every_answer_is_booked_once(tmp_path):
    demo = start(tmp_path / "data", "--model", "/nonexistent")
    answered = [call(demo, demo.variables["OFFTAKE_TOKEN"])[0] for _ in range(40)]
    demo.stop(signal.SIGKILL)
    again = start(tmp_path / "data", "--model", "/nonexistent")
    try:
        assert sorted(call["request_id"] for call in listed(again)) == sorted(answered)
        assert again.run("ledger", "verify", "--data", again.data).returncode == 0
    finally:
        assert again.stop() == 0


def test_without_the_model_echo_answers_and_says_what_is_missing(echo_demo):
    log = echo_demo.log.read_text()
    assert "/nonexistent/model.gguf" in log and "only `echo`" in log and "cargo xtask demo" in log
    assert echo_demo.variables["OFFTAKE_MODEL"] == "echo"
    done = echo_demo.run("ask", "one two three")
    assert done.returncode == 0 and done.stdout.strip() == "one two three"


def test_the_demos_secrets_are_for_their_owner_only(echo_demo):
    for name in ("demo.env", "access-key", "virtual-key", "identity-token", "issuer.key", "token.key"):
        assert (echo_demo.data / name).stat().st_mode & 0o077 == 0, name


def failed(*arguments):
    environment = os.environ | {"XDG_CACHE_HOME": "/nonexistent"}
    return subprocess.run([BINARY, "demo", *arguments], env=environment, capture_output=True, text=True, timeout=20)


def test_a_data_directory_in_use_is_said_to_be(echo_demo):
    files = [echo_demo.data / name for name in ("demo.env", "offtake.toml", "identity-token")]
    kept = [file.read_text() for file in files]
    done = failed("--listen", "127.0.0.1:0", "--data", echo_demo.data, "--model", "/nonexistent")
    assert done.returncode == 1
    assert f"`{echo_demo.data}` is in use by another offtake process" in done.stderr
    assert [file.read_text() for file in files] == kept, "the one that runs is not disturbed"
    assert call(echo_demo, echo_demo.variables["OFFTAKE_TOKEN"])


def test_a_port_in_use_is_said_to_be(echo_demo, tmp_path):
    address = echo_demo.url.removeprefix("http://")
    done = failed("--listen", address, "--data", tmp_path / "other", "--model", "/nonexistent")
    assert done.returncode == 1 and address in done.stderr


@pytest.mark.parametrize("address", ["0.0.0.0:1", "[::]:1", "192.0.2.1:8787"])
def test_the_demo_binds_loopback_only(tmp_path, address):
    done = failed("--listen", address, "--data", tmp_path / "data")
    assert done.returncode == 2 and "loopback" in done.stderr
    assert not (tmp_path / "data").exists()
