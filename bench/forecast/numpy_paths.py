"""The model of main.rs in NumPy, as one who knows NumPy would write it: whole chunks of paths at a time.

    python3 numpy_paths.py SECONDS      prints paths, CPU seconds and the same means as one line of JSON
"""

import json
import math
import os
import sys
import time

os.environ["OMP_NUM_THREADS"] = "1"
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np  # noqa: E402

CHUNK = 4000  # the fastest of 1,000, 4,000 and 16,000
CORRELATION = np.array([
    [1.0, 0.3, -0.2, 0.1, 0.2, 0.0],
    [0.3, 1.0, -0.1, 0.2, 0.1, 0.0],
    [-0.2, -0.1, 1.0, 0.0, 0.0, 0.1],
    [0.1, 0.2, 0.0, 1.0, 0.2, 0.0],
    [0.2, 0.1, 0.0, 0.2, 1.0, 0.0],
    [0.0, 0.0, 0.1, 0.0, 0.0, 1.0],
])
DEVIATION = np.array([0.10, 0.06, 0.08, 0.04, 0.05, 0.03])
DRIFT = np.array([0.03, 0.02, -0.02, 0.01, 0.005, 0.0]) - 0.5 * DEVIATION**2
# Correlation and deviation in one matrix.
MIX = np.linalg.cholesky(CORRELATION).T * DEVIATION
FIRST_SPEND, RATE, MILESTONE = 0.8, 0.08, 100.0
MINIMUMS = [8.0, 10.0, 10.0, 10.0, 12.0, 12.0, 12.0, 15.0, 15.0, 15.0]
KEEP, KEEP_OVER, CARRY, CARRY_MOST, MAKE_GOOD = 0.9, 0.84, 0.5, 0.25, 0.5


def settle(year, spent, excess, credit):
    """Charge and shortfall of a contract year, what is due, and what it hands to the next."""
    need = np.maximum(MINIMUMS[year] - excess, 0.0)
    net = spent * KEEP
    over = np.where(net <= need, 0.0, (spent - need / KEEP) * KEEP_OVER)
    charge = np.where(net <= need, net, need + over)
    shortfall = np.maximum(need - charge, 0.0)
    carried = over * CARRY
    if year + 1 < len(MINIMUMS):
        carried = np.minimum(carried, CARRY_MOST * MINIMUMS[year + 1])
    return charge + shortfall - np.minimum(credit, over), shortfall, carried, shortfall * MAKE_GOOD


def chunk(random):
    """Present value of cash and of shortfalls, and whether the milestone was met, summed over a chunk."""
    factors = np.zeros((CHUNK, 6))
    spent, total, excess, credit, cash, shortfalls = (np.zeros(CHUNK) for _ in range(6))
    met = np.zeros(CHUNK, bool)
    for month in range(120):
        factors += random.standard_normal((CHUNK, 6)) @ MIX
        factors += DRIFT
        spend = np.exp(factors[:, 0] + factors[:, 2])
        spend *= FIRST_SPEND
        spent += spend
        total += spend
        met |= total > MILESTONE
        if month % 12 == 11:
            year = month // 12
            due, shortfall, excess, credit = settle(year, spent, excess, credit)
            discount = math.exp(-RATE * (year + 1))
            cash += due * discount
            shortfalls += shortfall * discount
            spent[:] = 0.0
    sums = np.array([cash.sum(), shortfalls.sum(), met.sum()])
    return sums, np.array([(cash**2).sum(), (shortfalls**2).sum(), met.sum()])


def main():
    seconds = float(sys.argv[1])
    random = np.random.Generator(np.random.SFC64(int(sys.argv[2]) if len(sys.argv) > 2 else 1))
    chunk(random)
    paths, sums, squares = 0, np.zeros(3), np.zeros(3)
    start, cpu = time.perf_counter(), time.process_time()
    while time.perf_counter() - start < seconds:
        part, square = chunk(random)
        paths, sums, squares = paths + CHUNK, sums + part, squares + square
    cpu = time.process_time() - cpu
    means = sums / paths
    errors = np.sqrt((squares / paths - means**2) / paths)
    print(json.dumps({
        "paths": paths,
        "cpu_seconds": cpu,
        "means": means.tolist(),
        "errors": errors.tolist(),
        "numpy": np.__version__,
    }))


if __name__ == "__main__":
    main()
