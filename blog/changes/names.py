"""Writing what entries are filed under: tags, their old names, sources, series; and redirects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select, update

from blog.changes.log import record, record_names
from blog.domain.entry import AliasDraft, Markup, RedirectDraft, SeriesDraft, SourceDraft, TagDraft
from blog.domain.errors import BadTag, NotThere
from blog.domain.tags import slugify
from blog.domain.urls import MAX_URL_LENGTH
from blog.models import Alias, Redirect, Series, Source, Tag, entry_tag
from blog.rendering import to_html

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy.orm import Session

    from blog.domain.entry import Item
    from blog.services import Services


def write_names(session: Session, items: Iterable[Item]) -> tuple[int, list[tuple[str, str]]]:
    """Write tags, old names, sources, series and redirects.

    Return how many were new or different, and for each that cannot be written its name and why.
    """
    changed = 0
    failures: list[tuple[str, str]] = []
    for item in items:
        try:
            changed += _write_name(session, item)
        except BadTag as error:
            failures.append((type(item).__name__.removesuffix("Draft").lower(), error.sentence))
    return changed, failures


def _write_name(session: Session, item: Item) -> bool:
    if isinstance(item, TagDraft):
        return _write_tag(session, item)
    if isinstance(item, AliasDraft):
        return _write_alias(session, item)
    if isinstance(item, SeriesDraft):
        return _write_series(session, item)
    if isinstance(item, SourceDraft):
        return _write_source(session, item)
    return isinstance(item, RedirectDraft) and write_redirect(session, item)


def _write_tag(session: Session, draft: TagDraft) -> bool:
    slug = slugify(draft.slug or draft.name)
    tag = session.scalar(select(Tag).where(Tag.slug == slug))
    if tag is None:
        # A living tag wins over an old name.
        session.execute(delete(Alias).where(Alias.slug == slug))
        html = to_html(draft.description, Markup.MARKDOWN)
        session.add(Tag(slug=slug, name=draft.name, description=draft.description, description_html=html))
        session.flush()
        return True
    if draft.description and not tag.description:
        tag.description = draft.description
        tag.description_html = to_html(draft.description, Markup.MARKDOWN)
        return True
    return False


def _write_alias(session: Session, draft: AliasDraft) -> bool:
    """Note an old name, unless a tag lives under it or it is known; chains are followed to their end."""
    old, target = slugify(draft.old), slugify(draft.tag)
    if old == target or session.scalar(select(Tag.id).where(Tag.slug == old)) is not None:
        return False
    tag_id = session.scalar(select(Tag.id).where(Tag.slug == target))
    if tag_id is None:
        tag_id = session.scalar(select(Alias.tag_id).where(Alias.slug == target))
    if tag_id is None:
        tag_id = tag_ids(session, {target: draft.tag})[target]
    known = session.get(Alias, old)
    if known is not None:
        return False
    session.add(Alias(slug=old, tag_id=tag_id))
    session.flush()
    return True


def _write_series(session: Session, draft: SeriesDraft) -> bool:
    slug = slugify(draft.slug)
    html = to_html(draft.description, Markup.MARKDOWN)
    series = session.scalar(select(Series).where(Series.slug == slug))
    if series is None:
        session.add(Series(slug=slug, title=draft.title, description=draft.description, description_html=html))
        session.flush()
        return True
    if (series.title, series.description) == (draft.title, draft.description):
        return False
    series.title, series.description, series.description_html = draft.title, draft.description, html
    return True


def _write_source(session: Session, draft: SourceDraft) -> bool:
    slug = slugify(draft.slug)
    source = session.scalar(select(Source).where(Source.slug == slug))
    if source is None:
        session.add(Source(slug=slug, name=draft.name, url=draft.url))
        session.flush()
        return True
    if (source.name, source.url) == (draft.name, draft.url or source.url):
        return False
    source.name, source.url = draft.name, draft.url or source.url
    return True


def write_redirect(session: Session, draft: RedirectDraft) -> bool:
    """Note that an address leads elsewhere; the newest word on it counts.

    One longer than any browser sends is left aside: no reader ever comes by it.
    """
    if len(draft.path) > MAX_URL_LENGTH // 2 or len(draft.host) > 255:
        return False
    known = session.scalar(select(Redirect).where(Redirect.host == draft.host, Redirect.path == draft.path))
    if known is None:
        session.add(Redirect(host=draft.host, path=draft.path, target=draft.target))
        session.flush()
        return True
    if known.target == draft.target:
        return False
    known.target = draft.target
    return True


def tag_ids(session: Session, names: Mapping[str, str]) -> dict[str, int]:
    """Return the ids of these tags, by slug; those that are not there yet are made, with their names."""
    found = dict(session.execute(select(Tag.slug, Tag.id).where(Tag.slug.in_(list(names)))).all())
    missing = [slug for slug in names if slug not in found]
    if missing:
        session.execute(delete(Alias).where(Alias.slug.in_(missing)))
        rows = [{"slug": slug, "name": names[slug]} for slug in missing]
        made = session.execute(insert(Tag).returning(Tag.slug, Tag.id), rows)
        found |= dict(made.all())
    return found


def rename_tag(services: Services, slug: str, name: str) -> str:
    """Give a tag a new name, and keep its old slug leading to it; return the new slug.

    Raises:
        NotThere: there is no such tag.
        BadTag: the new name has no letter or digit.
    """
    new = slugify(name)
    with services.sessions.write() as session:
        tag = _tag(session, slug)
        if new != slug and session.scalar(select(Tag.id).where(Tag.slug == new)) is not None:
            return _merge(services, session, tag, _tag(session, new))
        session.execute(delete(Alias).where(Alias.slug == new))
        tag.slug, tag.name = new, name.strip()
        session.flush()
        if new != slug:
            session.add(Alias(slug=slug, tag_id=tag.id))
        record_names(session, services.clock())
    return new


def merge_tags(services: Services, slug: str, into: str) -> str:
    """Put everything of one tag under another; its name and its old names lead there from now on.

    Raises:
        NotThere: one of them is not a tag.
        BadTag: they are one and the same.
    """
    if slug == into:
        raise BadTag(f"“{slug}” cannot be merged into itself.")
    with services.sessions.write() as session:
        return _merge(services, session, _tag(session, slug), _tag(session, into))


def _merge(services: Services, session: Session, tag: Tag, into: Tag) -> str:
    now = services.clock()
    touched = list(session.scalars(select(entry_tag.c.entry_id).where(entry_tag.c.tag_id == tag.id)))
    both = select(entry_tag.c.entry_id).where(entry_tag.c.tag_id == into.id).scalar_subquery()
    session.execute(delete(entry_tag).where(entry_tag.c.tag_id == tag.id, entry_tag.c.entry_id.in_(both)))
    session.execute(update(entry_tag).where(entry_tag.c.tag_id == tag.id).values(tag_id=into.id))
    session.execute(update(Alias).where(Alias.tag_id == tag.id).values(tag_id=into.id))
    slug, target = tag.slug, into.slug
    session.delete(tag)
    session.flush()
    session.add(Alias(slug=slug, tag_id=into.id))
    record_names(session, now)
    record(session, "updated", touched, now)
    return target


def _tag(session: Session, slug: str) -> Tag:
    tag = session.scalar(select(Tag).where(Tag.slug == slug))
    if tag is None:
        raise NotThere(f"There is no tag “{slug}”.")
    return tag
