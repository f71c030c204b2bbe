"""``crosstag user``: the authors, on the command line."""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING

import click
from rich.table import Table

from blog.changes.users import create_user, set_password
from blog.commands.console import out
from blog.config import load
from blog.queries.users import users
from blog.services import open_services

if TYPE_CHECKING:
    from pathlib import Path


@click.group()
def user() -> None:
    """Add authors, list them, and set their passwords."""


_PASSWORD = click.password_option(
    envvar="CROSSTAG_USER_PASSWORD", help="Asked for, unless it is given here or as CROSSTAG_USER_PASSWORD."
)


@user.command()
@click.argument("name")
@_PASSWORD
@click.pass_obj
def add(data: Path, name: str, password: str) -> None:
    """Add an author called NAME."""
    with closing(open_services(load(data, os.environ))) as services:
        create_user(services, name, password)
    out.print(f"{name} may write now. They sign in at /admin/.", markup=False)


@user.command("password")
@click.argument("name")
@_PASSWORD
@click.pass_obj
def password_(data: Path, name: str, password: str) -> None:
    """Give NAME a new password, sign all their browsers out, and revoke their tokens."""
    with closing(open_services(load(data, os.environ))) as services:
        revoked = set_password(services, name, password)
    ended = f" Tokens revoked: {revoked}." if revoked else ""
    out.print(f"{name} has a new password, and is signed out everywhere.{ended}", markup=False)


@user.command("list")
@click.pass_obj
def list_(data: Path) -> None:
    """List the authors."""
    with closing(open_services(load(data, os.environ))) as services:
        found = users(services)
    if not found:
        out.print("There are no authors yet. Add one with: crosstag user add NAME")
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("name", "since", "last seen"):
        table.add_column(heading)
    for one in found:
        seen = f"{one.last_seen:%Y-%m-%d %H:%M}" if one.last_seen else "not signed in"
        table.add_row(one.name, f"{one.created:%Y-%m-%d}", seen)
    out.print(table)
