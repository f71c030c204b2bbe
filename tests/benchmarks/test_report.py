"""What was measured is shown as it is: sizes beside each other, growth between them, limits marked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from benchmarks.__main__ import RUNS
from benchmarks.measuring import REQUESTS, Measured, measure, summed_up
from benchmarks.report import README, Machine, as_json, as_markdown, figure, publish

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.report import Table

MACHINE = Machine("abc1234", "2026-11-25", "a processor", 2, 24, "Linux", "3.11", "3.40")


def one(median: float, name: str = "one tag", **values: object) -> Measured:
    given = {"unit": "ms", "p95": median * 2, "count": REQUESTS} | values
    return Measured(name=name, median=median, **given)  # type: ignore[arg-type]  # the callers name its fields


def rows(table: Table) -> list[str]:
    return [
        line
        for line in as_markdown(MACHINE, {"browse": table}, {"browse": "Words."}).split("\n")
        if "|" in line
    ]


def test_growth_stands_between_the_sizes_and_the_real_blog_by_itself() -> None:
    table = {"real": [one(1)], "10k": [one(1.5)], "100k": [one(3)], "1m": [one(45)]}
    assert rows(table) == [
        "| | unit | real | 10k | 100k | 10k → 100k | 1m | 100k → 1m |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
        "| one tag | ms | 1.00 / 2.00 | 1.50 / 3.00 | 3.00 / 6.00 | × 2.00 | 45.0 / 90.0 | × 15.0 |",
    ]


def test_a_limit_is_marked_and_what_was_not_measured_is_empty() -> None:
    table = {"10k": [one(1), one(0.5, "SQLite", is_limit=True)], "100k": [one(2)]}
    assert rows(table)[2:] == [
        "| one tag | ms | 1.00 / 2.00 | 2.00 / 4.00 | × 2.00 |",
        "| *SQLite* | ms | 0.500 / 1.00 |  |  |",
    ]


def test_what_is_not_installed_is_said() -> None:
    table = {"10k": [one(0, "nginx", unit="", p95=None, note="not measured: nginx is not installed")]}
    shown = as_markdown(MACHINE, {"served": table}, {"served": "Words."})
    assert "| nginx |  |  |" in shown
    assert "- 10k, nginx: not measured: nginx is not installed" in shown


def test_a_run_that_measured_nothing_has_no_table() -> None:
    assert "Import" not in as_markdown(MACHINE, {"import": {"10k": []}}, {"import": "Words."})


@pytest.mark.parametrize(
    ("measured", "shown"),
    [
        (one(0.00412, p95=None, count=1), "0.004"),
        (one(2.834), "2.83 / 5.67"),
        (one(28.34, count=8), "28.3 / 56.7 (8)"),
        (one(25_302.4, p95=None), "25,302"),
        (one(0, p95=None), "0"),
    ],
)
def test_figures_have_three_digits_that_count(measured: Measured, shown: str) -> None:
    assert figure(measured) == shown


def test_tables_replace_those_between_the_marks_and_nothing_else(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(README.read_text(encoding="utf-8"), encoding="utf-8")
    before, _, rest = README.read_text(encoding="utf-8").partition("<!-- figures")
    for text in ("First.", "Second."):
        publish(text, readme)
    after = readme.read_text(encoding="utf-8")
    assert after.startswith(before)
    assert "Second." in after
    assert "First." not in after
    assert after.endswith(rest.partition("<!-- end of figures -->")[2])


def test_the_machine_is_told_in_json_too() -> None:
    said = json.loads(as_json(Machine.this(), {"browse": {"10k": [one(1)]}}))
    assert said["machine"]["cores"] > 0
    assert said["measured"]["browse"]["10k"][0]["name"] == "one tag"


def test_the_readme_of_the_benchmarks_has_both_marks() -> None:
    text = README.read_text(encoding="utf-8")
    assert text.count("<!-- figures") == text.count("<!-- end of figures -->") == 1


@pytest.mark.parametrize("run", RUNS)
def test_every_run_says_what_it_measures(run: str) -> None:
    assert RUNS[run].__doc__


def test_every_request_is_made_once_to_warm_up_and_then_some_times() -> None:
    asked: list[int] = []
    measured = measure("numbers", [lambda at=at: asked.append(at) for at in range(3)], repeats=2)  # type: ignore[misc]  # mypy cannot infer a lambda with a default
    assert asked == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert measured.count == 3


def test_the_middle_and_the_slowest_of_twenty_are_given() -> None:
    measured = summed_up("numbers", "ms", [float(value) for value in range(100, 0, -1)])
    assert (measured.median, measured.p95, measured.count) == (50.5, 96.0, 100)
