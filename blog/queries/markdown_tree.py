"""The blog as a tree of Markdown files: what each of them says, from one snapshot."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from blog.domain.entry import Draft, Kind, Markup, Status
from blog.domain.errors import BadTag
from blog.domain.pictures import PictureName
from blog.domain.tags import slugify
from blog.export.folder import Folder
from blog.export.markdown import (
    MEDIA,
    SIDECAR,
    entry_file,
    entry_path,
    page_file,
    page_path,
    sidecar_file,
)
from blog.models import Alias, Entry, Media, Redirect, Series, Source, StaticPage, Tag, entry_tag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import Row
    from sqlalchemy.orm import Session

    from blog.export.folder import Written
    from blog.services import Services

_BATCH: Final = 500
_SAME: Final = (
    *("external_id", "published", "title", "slug", "body", "url", "via_url", "via_title", "citation"),
    *("context", "image_url", "image_alt", "series_order", "updated"),
)
_ENTRIES: Final = (
    select(
        *(Entry.id, Entry.day, Entry.atom_id, Entry.kind, Entry.status, Entry.markup),
        *(getattr(Entry, name) for name in _SAME),
        Source.slug.label("source"),
        Series.slug.label("series"),
    )
    .outerjoin(Source, Source.id == Entry.source_id)
    .outerjoin(Series, Series.id == Entry.series_id)
    .order_by(Entry.id)
)


def write_markdown(
    services: Services, folder: Path, on_progress: Callable[[int], None] | None = None
) -> Written:
    """Write the tree into a directory, which may hold an earlier one; ``on_progress`` is told of entries.

    Raises:
        CannotWrite: something in the directory is in the way.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tree = Folder(folder)
    with services.sessions.read() as session:
        if said := sidecar_file(_sidecar(session)):
            tree.write(SIDECAR, said)
        for page in session.scalars(select(StaticPage).order_by(StaticPage.id)):
            text = page_file(page.slug, page.title, page.body, page.updated, in_menu=page.in_menu)
            tree.write(page_path(page.slug, page.id), text)
        _write_entries(session, tree, on_progress)
        _write_pictures(session, tree, services.settings.media_dir)
    return tree.finish()


def _write_entries(session: Session, tree: Folder, on_progress: Callable[[int], None] | None) -> None:
    names = {row.id: _name(row.slug, row.name) for row in session.execute(select(Tag.id, Tag.slug, Tag.name))}
    for row, tags in _with_tags(session):
        draft = _draft(row, [names[tag] for tag in tags])
        tree.write(entry_path(row.day, row.slug, row.id), entry_file(draft, row.atom_id, row.id))
        if on_progress:
            on_progress(1)


def _name(slug: str, name: str) -> str:
    """The name of a tag, or its slug where the name would be read as another tag."""
    try:
        return name if slugify(name) == slug else slug
    except BadTag:
        return slug


def _with_tags(session: Session) -> Iterator[tuple[Row[Any], list[int]]]:
    """Each entry with the ids of its tags: two ordered scans, side by side."""
    pairs = select(entry_tag).order_by(entry_tag.c.entry_id, entry_tag.c.tag_id)
    grouped = groupby(session.execute(pairs.execution_options(yield_per=_BATCH)), lambda pair: pair.entry_id)
    entry, tags = next(grouped, (0, iter(())))
    for row in session.execute(_ENTRIES.execution_options(yield_per=_BATCH)):
        if entry == row.id:
            yield row, [pair.tag_id for pair in tags]
            entry, tags = next(grouped, (0, iter(())))
        else:
            yield row, []


def _draft(row: Row[Any], tags: list[str]) -> Draft:
    said = row._asdict()
    return Draft(
        kind=Kind(row.kind),
        status=Status(row.status),
        markup=Markup(row.markup),
        tags=tuple(sorted(tags)),
        source=row.source or "",
        series=row.series or "",
        **{name: said[name] for name in _SAME},
    )


def _write_pictures(session: Session, tree: Folder, folder: Path) -> None:
    for text in session.scalars(select(Media.name).order_by(Media.id)):
        name = PictureName.parse(text)
        for one in filter(None, (name, name and name.small)):
            if (folder / str(one)).is_file():
                tree.write(f"{MEDIA}/{one}", (folder / str(one)).read_bytes())


def _sidecar(session: Session) -> dict[str, dict[str, Any]]:
    """The sections of ``_blog.yaml``, in the words of ``importers/blog_yaml.py``."""
    tags = session.scalars(select(Tag).order_by(Tag.id))
    aliases = session.execute(select(Alias.slug, Tag.slug).join(Tag, Tag.id == Alias.tag_id)).all()
    series = session.scalars(select(Series).order_by(Series.id))
    sources = session.scalars(select(Source).order_by(Source.id))
    redirects = session.scalars(select(Redirect).order_by(Redirect.id))
    return {
        "tags": {one.slug: _said(name=one.name, description=one.description) for one in tags},
        "aliases": dict(sorted((old, slug) for old, slug in aliases)),
        "series": {one.slug: _said(title=one.title, description=one.description) for one in series},
        "sources": {one.slug: _said(name=one.name, url=one.url) for one in sources},
        "redirects": {_address(one): one.target for one in redirects},
    }


def _said(**values: str) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}


def _address(redirect: Redirect) -> str:
    return f"https://{redirect.host}{redirect.path}" if redirect.host else redirect.path
