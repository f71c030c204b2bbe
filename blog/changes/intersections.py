"""Writing what the author says of pages of tags: names, introductions and pinned entries.

What is said belongs to the filter's one address. When a tag gets another slug, that address is another
one, and what is said goes along in the same transaction: ``carry_along``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, select, update

from blog.changes.log import record_settings
from blog.domain.addresses import parse_tag_page
from blog.domain.entry import Markup
from blog.domain.errors import BadFilter, CrosstagError, NotThere
from blog.models import Intersection
from blog.rendering import clean_text, to_html

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from blog.changes.vocabulary import Vocabulary
    from blog.domain.filters import Filter
    from blog.services import Services

_LONGEST_NAME: Final = 200
_LONGEST_BODY: Final = 50_000
_MOST_PINS: Final = 10

# The row, the address that it had, and the one that it has.
Moved = tuple[int, str, str]


class BadIntroduction(CrosstagError):
    """It cannot be as it is wanted; ``field`` names what is wrong."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class IntroductionChanged(CrosstagError):
    """It says something else than when the form was opened."""

    def __init__(self) -> None:
        super().__init__("What is said of this page was changed meanwhile. Nothing has been overwritten.")


@dataclass(frozen=True, slots=True)
class IntroductionDraft:
    """What is to be said of a page of tags, as it was typed; ``pins`` are ids of entries."""

    name: str = ""
    body: str = ""
    pins: tuple[int, ...] = ()


def introduce(services: Services, wanted: Filter, draft: IntroductionDraft, *, seen: str | None = None) -> None:
    """Say this of a page; where nothing is said, what was is forgotten.

    ``wanted`` is settled: it names tags that there are. ``seen`` is when what the author saw was saved, in
    ISO's form, and empty where there was nothing; None is any.

    Raises:
        IntroductionChanged: it was saved meanwhile, and not with the same words.
        BadIntroduction: it is too much of something.
    """
    tidied = _checked(draft)
    html = to_html(tidied.body, Markup.MARKDOWN) if tidied.body else ""
    now = services.clock()
    with services.sessions.write() as session:
        found = session.scalar(select(Intersection).where(Intersection.address == wanted.url()))
        if seen is not None and seen != (found.updated.isoformat() if found else "") and _said(found) != tidied:
            raise IntroductionChanged
        if tidied == IntroductionDraft():
            session.execute(delete(Intersection).where(Intersection.address == wanted.url()))
        else:
            found = found or Intersection(address=wanted.url())
            found.name, found.body, found.html = tidied.name, tidied.body, html
            found.pins, found.updated = list(tidied.pins), now
            session.add(found)
        record_settings(session, now)


def _said(found: Intersection | None) -> IntroductionDraft:
    return IntroductionDraft(found.name, found.body, tuple(found.pins)) if found else IntroductionDraft()


def _checked(draft: IntroductionDraft) -> IntroductionDraft:
    name, body = " ".join(clean_text(draft.name).split()), clean_text(draft.body).strip()
    if len(name) > _LONGEST_NAME:
        raise BadIntroduction("name", f"A name has {_LONGEST_NAME} letters at most.")
    if len(body) > _LONGEST_BODY:
        raise BadIntroduction("body", f"An introduction has {_LONGEST_BODY:,} letters at most.")
    pins = tuple(dict.fromkeys(draft.pins))
    if len(pins) > _MOST_PINS:
        raise BadIntroduction("pins", f"No more than {_MOST_PINS} entries can be pinned.")
    return IntroductionDraft(name, body, pins)


def forget_introduction(services: Services, introduction_id: int) -> None:
    """Say no more of a page, whether or not that is still there.

    Raises:
        NotThere: nothing is said under this number.
    """
    with services.sessions.write() as session:
        gone = delete(Intersection).where(Intersection.id == introduction_id).returning(Intersection.id)
        if session.scalar(gone) is None:
            raise NotThere(f"There is no introduction number {introduction_id}.")
        record_settings(session, services.clock())


def carry_along(session: Session, before: Vocabulary, after: Vocabulary, now: datetime) -> list[Moved]:
    """Move what is said of filters to where these live by the new names of their tags; return what moved.

    Where two filters become one, or one that means nothing, what is said stays at the old address, and the
    author sees it there (``/admin/intersections/``).
    """
    rows = session.execute(select(Intersection.id, Intersection.address)).all()
    moved = []
    for row in rows:
        address = _address_after(row.address, before, after)
        if address != row.address:
            moved.append((row.id, row.address, address))
    return _written(session, moved, now)


def carry_back(session: Session, moved: Iterable[Sequence[object]], now: datetime) -> None:
    """Move back what an operation moved, as far as it still is where that put it."""
    here = dict(session.execute(select(Intersection.id, Intersection.address)).all())
    back = [(int(str(one)), str(to), str(came)) for one, came, to in moved]
    _written(session, [one for one in back if here.get(one[0]) == one[1]], now)


def _written(session: Session, moved: Sequence[Moved], now: datetime) -> list[Moved]:
    done = []
    for one, came, to in moved:
        if session.scalar(select(Intersection.id).where(Intersection.address == to)) is None:
            session.execute(update(Intersection).where(Intersection.id == one).values(address=to))
            done.append((one, came, to))
    if done:
        record_settings(session, now)
    return done


def _address_after(address: str, before: Vocabulary, after: Vocabulary) -> str:
    try:
        wanted = parse_tag_page(address)
        living = {slug: after.living(slug) for slug in wanted.all_tags if slug in before.by_slug}
        return wanted.renamed({slug: tag.slug for slug, tag in living.items() if tag}).url()
    except BadFilter:
        return address
