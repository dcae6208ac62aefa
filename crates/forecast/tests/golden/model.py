"""The forecast's model again, written apart from it in NumPy with plain random numbers.

Reads the same deal.toml and scenario.toml, and prints means with their standard errors as JSON:

    python model.py > expected.json

Nothing here is taken from the Rust code; both follow docs/forecast.md.
"""

import json
import pathlib
import sys
import tomllib

import numpy as np

HERE = pathlib.Path(__file__).parent
DEAL = tomllib.loads((HERE / "deal.toml").read_text())
S = tomllib.loads((HERE / "scenario.toml").read_text())
FACTORS = ["demand", "price", "elasticity", "capacity", "equity", "power"]
YEARS, MONTHS, DT = 4, 48, 1 / 12


def correlation():
    matrix = np.eye(6)
    for pair, value in S["correlation"].items():
        i, j = (FACTORS.index(name) for name in pair.split("-"))
        matrix[i, j] = matrix[j, i] = value
    return np.linalg.cholesky(matrix)


def step_of(year):
    """The month that a moment, in years, lies in."""
    return np.clip(np.floor(year / DT).astype(int), 0, MONTHS)


def climate(rng, n):
    """Log demand that booms and busts add, by month (not yet summed)."""
    r = S["demand"]["regime"]
    added = np.zeros((n, MONTHS + 1))
    for path in range(n):
        state, t = "base", 0.0
        while t < YEARS:
            if state == "base":
                leave, growth = r["base_to_boom"] + r["base_to_bust"], 0.0
            elif state == "boom":
                leave, growth = r["boom_to_base"], r["boom_growth"]
            else:
                leave, growth = r["bust_to_base"], r["bust_growth"]
            end = min(t + rng.exponential(1 / leave), YEARS)
            if growth:
                edges = np.arange(MONTHS) * DT
                overlap = np.clip(np.minimum(edges + DT, end) - np.maximum(edges, t), 0, None)
                added[path, :MONTHS] += growth * overlap
            if state == "base":
                state = "boom" if rng.random() < r["base_to_boom"] / leave else "bust"
            else:
                state = "base"
            t = end
    return added


def happen(rng, n, moves):
    """Adds what events and jumps move, by month and channel."""
    geo = rng.standard_normal(n)
    portable = S["lock_in"]["portable"]
    for event in S["event"].values():
        rate = np.full(n, event.get("per_year", 0.0))
        if load := event.get("geo", 0.0):
            rate = rate * np.exp(load * geo - load * load / 2)
        lost = event.get("lost", 0.0) + portable * event.get("lost_portable", 0.0)
        for path in range(n):
            t, first = 0.0, True
            while True:
                if first and "at_year" in event:
                    t = event["at_year"]
                elif rate[path] > 0:
                    t += rng.exponential(1 / rate[path])
                else:
                    break
                first = False
                if t >= YEARS:
                    break
                size = 1.0
                if sd := event.get("size_sd", 0.0):
                    size = max(0.0, 1.0 + sd * rng.standard_normal())
                start = step_of(np.array(t))
                end = None
                if months := event.get("months", 0):
                    end = max(step_of(np.array(t + months / 12)), start + 1)
                effects = {
                    "frontier": event.get("price_frontier", 0.0) * size,
                    "commodity": event.get("price_commodity", 0.0) * size,
                    "delay": event.get("capacity_months", 0.0) * size,
                    "gone": event.get("capacity_lost", 0.0) * size,
                    "equity": event.get("equity", 0.0) * size,
                    "cost": event.get("cost", 0.0) * size,
                    "demand": np.log(1 - min(lost * size, 0.999)),
                }
                for channel, effect in effects.items():
                    moves[channel][path, start] += effect
                    if end is not None and end < MONTHS:
                        moves[channel][path, end] -= effect
                if not event.get("repeats", False):
                    break
    jump = S["demand"]["jump"]
    counts = rng.poisson(jump["per_year"] * DT, (n, MONTHS))
    moves["demand"][:, :MONTHS] += jump["mean"] * counts + jump["sd"] * np.sqrt(counts) * rng.standard_normal((n, MONTHS))


def ou(z, reversion):
    """A factor of unit volatility that comes back to nothing."""
    keep = np.exp(-reversion * DT)
    noise = np.sqrt((1 - keep * keep) / (2 * reversion))
    x, out = np.zeros(z.shape[0]), np.empty_like(z)
    for month in range(MONTHS):
        x = keep * x + noise * z[:, month]
        out[:, month] = x
    return out


def paths(rng, n):
    names = ["demand", "frontier", "commodity", "delay", "gone", "equity", "cost"]
    moves = {name: np.zeros((n, MONTHS + 1)) for name in names}
    happen(rng, n, moves)
    moves["demand"] += climate(rng, n)
    moved = {name: np.cumsum(part[:, :MONTHS], axis=1) for name, part in moves.items()}
    z = rng.standard_normal((n, MONTHS, 6)) @ correlation().T
    t = np.arange(1, MONTHS + 1) * DT

    d, p = S["demand"], S["price"]
    e = np.exp(-(d["innovation"] + d["imitation"]) * t)
    adopted = (1 - e) / (1 + d["imitation"] / d["innovation"] * e)
    walk = np.cumsum(z[:, :, 0], axis=1) * np.sqrt(DT)
    log_demand = np.log(1 + (d["cap"] - 1) * adopted) - d["volatility"] ** 2 * t / 2 + d["volatility"] * walk
    log_demand = log_demand + moved["demand"]
    price = ou(z[:, :, 1], p["reversion"])
    frontier = t * np.log(1 - p["frontier"]["decline"]) + p["frontier"]["volatility"] * price + moved["frontier"]
    now, later, slows = np.log(p["commodity"]["fall_now"]), np.log(p["commodity"]["fall_later"]), p["commodity"]["slows_over"]
    commodity = -(later * t + (now - later) * slows * (1 - np.exp(-t / slows)))
    commodity = commodity + p["commodity"]["volatility"] * price + moved["commodity"]
    el = S["elasticity"]
    more = 1 + el["mean"] + el["volatility"] * ou(z[:, :, 2], el["reversion"])
    w = p["frontier_share"]
    asked = w * np.exp(log_demand + more * frontier) + (1 - w) * np.exp(log_demand + more * commodity)

    c = S["capacity"]
    late = c["delay_months"] * np.exp(c["delay_volatility"] * ou(z[:, :, 3], c["delay_reversion"])) + moved["delay"]
    month = np.arange(1, MONTHS + 1) - np.maximum(late, 0)
    ramp = np.clip(month / (c["ramp_years"] * 12), 0, 1)
    online = (c["start_share"] + (1 - c["start_share"]) * ramp) * np.maximum(1 - moved["gone"], 0)
    per_gw = c["spend_per_gw_year"] * (1 + c["spend_per_gw_growth"]) ** t
    needed = asked * d["start_per_month"] * 12 / per_gw
    list_spend = d["start_per_month"] * asked * np.minimum(1, online / needed)

    q, w = S["equity"], S["power"]
    walk = np.cumsum(z[:, :, 4], axis=1) * np.sqrt(DT)
    value = q["start_over_issue"] * 10e9 * np.exp(
        np.log(1 + q["growth"]) * t - q["volatility"] ** 2 * t / 2 + q["volatility"] * walk + moved["equity"])
    walk = np.cumsum(z[:, :, 5], axis=1) * np.sqrt(DT)
    power = np.exp(np.log(1 + w["growth"]) * t - w["volatility"] ** 2 * t / 2 + w["volatility"] * walk)
    cost = (w["share_of_cost"] * power + 1 - w["share_of_cost"]) * np.exp(moved["cost"])
    return list_spend, online, needed, value, cost


def settle(list_spend):
    """Month by month: charged and due, and year by year the shortfall; written after the contract's clauses."""
    n = list_spend.shape[0]
    minimums = [float(year["min"]) for year in DEAL["commitment"][0]["schedule"]]
    charges, cash = np.zeros_like(list_spend), np.zeros_like(list_spend)
    shorts, excess, credit = [], np.zeros(n), np.zeros(n)
    for year, minimum in enumerate(minimums):
        so_far, charged, due = np.zeros(n), np.zeros(n), np.zeros(n)
        need = np.maximum(minimum - excess, 0)
        for month in range(12 * year, 12 * year + 12):
            so_far = so_far + list_spend[:, month]
            inside = so_far * 0.9
            over = np.where(inside > need, (so_far - need / 0.9) * 0.85, 0)
            charge = np.where(inside > need, need + over, inside)
            used = np.minimum(credit, over)
            charges[:, month], cash[:, month] = charge - charged, charge - used - due
            charged, due = charge, charge - used
        short = np.maximum(need - charge, 0)
        cash[:, month] += short
        shorts.append(short)
        following = minimums[year + 1] if year + 1 < YEARS else None
        excess = np.minimum(0.5 * over, 0.2 * following) if following else np.zeros(n)
        credit = 0.5 * short if following else np.zeros(n)
    return charges, cash, np.stack(shorts, axis=1)


def answers(rng, n):
    list_spend, online, needed, value, cost = paths(rng, n)
    charges, cash, shorts = settle(list_spend)
    dates = np.datetime64("2026-01") + np.arange(1, MONTHS + 1)
    days = (dates.astype("datetime64[D]") - np.datetime64("2026-01-01")).astype(float)
    vendor, customer = (
        (1 + S["value"]["rate"][who]) ** (-days / 365) for who in ("vendor", "customer"))
    months = np.arange(MONTHS)

    def first(hit):
        return np.where(hit.any(axis=1), hit.argmax(axis=1), MONTHS)

    t2 = first(list_spend * 12 * S["revenue"]["over_list_spend"] >= 3e9)
    t3 = first(online >= 0.8)
    released = 100e6 * ((t2[:, None] == months).astype(float) + (t3[:, None] == months))
    flow = cash - charges * cost * (1 - S["value"]["margin"]) - released
    at_t3 = np.take_along_axis(np.c_[value, value[:, -1]], np.minimum(t3, MONTHS - 1)[:, None], axis=1)[:, 0]
    held = 200e6 / 10e9 + 100e6 / 10e9 * (t2 < MONTHS) + np.where(t3 < MONTHS, 100e6 / at_t3, 0)
    drawn = list_spend.sum(axis=1)
    start_value = S["equity"]["start_over_issue"] * 10e9
    at_t2 = np.take_along_axis(value, np.minimum(t2, MONTHS - 1)[:, None], axis=1)[:, 0]
    conceded = 200e6 - 200e6 / 10e9 * start_value + np.where(t2 < MONTHS, 100e6 - 100e6 / 10e9 * at_t2, 0)
    worth = -200e6 + flow @ vendor
    return {
        "drawn": drawn,
        "cash": cash.sum(axis=1),
        "shortfall": shorts.sum(axis=1),
        **{f"short_{year + 1}": (shorts[:, year] > 1).astype(float) for year in range(YEARS)},
        "shortfall_2": shorts[:, 1],
        "released": 200e6 + 100e6 * (t2 < MONTHS) + 100e6 * (t3 < MONTHS),
        "t2": (t2 < MONTHS).astype(float),
        "t3": (t3 < MONTHS).astype(float),
        "vendor_value": worth,
        "vendor_value_with_equity": worth + held * value[:, -1] * vendor[-1],
        "customer_value": 200e6 + (released - cash) @ customer,
        "price_discount": 1 - cash.sum(axis=1) / drawn,
        "effective_discount": 1 - (cash.sum(axis=1) - conceded) / drawn,
        "peak_needed": needed.max(axis=1),
        "short_of_power_at_end": (needed[:, -1] > online[:, -1]).astype(float),
    }


def main():
    rng = np.random.default_rng(20260420)
    chunks, each = (int(sys.argv[1]) if len(sys.argv) > 1 else 40), 5_000
    sums, squares, count = {}, {}, chunks * each
    for _ in range(chunks):
        for name, values in answers(rng, each).items():
            sums[name] = sums.get(name, 0.0) + values.sum()
            squares[name] = squares.get(name, 0.0) + (values * values).sum()
    out = {}
    for name, total in sums.items():
        mean = total / count
        out[name] = {"mean": mean, "error": float(np.sqrt(max(squares[name] / count - mean**2, 0) / count))}
    print(json.dumps({"paths": count, "means": out}, indent=1))


main()
