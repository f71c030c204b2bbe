"""Reading the published entries from SQL: all of them in ordered scans, or a few by their ids.

A million entries with two million tags are read in some three seconds. What makes it so is an index
that holds these columns and no bodies (``ix_entry_facets``), that the database turns everything into
numbers, and that these go from the driver's rows straight into arrays.
"""

from __future__ import annotations

from datetime import date
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from sqlalchemy import BigInteger, case, func, select

from blog.db import bare_rows
from blog.domain.entry import Status
from blog.facets.late import LateTags
from blog.facets.rows import KIND_CODES, KINDS, Columns, Hosts, Place, Row, Rows, month_number
from blog.models import Appearance, Entry, entry_tag, microseconds_of, ordinal_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from blog.facets.late import Triple

_LOOK_UP: Final = 500
_IS_PUBLISHED: Final = Entry.status == Status.PUBLISHED.value
_NUMBERS: Final = (
    Entry.id,
    microseconds_of(Entry.published),
    ordinal_of(Entry.day),
    case(KIND_CODES, value=Entry.kind, else_=0),
    func.coalesce(Entry.source_id, 0),
    func.coalesce(Entry.series_id, 0),
)
Upcoming = list[tuple[int, int]]


_LATE: Final = select(entry_tag.c.entry_id, entry_tag.c.tag_id, microseconds_of(entry_tag.c.at)).where(
    entry_tag.c.at.is_not(None)
)


class Whole(NamedTuple):
    """The rows of all entries whose time has come, the others as (time, id), and what was tagged late."""

    rows: Rows
    upcoming: Upcoming
    late: LateTags


def read_all(session: Session, now: int) -> Whole:
    """Read every published entry; ``now`` is in microseconds since 1970."""
    found = _numbers(session, select(*_NUMBERS).where(_IS_PUBLISHED).order_by(Entry.id), len(_NUMBERS))
    ids = found[:, 0]
    columns = Columns.of_size(int(ids[-1]) + 1 if len(ids) else 0)
    columns.stamps[ids], columns.days[ids], columns.kinds[ids] = found[:, 1], found[:, 2], found[:, 3]
    columns.sources[ids], columns.series[ids] = found[:, 4], found[:, 5]
    columns.months[:] = _months_of(columns.days)
    # What is of a kind that this version does not know has code 0, and is nowhere.
    late = ids[(found[:, 1] > now) & (found[:, 3] > 0)]
    columns.kinds[late] = 0
    upcoming = list(zip(columns.stamps[late].tolist(), late.tolist(), strict=True))
    hosts = _read_domains(session, columns)
    also = {one: sources for one, sources in _read_also(session).items() if _is_public(columns, one)}
    tagged_late = LateTags(_numbers(session, _LATE, 3))
    return Whole(Rows(columns, _read_tags(session, columns), hosts, also), upcoming, tagged_late)


def _is_public(columns: Columns, entry_id: int) -> bool:
    return entry_id < len(columns.kinds) and bool(columns.kinds[entry_id])


def _read_also(session: Session, ids: Sequence[int] | None = None) -> dict[int, tuple[int, ...]]:
    """Read the further sources of entries: of all that have any, or of these."""
    pairs = select(Appearance.entry_id, Appearance.source_id, Entry.source_id)
    pairs = pairs.join(Entry, Entry.id == Appearance.entry_id).where(Appearance.source_id.is_not(None))
    if ids is not None:
        pairs = pairs.where(Appearance.entry_id.in_(ids))
    found: dict[int, set[int]] = {}
    for entry_id, source, own in session.execute(pairs):
        # An entry that was given the source of what had joined it has it once.
        if source is not None and source != own:
            found.setdefault(entry_id, set()).add(source)
    return {entry_id: tuple(sorted(sources)) for entry_id, sources in found.items()}


def _numbers(session: Session, statement: Select[*tuple[Any, ...]], columns: int) -> NDArray[np.int64]:
    """Return an answer of nothing but whole numbers, one line for each row."""
    values = chain.from_iterable(chain.from_iterable(bare_rows(session, statement)))
    return np.fromiter(values, np.int64).reshape(-1, columns)


def _months_of(days: NDArray[np.int32]) -> NDArray[np.int32]:
    """The month numbers of day ordinals; each of the few thousand different days is looked up once."""
    different, places = np.unique(days, return_inverse=True)
    months = [month_number(date.fromordinal(day)) if day else 0 for day in different.tolist()]
    return np.array(months, np.int32)[places]


def _read_domains(session: Session, columns: Columns) -> Hosts:
    """Read the domains, and note their numbers in the columns."""
    statement = select(Entry.id, Entry.domain).where(_IS_PUBLISHED, Entry.domain != "").order_by(Entry.id)
    numbers: dict[str, int] = {"": 0}
    for part in bare_rows(session, statement):
        ids, domains = zip(*part, strict=True)
        columns.domains[list(ids)] = [numbers.setdefault(domain, len(numbers)) for domain in domains]
    return Hosts(list(numbers))


def _read_tags(session: Session, columns: Columns) -> NDArray[np.uint32]:
    """Read the tags of all public entries, in the order of entries, and note in the columns where they are."""
    # Both ids in one number: half as many objects come through the driver.
    both = entry_tag.c.entry_id.cast(BigInteger).op("<<")(32).op("|")(entry_tag.c.tag_id)
    pairs = _numbers(session, select(both).order_by(entry_tag.c.entry_id, entry_tag.c.tag_id), 1)[:, 0]
    entries, tags = pairs >> 32, (pairs & 0xFFFFFFFF).astype(np.uint32)
    # A draft has tags, too, and its id may lie beyond the highest public one.
    public = entries < len(columns.kinds)
    public[public] = columns.kinds[entries[public]] > 0
    counts = np.bincount(entries[public], minlength=len(columns.kinds))
    columns.tag_counts[:] = counts
    columns.tag_starts[:] = np.cumsum(counts) - counts
    return tags[public]


def read_late(session: Session, ids: Sequence[int]) -> Iterator[Triple]:
    """Read when these entries got those of their tags that came late: entry, tag, time."""
    for start in range(0, len(ids), _LOOK_UP):
        rows = session.execute(_LATE.where(entry_tag.c.entry_id.in_(ids[start : start + _LOOK_UP])))
        yield from ((entry, tag, time) for entry, tag, time in rows)


def read_rows(session: Session, ids: Sequence[int]) -> Iterator[tuple[int, Row]]:
    """Read the rows of those of these entries that are published, whether or not their time has come."""
    for start in range(0, len(ids), _LOOK_UP):
        some = ids[start : start + _LOOK_UP]
        tags: dict[int, list[int]] = {}
        pairs = select(entry_tag.c.entry_id, entry_tag.c.tag_id).where(entry_tag.c.entry_id.in_(some))
        for entry_id, tag_id in session.execute(pairs):
            tags.setdefault(entry_id, []).append(tag_id)
        also = _read_also(session, some)
        entries = select(*_NUMBERS, Entry.domain).where(_IS_PUBLISHED, Entry.id.in_(some))
        for entry_id, stamp, day, kind, source, series, domain in session.execute(entries):
            if not kind:
                continue
            place = Place(KINDS[kind - 1], source or None, series or None, domain)
            its_tags = tuple(sorted(tags.get(entry_id, ())))
            yield entry_id, Row(stamp, day, place, its_tags, also.get(entry_id, ()))
