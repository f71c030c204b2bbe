"""The slug of an entry: what its author asked for, or what its words give."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from blog.domain.entry import Kind
from blog.domain.errors import BadTag
from blog.domain.tags import MARKS, slugify

if TYPE_CHECKING:
    from blog.domain.entry import Draft

MAX_SLUG: Final = 80
_MADE_LENGTH: Final = 50
_NOT_IN_SLUGS: Final = re.compile(rf"[^\w{MARKS}-]+")


def clean_slug(text: str) -> str:
    """Return a slug as an address holds it: letters, digits, ``_`` and ``-``; empty where none is left."""
    return _NOT_IN_SLUGS.sub("-", text).strip("-")[:MAX_SLUG].strip("-")


def slug_of(draft: Draft) -> str:
    """Return the slug a draft asks for, or one made of its words; not yet unique on its day."""
    return clean_slug(draft.slug) or made_slug(draft)


def made_slug(draft: Draft) -> str:
    """Return the slug that a draft's words give, whatever it asks for."""
    words = draft.title or (draft.citation if draft.kind is Kind.QUOTATION else "") or draft.body[:200]
    try:
        made = slugify(words)
    except BadTag:
        return draft.kind.value
    return made if len(made) <= _MADE_LENGTH else made[: _MADE_LENGTH + 1].rsplit("-", 1)[0][:_MADE_LENGTH]


def is_made(slug: str, draft: Draft) -> bool:
    """Tell whether a slug is the one that the draft's words give, or that with a number behind it."""
    made = made_slug(draft)
    return slug == made or re.fullmatch(rf"{re.escape(made)}-[0-9]+", slug) is not None
