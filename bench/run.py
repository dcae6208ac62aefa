#!/usr/bin/env python3
"""Compares what a call costs: straight to a double of the vendor, through a bare proxy, through Offtake.

    python3 bench/run.py                      builds what it needs, runs all, prints a table
    python3 bench/run.py --without offtake    direct and bare proxy alone
    python3 bench/run.py --rounds 3 --seconds 2 --json result.json

Everything is on loopback, bounded in time, and ended by this program. Rounds are interleaved (direct, proxy,
Offtake, direct, ...), so that whatever else the machine does falls on all alike; the table shows medians and
the spread between rounds. Standard library only. README.md says how to read the numbers.
"""

import argparse
import json
import os
import pathlib
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

REPO = pathlib.Path(__file__).resolve().parent.parent
BENCH_KEY = "bench-key-0123456789abcdef"
VENDOR_KEY = "vendor-key-0123456789abcdef"
START_LIMIT_S = 30
SETTLE_MS = 500  # after the last answer, still counted: settlement is part of the cost

CONFIG = """\
[listen]
address = "{listen}"
[data]
dir = "./data"
[[identity.key]]
name = "bench"
secret = "env:BENCH_KEY"
organisation = "demo"
team = "bench"
[[backend]]
name = "vendor"
kind = "anthropic"
base_url = "http://{vendor}"
key = "env:VENDOR_KEY"
region = "us-east-1"
[[model]]
name = "claude-bench"
backends = ["vendor"]
upstream_name = "claude-sonnet-4-5"
[[price]]
model = "claude-bench"
currency = "USD"
input_per_million = "3.00"
output_per_million = "15.00"
cache_read_per_million = "0.30"
cache_write_5m_per_million = "3.75"
cache_write_1h_per_million = "6.00"
"""

PROMPT = (
    "Summarise the following notice for a customer in two sentences, and keep every figure as it is. "
    "On Tuesday between 02:00 and 04:30 UTC the storage tier in one zone answered 3.2 % of requests late. "
    "No data was lost; 14 accounts saw time-outs, and each of them has been credited with 25 USD. "
)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds (default 5)")
    parser.add_argument("--seconds", type=int, default=4, help="load per target, kind and round (default 4)")
    parser.add_argument("--connections", type=int, default=16, help="for calls that are not streamed (default 16)")
    parser.add_argument("--streams", type=int, default=64, help="concurrent streams (default 64)")
    parser.add_argument("--events", type=int, default=200, help="output tokens, one event each, of a stream")
    parser.add_argument("--pace", type=int, default=5, help="milliseconds between a stream's events (default 5)")
    parser.add_argument("--without", action="append", default=[], choices=["direct", "offtake", "stream", "call"])
    parser.add_argument("--offtake", help="the offtake binary (default: built from this checkout)")
    parser.add_argument("--no-pin", action="store_true", help="let the system place the processes")
    parser.add_argument("--no-build", action="store_true", help="use the release binaries that are there")
    parser.add_argument("--json", metavar="FILE", help="where the result goes (default target/bench-result.json)")
    options = parser.parse_args()
    if not (1 <= options.rounds <= 100 and 1 <= options.seconds <= 60):
        parser.error("--rounds is 1 to 100, --seconds 1 to 60")
    return options


class Plane:
    """The processes of one run; leaving ends them."""

    def __init__(self, options):
        self.pinned = not options.no_pin and shutil.which("taskset") is not None and os.cpu_count() >= 2
        self.target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", REPO / "target")) / "release"
        self.children = []
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="offtake-bench-"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for child in self.children:
            child.terminate()
        for child in self.children:
            try:
                child.wait(timeout=10)
            except subprocess.TimeoutExpired:
                child.kill()
        shutil.rmtree(self.home, ignore_errors=True)

    def on_core(self, core, command):
        """`taskset` replaces itself with the command, so the process id stays the one we know."""
        return ["taskset", "-c", str(core), *command] if self.pinned else command

    def start(self, core, *command, **options):
        command = self.on_core(core, [str(part) for part in command])
        child = subprocess.Popen(command, **options)
        self.children.append(child)
        return child

    def start_listening(self, core, name, *args):
        """One of our own programs: its first line is its address."""
        child = self.start(core, self.target / name, "--listen", "127.0.0.1:0", *args, stdout=subprocess.PIPE, text=True)
        address = child.stdout.readline().strip()
        if not address:
            sys.exit(f"{name} did not start")
        return address, child.pid

    def start_offtake(self, binary, vendor):
        address = f"127.0.0.1:{free_port()}"
        config = self.home / "offtake.toml"
        config.write_text(CONFIG.format(listen=address, vendor=vendor))
        secrets = {"BENCH_KEY": BENCH_KEY, "VENDOR_KEY": VENDOR_KEY}
        with open(self.home / "offtake.log", "w") as log:
            environment = {**os.environ, **secrets}
            child = self.start(1, binary, "serve", "--config", config, env=environment, stdout=log, stderr=log)
        deadline = time.monotonic() + START_LIMIT_S
        while child.poll() is None and time.monotonic() < deadline:
            if responds(f"http://{address}/healthz"):
                return address, child.pid, config
            time.sleep(0.1)
        sys.exit("offtake did not start:\n" + (self.home / "offtake.log").read_text())

    def load(self, options, url, kind, key, model, pids):
        body = {"model": model, "max_tokens": 1024, "messages": [{"role": "user", "content": PROMPT}]}
        streamed = kind == "stream"
        if streamed:
            orders = f"tokens={options.events};slow={options.pace}" if options.pace else f"tokens={options.events}"
            body |= {"stream": True, "metadata": {"user_id": orders}}
        path = self.home / f"{model}-{kind}.json"
        path.write_text(json.dumps(body))
        command = [self.target / "load", "--url", f"http://{url}/v1/messages", "--body", path, "--json"]
        command += ["--connections", options.streams if streamed else options.connections]
        command += ["--seconds", options.seconds, "--settle", SETTLE_MS]
        command += ["--warmup", options.streams if streamed else 2000]
        command += ["--header", f"x-api-key: {key}", "--header", "anthropic-version: 2023-06-01"]
        command += ["--stream"] if streamed else []
        for name, pid in pids.items():
            command += ["--pid", f"{name}={pid}"]
        command = self.on_core(0, [str(part) for part in command])
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        if done.returncode != 0:
            sys.exit(f"the load on {url} failed: {done.stderr}")
        return json.loads(done.stdout)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def responds(url):
    try:
        urllib.request.urlopen(url, timeout=1).close()
        return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def build(options):
    commands = [["cargo", "build", "--release", "--quiet", "-p", "bench", "--bins"]]
    if "offtake" not in options.without and not options.offtake:
        commands.append(["cargo", "build", "--release", "--quiet", "-p", "cli"])
    for command in commands:
        print("building:", " ".join(command), file=sys.stderr)
        subprocess.run(command, cwd=REPO, check=True)


def measure(plane, options):
    """All rounds: {kind: {target: [report, ...]}}, and what the books say against the vendor's meter."""
    vendor, double = plane.start_listening(0, "vendor-double", "--key", VENDOR_KEY)
    targets = {}
    if "direct" not in options.without:
        targets["direct"] = (vendor, VENDOR_KEY, "claude-direct", {"double": double})
    proxy, pid = plane.start_listening(1, "bare-proxy", "--upstream", vendor)
    targets["proxy"] = (proxy, VENDOR_KEY, "claude-proxy", {"proxy": pid, "double": double})
    config = binary = None
    if "offtake" not in options.without:
        binary = options.offtake or plane.target / "offtake"
        address, pid, config = plane.start_offtake(binary, vendor)
        targets["offtake"] = (address, BENCH_KEY, "claude-bench", {"offtake": pid, "double": double})
    kinds = [kind for kind in ("call", "stream") if kind not in options.without]
    results = {kind: {target: [] for target in targets} for kind in kinds}
    for number in range(options.rounds):
        for kind in kinds:
            for target, (url, key, model, pids) in targets.items():
                print(f"round {number + 1} of {options.rounds}: {kind} {target}", file=sys.stderr)
                report = plane.load(options, url, kind, key, model, pids)
                results[kind][target].append(report)
                if report["errors"] or report["truncated"]:
                    print(f"  {report['errors']} errors, {report['truncated']} truncated", file=sys.stderr)
    books = reconcile(binary, config, vendor) if config else None
    return results, books


def reconcile(binary, config, vendor):
    """The journal's sums against the vendor's own meter, for every call that went through Offtake."""
    meter = json.load(urllib.request.urlopen(f"http://{vendor}/meter"))["models"].get("claude-sonnet-4-5", {})
    lines = subprocess.Popen(
        [binary, "usage", "list", "--json", "--config", config], stdout=subprocess.PIPE, text=True
    )
    calls = tokens_in = tokens_out = 0
    for line in lines.stdout:
        record = json.loads(line)
        calls += 1
        tokens_in += record["tokens"]["input"]
        tokens_out += record["tokens"]["output"]
    if lines.wait() != 0:
        return {"agree": False, "reason": "`offtake usage list` failed"}
    books = {"calls": calls, "input_tokens": tokens_in, "output_tokens": tokens_out}
    billed = {key: meter.get(key, 0) for key in books}
    return {"agree": calls > 0 and books == billed, "offtake": books, "vendor": billed}


def cost(report, target):
    """Processor time in microseconds: of a call, or of an event when there are events."""
    name = "double" if target == "direct" else target
    spent = report["cpu"][name]
    return spent["per_event"] if spent["per_event"] is not None else spent["per_call"]


def summarise(results):
    table = {}
    for kind, targets in results.items():
        table[kind] = {}
        for target, reports in targets.items():
            costs = [cost(report, target) for report in reports]
            row = {
                "cpu_us": statistics.median(costs),
                "cpu_us_min": min(costs),
                "cpu_us_max": max(costs),
                "errors": sum(report["errors"] + report["truncated"] for report in reports),
            }
            if kind == "stream":
                row["cpu_us_per_stream"] = statistics.median(
                    report["cpu"]["double" if target == "direct" else target]["per_call"] for report in reports
                )
            for key in ("requests_per_second", "latency_p50", "latency_p99", "first_byte_p50", "first_byte_p99"):
                row[key] = statistics.median(report[key] for report in reports)
            row["events_per_second"] = statistics.median(report["events"] / report["seconds"] for report in reports)
            if target != "direct":
                # Round by round, then the median: what disturbs a round disturbs both.
                base = [cost(report, "proxy") for report in targets["proxy"]]
                row["ratio"] = statistics.median(mine / theirs for mine, theirs in zip(costs, base))
            table[kind][target] = row
    return table


def show(table, books, pinned, options):
    place = "double and load on core 0, the one measured on core 1" if pinned else "not pinned"
    print(f"{options.rounds} rounds of {options.seconds} s; {place}; medians, CPU of the named process alone")
    print("(direct: the double's own)")
    for kind, rows in table.items():
        if kind == "call":
            print(f"\nnot streamed, {options.connections} connections")
            unit, rate, speed = "us/call", "calls/s", "requests_per_second"
        else:
            print(f"\nstreamed, {options.streams} streams of {options.events} tokens, {options.pace} ms apart")
            unit, rate, speed = "us/event", "events/s", "events_per_second"
        print(f"  {'':8} {'CPU ' + unit:>14} {'(min-max)':>15} {'ratio':>7} {rate:>9} {'p50 us':>9} {'p99 us':>9}"
              f" {'first p50':>9} {'errors':>7}")
        for target, row in rows.items():
            ratio = f"{row['ratio']:.2f}" if "ratio" in row else "-"
            spread = f"{row['cpu_us_min']:.1f}-{row['cpu_us_max']:.1f}"
            print(f"  {target:8} {row['cpu_us']:14.2f} {spread:>15} {ratio:>7} {row[speed]:9.0f}"
                  f" {row['latency_p50']:9.0f} {row['latency_p99']:9.0f} {row['first_byte_p50']:9.0f}"
                  f" {row['errors']:7}")
    if books is not None:
        print("\nbooks and vendor's meter:", "agree" if books["agree"] else f"DIFFER: {books}")


def main():
    options = arguments()
    if not options.no_build:
        build(options)
    with Plane(options) as plane:
        results, books = measure(plane, options)
        table = summarise(results)
        show(table, books, plane.pinned, options)
        machine = {"cores": os.cpu_count(), "system": platform.platform(), "pinned": plane.pinned}
        result = {"machine": machine, "options": vars(options), "table": table, "books": books, "rounds": results}
        path = pathlib.Path(options.json or REPO / "target" / "bench-result.json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(result, indent=2) + "\n")
    failed = any(row["errors"] for rows in table.values() for row in rows.values())
    return 1 if failed or (books is not None and not books["agree"]) else 0


if __name__ == "__main__":
    sys.exit(main())
