"""``crosstag rule``, as it is typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from conftest import draft

from blog.changes.entries import save_entry
from blog.cli import cli
from blog.config import load
from blog.domain.errors import CrosstagError
from blog.services import open_services

if TYPE_CHECKING:
    from pathlib import Path


def typed(data: Path, *words: str) -> str:
    result = CliRunner().invoke(cli, ["--data", str(data), "rule", *words])
    if isinstance(result.exception, CrosstagError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def test_rules_are_written_tried_applied_and_told_of(tmp_path: Path) -> None:
    services = open_services(load(tmp_path, {}))
    save_entry(services, draft("Postgres", "js", source="feed"))
    services.close()
    assert typed(tmp_path, "list") == "There are no rules yet.\n"
    line = 'title contains "postgres" -> tag postgresql, hide'
    checked = typed(tmp_path, "check", line)
    assert "changes 1 of the 1 entries" in checked
    assert "This hides one entry; what was public is so no more." in checked
    assert typed(tmp_path, "add", line).startswith('Rule 1: title contains "postgres" → tag postgresql, hide\n')
    typed(tmp_path, "add", "js -> javascript", "--source", "feed")
    assert typed(tmp_path, "list") == (
        "Feed\n    2  js → javascript\n"
        'For all sources\n    1  title contains "postgres" → tag postgresql, hide\n'
    )
    assert "gained: javascript 1\n  lost: js 1\n" in typed(tmp_path, "preview", "2")
    assert typed(tmp_path, "apply", "--yes").endswith("Apply 2 rules to one entry: done.\n")
    assert typed(tmp_path, "apply").endswith("No entry would change.\n")
    told = typed(tmp_path, "why", "1")
    assert "javascript: by the rule “js → javascript” (rule 2), " in told
    assert typed(tmp_path, "remove", "2") == "Deleted: js → javascript\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("add", "drop"), "At character 5 the line ends. Expected here: the name of a tag."),
        (("add", "drop a", "--source", "nowhere"), "There is no source “nowhere”."),
        (("preview", "9"), "There is no rule number 9."),
        (("remove", "9"), "There is no rule number 9."),
        (("why", "9"), "There is no entry number 9."),
    ],
)
def test_what_cannot_be_done_is_said(tmp_path: Path, words: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(CrosstagError) as raised:
        typed(tmp_path, *words)
    assert raised.value.sentence == sentence
