"""From a draft to the columns of an entry: rendered, with its slug and its ``tag:`` URI."""

from __future__ import annotations

import hashlib
import re
import uuid
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from blog.domain.entry import Draft, Kind
from blog.domain.errors import CrosstagError
from blog.domain.tags import slugify
from blog.domain.urls import domain_of, web_url
from blog.rendering import clean_text, render

if TYPE_CHECKING:
    from blog.config import Settings

MAX_SLUG: Final = 80
_TITLE_LENGTH: Final = 2_000
_NOT_IN_SLUGS: Final = re.compile(r"[^\w-]+")
_PLAIN: Final = ("title", "via_title", "citation", "context", "image_alt")


class BadDraft(CrosstagError):
    """The draft cannot become an entry; the sentence says why."""


def columns_of(draft: Draft, atom_id: str, settings: Settings) -> dict[str, Any]:
    """Return the values of every column that follows from the draft alone.

    Raises:
        BadDraft: a link without a web address, or nothing to show at all.
    """
    url = web_url(draft.url)
    if draft.kind is Kind.LINK and not url:
        raise BadDraft(f"“{draft.url[:100]}” is not an http or https address, and a link needs one.")
    if not (draft.title.strip() or draft.body.strip() or url):
        raise BadDraft("It has no title, no text and no link.")
    rendered = render(draft.body, draft.markup, anchor=_anchor(atom_id), list_words=settings.list_words)
    plain = {name: _one_line(getattr(draft, name)) for name in _PLAIN}
    return plain | {
        "kind": draft.kind.value,
        "status": draft.status.value,
        "published": draft.published,
        "body": clean_text(draft.body),
        "markup": draft.markup.value,
        "url": url,
        "domain": domain_of(url),
        "via_url": web_url(draft.via_url),
        "image_url": web_url(draft.image_url),
        "series_order": draft.series_order,
        "html": rendered.html,
        "short_html": rendered.short_html,
        "text": rendered.text,
        "words": rendered.words,
    }


def _one_line(text: str) -> str:
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


def slug_of(draft: Draft) -> str:
    """Return the slug a draft asks for, or one made of its words; not yet unique on its day."""
    given = _NOT_IN_SLUGS.sub("-", draft.slug).strip("-")[:MAX_SLUG].strip("-")
    if given:
        return given
    words = draft.title or (draft.citation if draft.kind is Kind.QUOTATION else "") or draft.body[:200]
    try:
        made = slugify(words)
    except CrosstagError:
        return draft.kind.value
    return made if len(made) <= 50 else made[:51].rsplit("-", 1)[0][:50]


def free_slug(slug: str, taken: set[str]) -> str:
    """Return the slug, with a number behind it where the day has that slug already."""
    free = slug
    number = 2
    while free in taken:
        free = f"{slug}-{number}"
        number += 1
    return free
