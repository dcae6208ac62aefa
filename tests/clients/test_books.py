"""The books of this session: every answer is in them once, with the client's own figures. Runs last."""

import json
import re
import time
import urllib.request

import pytest


def usage(demo):
    done = demo.run("usage", "list", "--json", "--data", demo.data)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def calls(demo, books):
    """Every call on record, once all are settled."""
    if not books.answers:
        pytest.skip("no calls were made: run the whole folder")
    deadline = time.monotonic() + 10
    while any(call["state"] in ("open", "pending") for call in usage(demo)):
        assert time.monotonic() < deadline, "calls are settled within seconds"
        time.sleep(0.1)
    return usage(demo)


def test_every_answer_is_booked_once(calls, books):
    by_request = {call["request_id"]: call for call in calls}
    assert len(by_request) == len(calls), "no call is on record twice"
    assert [call["at"] for call in calls] == sorted(call["at"] for call in calls), "oldest first"
    assert {answer.request for answer in books.answers} <= set(by_request)
    answered = [call for call in calls if call["state"] == "settled"]
    assert len(answered) == len(books.answers) + books.unnamed


def test_tokens_and_charge_are_those_the_client_was_told(calls, books):
    by_request = {call["request_id"]: call for call in calls}
    for answer in books.answers:
        call = by_request[answer.request]
        tokens = call["tokens"]
        assert (sum(tokens.values()) - tokens["output"], tokens["output"]) == (answer.input, answer.output)
        assert answer.cost in (None, f"{call['charge']} {call['currency']}")
        assert call["transfer"] and call["price"] and call["region"] == "local"


def test_the_same_answer_costs_the_same_on_every_wire_streamed_or_not(calls):
    """Pitfalls 15 and 23."""
    by_tokens = {}
    for call in calls:
        if call["state"] == "settled" and call["model"] == "claude-demo":
            by_tokens.setdefault(tuple(call["tokens"].items()), []).append(call)
    most = max(by_tokens.values(), key=len)
    assert {call["wire"] for call in most} >= {"anthropic.messages", "openai.chat", "bedrock.converse", "bedrock.invoke"}
    assert {call["stream"] for call in most} == {True, False}
    assert len({call["method"] for call in most}) >= 3
    for same in by_tokens.values():
        assert len({call["charge"] for call in same}) == 1


def test_a_call_cut_off_is_charged_for_what_arrived(calls, books):
    """Pitfall 6."""
    cut = [call for call in calls if call["request_id"] in books.cut]
    assert len(cut) == len(books.cut)
    for call in cut:
        assert call["state"] in ("undelivered", "interrupted")
        assert 3 <= call["tokens"]["output"] < 400 and float(call["charge"]) > 0


def test_the_books_are_sound_beside_the_running_plane(demo, calls):
    done = demo.run("ledger", "verify", "--data", demo.data)
    assert done.returncode == 0 and done.stdout.startswith("ok: "), done.stderr
    assert "USD sums to 0.00" in done.stdout


def fetch(demo, path):
    with urllib.request.urlopen(demo.url + path, timeout=10) as response:
        return response.read().decode()


def test_terminal_and_portal_show_the_same_figures(demo, calls):
    done = demo.run("ledger", "balance", "--json", "--data", demo.data)
    told = json.loads(done.stdout)
    terminal = {line["account"]: (line["balance"], line["currency"]) for line in told["accounts"]}
    shown = json.loads(fetch(demo, "/api/overview"))
    assert terminal == {line["account"]: (line["balance"], line["currency"]) for line in shown["ledger"]["accounts"]}
    assert set(told["sums"].values()) == {"0.00"} and shown["ledger"]["sums_to_zero"]

    charged = sum(pico(call["charge"]) for call in calls)
    assert pico(shown["spend"]["total"]["amount"]) == pico(terminal["receivable:demo"][0]) == charged
    commitment = shown["commitment"]
    assert pico(commitment["drawn"]) == charged
    assert pico(commitment["remaining"]) == pico("50") - charged

    for at, drawn in commitment["points"]:
        assert pico(drawn) == sum(pico(call["charge"]) for call in calls if call["at"] <= at)

    page = fetch(demo, "/")
    ledger = page[page.index('id="ledger"') :]
    values = set(re.findall(r'<data[^>]* value="(-?[\d.]+)"', ledger))
    assert {balance for balance, _ in terminal.values()} <= values


def pico(amount):
    """An exact amount; floats are for no money."""
    whole, _, part = amount.partition(".")
    return int(whole + part.ljust(12, "0"))


def test_every_figure_leads_to_its_calls(demo, calls, books):
    answer = books.answers[0]
    assert answer.request in fetch(demo, f"/usage?request={answer.request}")
    call = json.loads(fetch(demo, f"/api/usage/{answer.request}"))
    assert call["state"] == "settled" and call["tokens"]["input"] == answer.input


def test_no_secret_is_in_the_log(demo, calls):
    """Pitfall 85."""
    log = demo.log.read_text()
    secrets = ("AWS_SECRET_ACCESS_KEY", "OFFTAKE_TOKEN", "OFFTAKE_VIRTUAL_KEY")
    for secret in [demo.variables[name] for name in secrets] + [(demo.data / "identity-token").read_text()]:
        assert secret not in log
