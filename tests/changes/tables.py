"""Whole tables, to be compared before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select

from blog.models import Alias, Base, Implication, Tag, entry_tag

if TYPE_CHECKING:
    from conftest import Blog

# In the order in which their rows can be written.
_NAMES = ("tag", "alias", "implication", "source", "entry", "entry_tag")
_TABLES = {name: Base.metadata.tables[name] for name in _NAMES}


def tables(blog: Blog) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table that an author's operation may change, in the order of their keys."""
    with blog.services.sessions.read() as session:
        return {
            name: [tuple(row) for row in session.execute(select(table).order_by(*table.primary_key))]
            for name, table in _TABLES.items()
        }


def put_tables_back(blog: Blog, rows: dict[str, list[tuple[Any, ...]]]) -> None:
    """Make the tables hold these rows again, and no others."""
    with blog.services.sessions.write() as session:
        for table in reversed(_TABLES.values()):
            session.execute(delete(table))
        for name, table in _TABLES.items():
            if rows[name]:
                values = [dict(zip(table.columns.keys(), row, strict=True)) for row in rows[name]]
                session.execute(insert(table), values)


def tagged(blog: Blog) -> dict[str, set[int]]:
    """The entries by the slugs of their tags, whatever their status."""
    statement = select(Tag.slug, entry_tag.c.entry_id).join(entry_tag, Tag.id == entry_tag.c.tag_id)
    found: dict[str, set[int]] = {}
    with blog.services.sessions.read() as session:
        for slug, entry in session.execute(statement):
            found.setdefault(slug, set()).add(entry)
    return found


def aliases(blog: Blog) -> dict[str, str]:
    """The old names with the tags they lead to."""
    with blog.services.sessions.read() as session:
        return dict(iter(session.execute(select(Alias.slug, Tag.slug).join(Tag, Tag.id == Alias.tag_id))))


def implications(blog: Blog) -> set[tuple[str, str]]:
    """What implies what, by slugs."""
    with blog.services.sessions.read() as session:
        slugs = dict(iter(session.execute(select(Tag.id, Tag.slug))))
        pairs = session.execute(select(Implication.tag_id, Implication.implied_id))
        return {(slugs[one], slugs[other]) for one, other in pairs}
