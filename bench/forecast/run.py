#!/usr/bin/env python3
"""Paths per second and core, beside the same program in NumPy, in the same run.

    python3 bench/forecast/run.py                     builds what it needs, runs both in turn, prints a table
    python3 bench/forecast/run.py --rounds 5 --seconds 3 --json result.json

NumPy comes from PyPI into target/bench-venv. Rounds are interleaved, so that whatever else the machine does falls on
both alike; rates are by CPU time of the one process, the ratio is taken round by round and its median shown. Both
must give the same means, within three standard errors of NumPy's random paths, or the run fails.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import venv

HERE = pathlib.Path(__file__).resolve().parent
REPO = HERE.parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", REPO / "target"))
WHAT = ["present value of cash", "present value of shortfalls", "milestone met"]


def python():
    """A Python that has NumPy."""
    place = TARGET / "bench-venv"
    interpreter = place / "bin" / "python"
    if not interpreter.exists():
        venv.create(place, with_pip=True)
    if subprocess.run([interpreter, "-c", "import numpy"], stderr=subprocess.DEVNULL).returncode != 0:
        subprocess.run([interpreter, "-m", "pip", "install", "--quiet", "numpy"], check=True)
    return interpreter


def build():
    subprocess.run(
        ["cargo", "build", "--quiet", "--release", "-p", "bench", "--example", "forecast"], cwd=REPO, check=True
    )
    return TARGET / "release" / "examples" / "forecast"


def measure(command):
    pinned = ["taskset", "-c", str(min(os.sched_getaffinity(0)))] if shutil.which("taskset") else []
    result = json.loads(subprocess.run([*pinned, *command], check=True, capture_output=True, text=True).stdout)
    result["rate"] = result["paths"] / result["cpu_seconds"]
    return result


def compare(ours, theirs):
    """Pools NumPy's rounds and holds ours to them."""
    agree = True
    for at, what in enumerate(WHAT):
        paths = sum(result["paths"] for result in theirs)
        mean = sum(result["means"][at] * result["paths"] for result in theirs) / paths
        error = sum((result["errors"][at] * result["paths"]) ** 2 for result in theirs) ** 0.5 / paths
        off = (ours[-1]["means"][at] - mean) / error
        agree = agree and abs(off) < 3
        print(f"  {what:30} {ours[-1]['means'][at]:12.6f} {mean:12.6f}   {off:+.2f} standard errors")
    return agree


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each program in each round")
    parser.add_argument("--json", type=pathlib.Path, help="where the result goes as well")
    options = parser.parse_args()
    program, interpreter = build(), python()
    ours, theirs, random = [], [], []
    for round_ in range(options.rounds):
        seconds = str(options.seconds)
        ours.append(measure([program, seconds]))
        theirs.append(measure([interpreter, HERE / "numpy_paths.py", seconds, str(round_ + 1)]))
        random.append(measure([program, seconds, "random"]))
    median = lambda results: statistics.median(result["rate"] for result in results)  # noqa: E731
    ratios = [one["rate"] / two["rate"] for one, two in zip(ours, theirs)]
    print(f"120 months, 6 factors, 10 contract years; paths per second of one core ({ours[0]['kernel']})")
    print(f"  Sobol points and bridge      {median(ours):12,.0f}")
    print(f"  random paths                 {median(random):12,.0f}")
    print(f"  NumPy {theirs[0]['numpy']:10} SFC64       {median(theirs):12,.0f}")
    print(f"  ratio to NumPy               {statistics.median(ratios):12.1f}   ({min(ratios):.1f} to {max(ratios):.1f})")
    print("answers: ours, NumPy's")
    agree = compare(ours, theirs)
    if options.json:
        options.json.write_text(json.dumps({"ours": ours, "random": random, "numpy": theirs, "ratios": ratios}))
    if not agree:
        sys.exit("the two programs do not agree")


if __name__ == "__main__":
    main()
