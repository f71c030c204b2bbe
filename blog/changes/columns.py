"""From a draft to the columns of an entry: rendered, with its slug and its ``tag:`` URI."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from blog.domain.dates import FIRST_YEAR, LAST_YEAR
from blog.domain.entry import Kind
from blog.domain.errors import CrosstagError
from blog.domain.pictures import picture_address
from blog.domain.slugs import clean_slug
from blog.domain.urls import canonical_url, domain_of, web_url
from blog.rendering import Unrendered, clean_text, render

if TYPE_CHECKING:
    from blog.config import Settings
    from blog.domain.entry import Draft, Markup

_TITLE_LENGTH: Final = 2_000
_MOST_ID: Final = 1_000
_MOST_TAGS: Final = 200
_MOST_ORDER: Final = 2**31
_PLAIN: Final = ("title", "via_title", "citation", "context", "image_alt")


Columns = dict[str, Any]


class BadDraft(CrosstagError):
    """The draft cannot become an entry; the sentence says why."""


def as_stored(draft: Draft) -> Draft:
    """Return the draft as an entry holds it: clean text, one-line titles, addresses of the web.

    An import compares what a source says with what an entry holds, so both have to be in the
    same form, or what was tidied when it was stored would look like the author's edit.
    """
    tidied: dict[str, Any] = {name: _one_line(getattr(draft, name)) for name in _PLAIN}
    tidied |= {name: web_url(getattr(draft, name)) for name in ("url", "via_url")}
    tidied["image_url"] = picture_address(draft.image_url)
    return replace(draft, **tidied, slug=clean_slug(draft.slug), body=clean_text(draft.body))


def _check(draft: Draft, stored: Draft, settings: Settings) -> None:
    """Refuse what no entry can be, with a sentence."""
    if draft.kind is Kind.LINK and not stored.url:
        raise BadDraft(f"“{draft.url[:100]}” is not an http or https address, and a link needs one.")
    if not (draft.title.strip() or draft.body.strip() or stored.url):
        raise BadDraft("It has no title, no text and no link.")
    try:
        year = draft.published.astimezone(settings.zone).year
    except OverflowError:
        year = 0
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise BadDraft(f"It is dated in {draft.published.year}; years go from {FIRST_YEAR} to {LAST_YEAR}.")
    if len(draft.external_id) > _MOST_ID or len(stored.tags) > _MOST_TAGS:
        raise BadDraft(f"Its id has over {_MOST_ID} characters, or it has over {_MOST_TAGS} tags.")
    if not -_MOST_ORDER < (draft.series_order or 0) < _MOST_ORDER:
        raise BadDraft("Its place in the series is too large a number.")


def columns_of(draft: Draft, atom_id: str, settings: Settings) -> Columns:
    """Return the values of every column that follows from the draft alone.

    Raises:
        BadDraft: as ``unrendered`` does.
    """
    columns, body = unrendered(draft, atom_id, settings)
    return columns | render(*body)._asdict()


def unrendered(
    draft: Draft, atom_id: str, settings: Settings, stored: Draft | None = None
) -> tuple[Columns, Unrendered]:
    """Return the columns that rendering does not make, and what is to be rendered for the others.

    ``stored`` is the draft ``as_stored``, from who has made that already.

    Raises:
        BadDraft: a link without a web address, nothing to show at all, a date that no calendar
            of a blog reaches, or far too much of something.
    """
    stored = stored or as_stored(draft)
    _check(draft, stored, settings)
    same = (*_PLAIN, "published", "body", "url", "via_url", "image_url", "series_order")
    columns = {name: getattr(stored, name) for name in same} | {
        "kind": stored.kind.value,
        "status": stored.status.value,
        "markup": stored.markup.value,
        "domain": domain_of(stored.url),
        "canonical": canonical_url(stored.url),
    }
    return columns, Unrendered(stored.body, stored.markup, _anchor(atom_id), settings.list_words)


def derived_again(url: str, body: str, markup: Markup, atom_id: str, settings: Settings) -> Columns:
    """Return the columns that follow from others, which no revision keeps, of an entry that there was."""
    rendered = render(body, markup, _anchor(atom_id), settings.list_words)
    return rendered._asdict() | {"canonical": canonical_url(url)}


def _one_line(text: str) -> str:
    if not text:
        return ""  # most fields of most drafts are
    return " ".join(clean_text(text[: 4 * _TITLE_LENGTH]).split())[:_TITLE_LENGTH]


def _anchor(atom_id: str) -> str:
    return f"e{hashlib.blake2b(atom_id.encode(), digest_size=4).hexdigest()}-"


def atom_id_of(draft: Draft, authority: str) -> str:
    """Return the ``tag:`` URI of a new entry (RFC 4151): the same draft gets the same one again.

    It is stored and never made anew, so neither a slug nor a title, a date or a new host
    name of the blog changes it.
    """
    unique = uuid.uuid5(uuid.NAMESPACE_URL, f"{quote(draft.source)}/{draft.external_id}")
    return f"tag:{authority},{draft.published:%Y-%m-%d}:{unique}"
