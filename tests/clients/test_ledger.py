"""The books of a deal's parties as other programs read them: hledger and beancount accept what is exported, and refuse
it once a figure is changed by 10⁻¹²."""

import shutil
import subprocess
import sys

import pytest
from conftest import BINARY

DEAL = """schema = "offtake.contract/1"
id = "lab-cloud"
version = 1
known_from = 2026-01-01
effective = { from = 2026-01-01, to = 2029-01-01 }
currency = "USD"
[[party]]
id = "cloud"
roles = ["vendor", "investor"]
[[party]]
id = "lab"
roles = ["customer", "issuer"]
[[tranche]]
id = "T1"
amount = "50"
when = "at_signing"
[[commitment]]
id = "compute"
schedule = [{ y = 1, min = "100" }, { y = 2, min = "100" }, { y = 3, min = "100" }]
shortfall = { settle = "pay", becomes = "credit", share = "0.5" }
discounts = [{ upto_year_min = true, rate = "0.2" }, { above = true, rate = "0.25" }]
"""
SPEND = '{"metric":"list_spend","value":"%s","unit":"USD","effective_at":"%s","recorded_at":"%s","source":"bill"%s}'
FACTS = [
    '{"funded":"T1","amount":"50","recorded_at":"2026-01-02"}',
    SPEND % ("100", "2026-06-01", "2026-06-02", ',"id":"june"'),
    SPEND % ("110.000000000001", "2026-06-01", "2027-03-09", ',"replaces":"june"'),
    SPEND % ("165.000000000007", "2027-06-01", "2027-06-02", ""),
    SPEND % ("10", "2028-02-01", "2028-02-02", ""),
]
CHECKS = {
    "hledger": ["hledger", "check", "--strict", "-f"],
    "beancount": [sys.executable, "-m", "beancount.scripts.check"],
}


@pytest.fixture(scope="module")
def deal(tmp_path_factory):
    folder = tmp_path_factory.mktemp("deal")
    (folder / "deal.toml").write_text(DEAL)
    (folder / "facts.jsonl").write_text("\n".join(FACTS))
    return folder


@pytest.mark.parametrize("program", CHECKS)
def test_exported_books_are_accepted_and_a_changed_figure_is_not(deal, program):
    command = CHECKS[program]
    if not shutil.which(command[0]):
        pytest.skip(f"there is no {command[0]}")
    moments = [word for day in ("2027-02-15", "2028-03-01") for word in ("--known-at", day)]
    options = ["--facts", "facts.jsonl", "--as-of", "2028-03-01", *moments, "--format", program]
    done = subprocess.run(
        [BINARY, "deal", "ledger", "deal.toml", *options], cwd=deal, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    for changed in (False, True):
        text = done.stdout.replace("50.000000000000", "50.000000000001", 1) if changed else done.stdout
        (deal / f"books.{program}").write_text(text)
        checked = subprocess.run(
            [*command, f"books.{program}"], cwd=deal, capture_output=True, text=True, timeout=60
        )
        assert (checked.returncode != 0) == changed, checked.stdout + checked.stderr
