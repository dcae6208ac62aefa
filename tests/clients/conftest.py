"""Vendors' own clients against the running binary.

One demo runs for the whole session, with its environment file loaded as a user would (`set -a; . demo.env`), so
that clients are made with no argument that says where or who. Every answer is noted in `books`, and test_books,
which runs last, finds each of them in the ledger.

OFFTAKE_BIN names the binary, OFFTAKE_ARTIFACTS the folder for screenshots.
"""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BINARY = Path(os.environ.get("OFFTAKE_BIN", ROOT / "target/debug/offtake")).resolve()
ARTIFACTS = Path(os.environ.get("OFFTAKE_ARTIFACTS", ROOT / "artifacts"))
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
MODEL_FILE = CACHE / "offtake/models/SmolLM2-135M-Instruct.Q4_1.gguf"
MODEL = "claude-demo"
CAPITAL = "What is the capital of France?"
QUESTION = [{"role": "user", "content": CAPITAL}]
START_SECONDS = 60


@dataclass
class Demo:
    """A running `offtake demo`."""

    process: subprocess.Popen
    data: Path
    log: Path
    started_in: float
    variables: dict = field(default_factory=dict)

    @property
    def url(self):
        return self.variables["OFFTAKE_URL"]

    def environment(self):
        """What a shell has after `. demo.env`; `ask` finds this demo and not the user's own."""
        kept = {name: value for name, value in os.environ.items() if not foreign(name)}
        return kept | self.variables | {"XDG_CACHE_HOME": str(self.data.parent)}

    def run(self, *arguments, **options):
        """A verb of the binary, with this demo's environment."""
        command = [BINARY, *map(str, arguments)]
        return subprocess.run(
            command, env=self.environment(), capture_output=True, text=True, timeout=60, **options
        )

    def stop(self, signal_number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(signal_number)
        return self.process.wait(timeout=30)


def foreign(name):
    """Variables that would make a client talk to someone else, or as someone else."""
    return name.startswith(("AWS_", "ANTHROPIC_", "OPENAI_", "CLAUDE_")) or name.lower().endswith("_proxy")


def start(data, *arguments):
    """Starts a demo on a free port and waits until it is ready."""
    data.parent.mkdir(parents=True, exist_ok=True)
    log = data.parent / "demo.log"
    for old in (data / "demo.env", log):
        old.unlink(missing_ok=True)
    environment = {name: value for name, value in os.environ.items() if not foreign(name)}
    began = time.monotonic()
    with log.open("w") as out:
        process = subprocess.Popen(
            [BINARY, "demo", "--listen", "127.0.0.1:0", "--data", data, *arguments],
            env=environment | {"XDG_CACHE_HOME": str(data.parent)},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    demo = Demo(process, data, log, 0.0)
    while time.monotonic() - began < START_SECONDS:
        if process.poll() is not None:
            pytest.fail(f"the demo ended with {process.returncode}:\n{log.read_text()}")
        # The file is there when the server listens; its last line ends it.
        text = (data / "demo.env").read_text() if (data / "demo.env").exists() else ""
        if "OPENAI_BASE_URL" in text and text.endswith("\n"):
            demo.variables = dict(line.split("=", 1) for line in text.splitlines())
            if ready(demo.url):
                demo.started_in = time.monotonic() - began
                return demo
        time.sleep(0.02)
    process.kill()
    pytest.fail(f"the demo was not ready in {START_SECONDS} s:\n{log.read_text()}")


def ready(url):
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=5) as response:
            return response.status == 200
    except OSError:
        return False


@dataclass(frozen=True)
class Answer:
    """A call that was answered, as its client saw it."""

    request: str
    input: int
    output: int
    cost: str | None


@dataclass
class Books:
    """The answers of this session, to be found in the ledger."""

    answers: list = field(default_factory=list)
    # Answers whose client does not show the request id.
    unnamed: int = 0
    # Calls that ended before their answer did, on purpose.
    cut: set = field(default_factory=set)

    def note(self, headers, input, output):
        request = headers["x-offtake-request-id"]
        assert re.fullmatch(r"req_[0-9A-Z]{26}", request)
        self.answers.append(Answer(request, input, output, headers.get("x-offtake-cost")))


@pytest.fixture(scope="session")
def model_file():
    if not MODEL_FILE.exists():
        subprocess.run([sys.executable, ROOT / "xtask/fetch_model.py"], check=False, timeout=600)
    if not MODEL_FILE.exists():
        pytest.skip(f"the model file {MODEL_FILE} cannot be had: `cargo xtask demo` fetches it")
    return MODEL_FILE


@pytest.fixture(scope="session")
def demo(tmp_path_factory, model_file):
    """The demo with its model; its environment is this process's until the session ends."""
    demo = start(tmp_path_factory.mktemp("demo") / "data", "--model", model_file)
    before, loaded = dict(os.environ), demo.environment()
    os.environ.clear()
    os.environ.update(loaded)
    yield demo
    os.environ.clear()
    os.environ.update(before)
    assert demo.stop() == 0, f"a demo that is told to stop ends well:\n{demo.log.read_text()[-2000:]}"


@pytest.fixture
def echo_demo(tmp_path):
    """A demo without a model, in an environment of its own."""
    demo = start(tmp_path / "echo/data", "--model", "/nonexistent/model.gguf")
    yield demo
    assert demo.stop() == 0


@pytest.fixture(scope="session")
def books():
    return Books()


def one_byte_off(secret):
    """The same secret with one character changed, well inside it."""
    at = len(secret) - 4
    return secret[:at] + ("A" if secret[at] != "A" else "B") + secret[at + 1 :]


def pytest_collection_modifyitems(items):
    """The books are closed last."""
    items.sort(key=lambda item: item.path.name == "test_books.py")
