"""``crosstag rule``: what becomes of items that are like this or that, and why an entry has its tags."""

from __future__ import annotations

import os
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import click
from rich.markup import escape

from blog.changes.plans import carry_out
from blog.changes.rulebook import StoredRule
from blog.changes.rules import add_rule, delete_rule
from blog.changes.rules_applied import ApplyRules, preview_line, preview_rules
from blog.commands.console import out, progress
from blog.config import load
from blog.domain.errors import NotThere
from blog.domain.rule_grammar import parse_rule
from blog.queries.rules import rules_by_place
from blog.queries.sources import sources
from blog.queries.tag_reasons import tag_reasons
from blog.services import open_services

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from blog.changes.rules_applied import RulesPreview
    from blog.services import Services


@click.group("rule")
def rule() -> None:
    """Say what becomes of items that are like this or that, one line a rule.

    As in: title contains "postgres" and domain is github.com -> tag postgresql, publish
    """


@contextmanager
def _opened(data: Path) -> Iterator[Services]:
    with closing(open_services(load(data, os.environ))) as services:
        yield services


@rule.command("list")
@click.pass_obj
def list_(data: Path) -> None:
    """List the rules in the order in which they are applied."""
    with _opened(data) as services:
        places = rules_by_place(services)
    for place in places:
        out.print(f"[bold]{escape(place.name) or 'For all sources'}[/bold]")
        for one in place.rules:
            paused = "" if one.enabled else "  (paused)"
            out.print(f"  {one.id:>3}  {one.line}{paused}", markup=False, soft_wrap=True)
    if not places:
        out.print("There are no rules yet.")


@rule.command()
@click.argument("line", nargs=-1, required=True)
@click.option("--source", metavar="SLUG", help="For the items of this source only.")
@click.pass_obj
def add(data: Path, line: tuple[str, ...], source: str | None) -> None:
    """Add the rule LINE; it is for what comes in from now on.

    Put it in single quotes, because it has signs in it that shells have a use for.
    """
    with _opened(data) as services:
        number = add_rule(services, _line(line), _source_id(services, source))
    out.print(f"Rule {number}: {parse_rule(_line(line))}", markup=False, soft_wrap=True)
    out.print(f"What it would do to the entries there are: crosstag rule preview {number}")


@rule.command()
@click.argument("line", nargs=-1, required=True)
@click.option("--source", metavar="SLUG", help="As a rule of this source.")
@click.pass_obj
def check(data: Path, line: tuple[str, ...], source: str | None) -> None:
    """Say how the rule LINE is understood and what it would do, and keep nothing."""
    parsed = parse_rule(_line(line))
    with _opened(data) as services:
        _source_id(services, source)
        _print(preview_line(services, StoredRule(0, source, parsed)))


def _line(words: tuple[str, ...]) -> str:
    return " ".join(words)


def _source_id(services: Services, slug: str | None) -> int | None:
    if slug is None:
        return None
    for one in sources(services):
        if one.slug == slug:
            return one.id
    raise NotThere(f"There is no source “{slug}”.")


@rule.command()
@click.argument("numbers", nargs=-1, type=int)
@click.pass_obj
def preview(data: Path, numbers: tuple[int, ...]) -> None:
    """Show what the rules NUMBERS would do to the entries there are; without any, all in force."""
    with _opened(data) as services:
        _print(preview_rules(services, numbers))


def _print(shown: RulesPreview) -> None:
    for one in shown.rules:
        out.print(one.line, markup=False, soft_wrap=True, style="bold")
        out.print(f"  changes {one.changed:,} of the {one.matched:,} entries that it applies to")
        for label, tags in (("gained", one.gained), ("lost", one.lost)):
            if tags:
                said = ", ".join(f"{name} {count:,}" for name, count in tags)
                out.print(f"  {label}: {said}", markup=False, soft_wrap=True)
        for words in one.done:
            out.print(f"  {words}", markup=False)
        for entry in one.first:
            out.print(f"    {entry.id}  {entry.name}", markup=False)
        if one.changed > len(one.first):
            out.print(f"    and {one.changed - len(one.first):,} more")
    if not shown.rules:
        out.print("There are no rules in force.")
    elif shown.whole is None:
        out.print("No entry would change.")
    else:
        out.print(f"Together: {shown.whole.count:,} entries change.")
        for note in shown.whole.notes:
            out.print(note, markup=False, soft_wrap=True)


@rule.command()
@click.argument("numbers", nargs=-1, type=int)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def apply(data: Path, numbers: tuple[int, ...], yes: bool) -> None:
    """Apply the rules NUMBERS to the entries there are; without any, all in force.

    It can be undone for 30 days, in the browser under “What was done”.
    """
    with _opened(data) as services:
        shown = preview_rules(services, numbers)
        _print(shown)
        if shown.whole is None:
            return
        if not yes:
            click.confirm(f"{shown.whole.summary}?", abort=True)
        done = carry_out(services, ApplyRules(numbers))
        with progress("Indexing", None) as advance:
            services.search.catch_up(advance)
        out.print(f"{done.summary}: done.", markup=False, soft_wrap=True)


@rule.command()
@click.argument("number", type=int)
@click.pass_obj
def remove(data: Path, number: int) -> None:
    """Delete the rule NUMBER; what it has made of entries stays."""
    with _opened(data) as services:
        line = delete_rule(services, number)
    out.print(f"Deleted: {line}", markup=False, soft_wrap=True)


@rule.command()
@click.argument("entry", type=int)
@click.pass_obj
def why(data: Path, entry: int) -> None:
    """Say why the entry number ENTRY has each of its tags."""
    with _opened(data) as services:
        found = tag_reasons(services, entry)
    for tag in found:
        for reason in tag.reasons:
            when = f", {reason.at:%Y-%m-%d}" if reason.at else ""
            number = f" (rule {reason.rule_id})" if reason.rule_id else ""
            out.print(f"{tag.name}: {reason.words}{number}{when}", markup=False, soft_wrap=True)
    if not found:
        out.print("It has no tags.")
