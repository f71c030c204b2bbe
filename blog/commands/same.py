"""``crosstag same`` and ``crosstag conflicts``: what several sources say of one link or field."""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING, Final

import click

from blog.changes.conflicts import keep_mine, take_theirs
from blog.changes.making_one import MakeOne
from blog.changes.plans import carry_out
from blog.changes.taking_apart import take_apart
from blog.commands.console import out
from blog.config import load
from blog.queries.conflicts import all_open_ids, open_conflicts
from blog.queries.same import also_in, same_as, same_groups
from blog.services import open_services

if TYPE_CHECKING:
    from pathlib import Path

    from blog.queries.same import Group

_MOST: Final = 50


@click.group("same", invoke_without_command=True)
@click.pass_context
def same(context: click.Context) -> None:
    """List entries of several sources that are the same link, make them one, or take them apart."""
    if context.invoked_subcommand is None:
        _list(context.obj)


def _list(data: Path) -> None:
    with closing(open_services(load(data, os.environ))) as services:
        groups = same_groups(services)
    if not groups:
        out.print("No two sources have the same link as entries of their own.")
    for group in groups[:_MOST]:
        _print_group(group)
    if len(groups) > _MOST:
        out.print(f"… and {len(groups) - _MOST:,} more.")


def _print_group(group: Group) -> None:
    out.print(group.url, markup=False, soft_wrap=True)
    for one in group.entries:
        source = f"from {one.source}" if one.source else "your own"
        out.print(f"  {one.id}  {one.name} ({source}, {one.published:%Y-%m-%d})", markup=False, soft_wrap=True)


@same.command()
@click.argument("number", type=int, required=False)
@click.option("--all", "make_all", is_flag=True, help="Make one of every group.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def join(data: Path, number: int | None, make_all: bool, yes: bool) -> None:
    """Make one of the entry NUMBER and the others that are the same link."""
    if (number is None) == (not make_all):
        raise click.UsageError("Give the number of an entry, or --all.")
    with closing(open_services(load(data, os.environ))) as services:
        groups = same_groups(services) if number is None else [same_as(services, number)]
        for group in groups[:_MOST]:
            _print_group(group)
        count = sum(len(group.entries) for group in groups)
        if not yes:
            click.confirm(f"Make {len(groups):,} of these {count:,} entries?", abort=True)
        done = carry_out(services, MakeOne(services, tuple(group.ids for group in groups)))
        out.print(f"{done.summary}: done. It can be undone at /admin/history/.")


@same.command()
@click.argument("number", type=int)
@click.option("--item", type=int, help="Only this item of it, by the number shown.")
@click.pass_obj
def apart(data: Path, number: int, item: int | None) -> None:
    """Take the entry NUMBER apart: each item of another source becomes an entry of its own."""
    with closing(open_services(load(data, os.environ))) as services:
        items = [one for one in also_in(services, number) if item in (None, one.id)]
        for one in items:
            made = take_apart(services, one.id, entry_id=number)
            out.print(
                f"{one.source or 'Your own'}: {one.title} is entry {made} now.", markup=False, soft_wrap=True
            )
    if not items:
        out.print("It is in no other source.")


@click.group("conflicts", invoke_without_command=True)
@click.pass_context
def conflicts(context: click.Context) -> None:
    """List what sources say of fields that you have changed, and settle it."""
    if context.invoked_subcommand is None:
        _list_conflicts(context.obj)


def _list_conflicts(data: Path) -> None:
    with closing(open_services(load(data, os.environ))) as services:
        found = open_conflicts(services)
    if not found.total:
        out.print("No source says something else than you.")
    for one in found.conflicts:
        out.print(f"{one.id}  {one.name}: {one.field}", markup=False, soft_wrap=True)
        out.print(f"    yours:  {_short(one.mine)}", markup=False, soft_wrap=True)
        out.print(f"    {one.source or 'theirs'}:  {_short(one.theirs)}", markup=False, soft_wrap=True)
    if found.total > len(found.conflicts):
        out.print(f"… and {found.total - len(found.conflicts):,} more.")


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 200 else f"{flat[:200]} …"


@conflicts.command()
@click.argument("numbers", type=int, nargs=-1)
@click.option("--all", "settle_all", is_flag=True, help="All that are open.")
@click.option("--mine", "how", flag_value="mine", help="Keep what you have.")
@click.option("--theirs", "how", flag_value="theirs", help="Take what the source says.")
@click.pass_obj
def settle(data: Path, numbers: tuple[int, ...], settle_all: bool, how: str | None) -> None:
    """Settle the conflicts NUMBERS, as "crosstag conflicts" lists them."""
    if how is None or settle_all == bool(numbers):
        raise click.UsageError("Say which conflicts, or --all, and --mine or --theirs.")
    with closing(open_services(load(data, os.environ))) as services:
        ids = all_open_ids(services) if settle_all else numbers
        count = keep_mine(services, ids) if how == "mine" else take_theirs(services, ids)
        out.print(f"{count:,} settled.")
