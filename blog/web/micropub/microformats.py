"""Between the properties of an h-entry and an entry of the blog: the one module that knows both.

What a post is, its properties say: with ``bookmark-of``, ``in-reply-to``, ``like-of`` or ``repost-of`` it
is a link, with ``quotation-of`` a quotation, with a name an article, and otherwise a note. Properties
that the blog has no place for are left aside, as section 3.3 of Micropub wants it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from markupsafe import Markup as Html
from markupsafe import escape

from blog.domain.entry import Draft, Kind, Markup, Status
from blog.domain.errors import BadTag
from blog.domain.pictures import picture_address
from blog.domain.tags import slugify
from blog.domain.urls import bare_host, web_url
from blog.rendering import clean_text
from blog.web.api.fields import published_now
from blog.web.micropub.requests import BadRequest, Change, Properties

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from zoneinfo import ZoneInfo

    from blog.queries.whole import WholeEntry

# What a link without a name of its own is called, by the property that makes it one.
POINTING: Final = {
    "bookmark-of": "{}",
    "in-reply-to": "In reply to {}",
    "like-of": "Liked {}",
    "repost-of": "Shared {}",
}
QUOTING: Final = "quotation-of"
VISIBILITIES: Final = {"public": Status.PUBLISHED, "private": Status.HIDDEN}
_STATUSES: Final = {"published": Status.PUBLISHED, "draft": Status.DRAFT}
SAYS_STATUS: Final = {"post-status", "visibility"}
_MOST_TAGS: Final = 100
_MOST_BODY: Final = 500_000


def first(properties: Mapping[str, list[Any]], name: str) -> Any:
    """Return the first value of a property, None where it has none."""
    values = properties.get(name)
    return values[0] if values else None


def text_of(value: Any) -> str:
    """Return what a value says as one string: itself, or the ``value`` or the name of an object."""
    if isinstance(value, dict):
        value = value.get("value") or _inner(value, "name")
    return clean_text(str(value)) if isinstance(value, str | int | float) else ""


def _inner(value: Mapping[str, Any], name: str) -> Any:
    """The first value of a property of an object in the place of a value; None where it has none."""
    properties = value.get("properties")
    values = properties.get(name) if isinstance(properties, dict) else None
    return values[0] if isinstance(values, list) and values else None


def address_of(value: Any, read: Callable[[str], str] = web_url) -> str:
    """Return the address that a value is, or that an object in its place has (such as an h-cite).

    Raises:
        BadRequest: it is none of the web.
    """
    said = (_inner(value, "url") or value.get("value")) if isinstance(value, dict) else value
    address = read(said) if isinstance(said, str) else ""
    if not address:
        raise BadRequest(f"“{str(said)[:100]}” is not an http or https address.")
    return address


def draft_of(properties: Properties, now: datetime, zone: ZoneInfo, external_id: str) -> Draft:
    """Return the draft that a new post makes.

    Raises:
        BadRequest: a value that cannot be understood.
    """
    bare = Draft(kind=Kind.NOTE, external_id=external_id, published=now, markup=Markup.TEXT)
    return _written(bare, properties, set(properties), zone)


def changed(before: WholeEntry, change: Change, now: datetime, zone: ZoneInfo) -> Draft:
    """Return an entry as an update makes it.

    Raises:
        BadRequest: a value that cannot be understood.
    """
    properties = _after(properties_of(before, ""), change)
    draft = _written(before.draft, properties, change.names, zone)
    return draft if "published" in change.names else published_now(before.draft, draft, now)


def _after(properties: Properties, change: Change) -> Properties:
    """Apply an update to properties (section 3.4): replaced, then added to, then taken from."""
    after = {name: list(values) for name, values in properties.items()} | change.replace
    for name, values in change.add.items():
        kept = after.get(name, [])
        after[name] = kept + [value for value in values if value not in kept]
    for name, values in change.delete.items():
        gone = {_key(name, value) for value in values}
        after[name] = [value for value in after.get(name, []) if _key(name, value) not in gone]
    return {name: values for name, values in after.items() if values and name not in change.delete_whole}


def _key(name: str, value: Any) -> str:
    """By what a value to be deleted is found: a tag by its slug, an object by its ``value``."""
    said = text_of(value)
    if name != "category":
        return said
    try:
        return slugify(said)
    except BadTag:
        return said


def _written(draft: Draft, properties: Properties, touched: set[str], zone: ZoneInfo) -> Draft:
    for names, write in _WRITERS:
        if touched.intersection(names):
            draft = write(draft, properties)
    if "published" in touched and properties.get("published"):
        draft = replace(draft, published=_moment(first(properties, "published"), zone))
    return draft


def _with_name(draft: Draft, properties: Properties) -> Draft:
    title = text_of(first(properties, "name"))
    kind = draft.kind
    if kind in (Kind.NOTE, Kind.ARTICLE):
        kind = Kind.ARTICLE if title else Kind.NOTE
    return replace(draft, title=title, kind=kind)


def _with_content(draft: Draft, properties: Properties) -> Draft:
    value = first(properties, "content")
    if value is None:
        value = first(properties, "summary") or ""
    body, markup = text_of(value), draft.markup
    if markup is Markup.HTML:
        markup = Markup.TEXT
    if isinstance(value, dict):
        for name, written in (("html", Markup.HTML), ("markdown", Markup.MARKDOWN)):
            if isinstance(value.get(name), str):
                body, markup = clean_text(value[name]), written
    if len(body) > _MOST_BODY:
        raise BadRequest(f"The content has {len(body):,} characters; {_MOST_BODY:,} are the most.")
    return replace(draft, body=body, markup=markup)


def _with_target(draft: Draft, properties: Properties) -> Draft:
    """What the post points to, and so what it is."""
    pointing = next((name for name in POINTING if properties.get(name)), "")
    if properties.get(QUOTING):
        return _quoting(draft, first(properties, QUOTING))
    if not pointing:
        kind = Kind.ARTICLE if draft.title else Kind.NOTE
        return replace(draft, kind=kind, url="") if draft.kind in (Kind.LINK, Kind.QUOTATION) else draft
    target = first(properties, pointing)
    address = address_of(target)
    called = text_of(target) if isinstance(target, dict) else ""
    title = draft.title or POINTING[pointing].format(called or spoken_address(address))
    return replace(draft, kind=Kind.LINK, url=address, title=title)


def _quoting(draft: Draft, source: Any) -> Draft:
    address = address_of(source)
    author = text_of(_inner(source, "author")) if isinstance(source, dict) else ""
    citation = author or draft.citation or draft.title or spoken_address(address)
    return replace(draft, kind=Kind.QUOTATION, url=address, citation=citation)


def spoken_address(address: str) -> str:
    """Return an address as people say it: without its scheme, and what follows the path."""
    parts = urlsplit(address)
    return f"{bare_host(parts.hostname or '')}{parts.path}".rstrip("/")


def _with_tags(draft: Draft, properties: Properties) -> Draft:
    names = [text_of(value).strip() for value in properties.get("category", [])]
    names = [name for name in names if name]
    if len(names) > _MOST_TAGS:
        raise BadRequest(f"They are {len(names)} categories; {_MOST_TAGS} are the most.")
    for name in names:
        try:
            slugify(name)
        except BadTag as error:
            raise BadRequest(error.sentence) from None
    return replace(draft, tags=tuple(names))


def _with_photos(draft: Draft, properties: Properties) -> Draft:
    alts = dict(enumerate(map(text_of, properties.get("mp-photo-alt", []))))
    photos = [_photo(value, alts.get(at, "")) for at, value in enumerate(properties.get("photo", []))]
    if not photos:
        return replace(draft, image_url="", image_alt="")
    (url, alt), *others = photos
    draft = replace(draft, image_url=url, image_alt=alt)
    return _with_more_photos(draft, others) if others else draft


def _with_more_photos(draft: Draft, photos: list[tuple[str, str]]) -> Draft:
    """An entry has one picture of its own; the others go into its text."""
    shown = [Html('<p><img src="{}" alt="{}"></p>').format(url, alt) for url, alt in photos]
    # Markdown takes HTML as it is, and plain text becomes HTML.
    body = as_html(draft.body) if draft.markup is Markup.TEXT else draft.body
    markup = Markup.HTML if draft.markup is Markup.TEXT else draft.markup
    return replace(draft, body="\n\n".join([body, *shown]).strip(), markup=markup)


def as_html(text: str) -> str:
    """Return plain text as HTML that shows it as it is."""
    paragraphs = (escape(one).replace("\n", Html("<br>\n")) for one in text.split("\n\n") if one.strip())
    return "\n".join(f"<p>{one}</p>" for one in paragraphs)


def _photo(value: Any, alt: str) -> tuple[str, str]:
    said = value.get("alt") if isinstance(value, dict) else None
    return address_of(value, picture_address), clean_text(said) if isinstance(said, str) else alt


def _with_status(draft: Draft, properties: Properties) -> Draft:
    status = _chosen("post-status", first(properties, "post-status"), _STATUSES)
    shown = _chosen("visibility", first(properties, "visibility"), VISIBILITIES)
    if status is Status.DRAFT or (status is None and draft.status in (Status.DRAFT, Status.INBOX)):
        return replace(draft, status=Status.DRAFT)
    return replace(draft, status=shown or status or draft.status)


def _chosen(name: str, value: Any, words: Mapping[str, Status]) -> Status | None:
    if value is None:
        return None
    if not isinstance(value, str) or value not in words:
        raise BadRequest(f"“{name}” is one of {', '.join(words)} here.")
    return words[value]


def _with_slug(draft: Draft, properties: Properties) -> Draft:
    return replace(draft, slug=text_of(first(properties, "mp-slug")))


# In this order: what a post is depends on its name, and where its pictures go on what its text is written in.
_WRITERS: Final[tuple[tuple[tuple[str, ...], Callable[[Draft, Properties], Draft]], ...]] = (
    (("name",), _with_name),
    (("content", "summary"), _with_content),
    ((*POINTING, QUOTING), _with_target),
    (("category",), _with_tags),
    (("photo",), _with_photos),
    (("post-status", "visibility"), _with_status),
    (("mp-slug",), _with_slug),
)


def _moment(value: Any, zone: ZoneInfo) -> datetime:
    try:
        moment = datetime.fromisoformat(value if isinstance(value, str) else "")
        # Without a zone it is said on the blog's own clock.
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadRequest(f"“{str(value)[:60]}” is not a time such as 2026-11-23T12:00:00Z.") from None


def properties_of(entry: WholeEntry, base: str) -> Properties:
    """Return the properties of an entry, as they would make it (section 3.7.2)."""
    draft = entry.draft
    found: Properties = {
        "name": [draft.title] if draft.title else [],
        "content": [{"html": draft.body} if draft.markup is Markup.HTML else draft.body] if draft.body else [],
        "category": list(draft.tags),
        "photo": _photos(draft, base),
        "published": [draft.published.isoformat()],
        "updated": [draft.updated.isoformat()] if draft.updated else [],
        "mp-slug": [draft.slug],
        "post-status": ["draft" if draft.status in (Status.DRAFT, Status.INBOX) else "published"],
        "visibility": ["private" if draft.status is Status.HIDDEN else "public"],
        "url": [base + entry.permalink],
    }
    if draft.kind is Kind.QUOTATION and draft.url:
        author = [draft.citation] if draft.citation else []
        found[QUOTING] = [{"type": ["h-cite"], "properties": {"url": [draft.url], "author": author}}]
    elif draft.url:
        found["bookmark-of"] = [draft.url]
    return {name: values for name, values in found.items() if values}


def _photos(draft: Draft, base: str) -> list[Any]:
    if not draft.image_url:
        return []
    address = base + draft.image_url if draft.image_url.startswith("/") else draft.image_url
    return [{"value": address, "alt": draft.image_alt} if draft.image_alt else address]
