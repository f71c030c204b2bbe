"""The tables. SQL is the truth: bitmaps, text index and pages are all made from these.

One ``entry`` table holds every kind. Relationships are ``lazy="raise"``: what a page needs
is asked for in the query that asks for the page, so thirty entries cost as many statements
as three.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    and_,
    func,
    select,
    text,
    true,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.sql.functions import GenericFunction

from blog.domain.entry import Draft, Kind, Markup, Status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnElement, Select


class UtcDateTime(TypeDecorator[datetime]):
    """Aware times in UTC, on both sides; SQLite would otherwise hand back naive ones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Refuse naive times, and bring aware ones to UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone was about to be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Say that it is UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class microseconds_of(GenericFunction[int]):  # read as the SQL function that it is
    """A time as whole microseconds since 1970, counted by the database: a million are read at once."""

    type = BigInteger()
    inherit_cache = True


class ordinal_of(GenericFunction[int]):
    """A day as ``date.toordinal()``, counted by the database."""

    type = Integer()
    inherit_cache = True


@compiles(microseconds_of, "sqlite")
def _microseconds_on_sqlite(element: microseconds_of, compiler: Any, **options: Any) -> str:
    # Seconds and fraction apart: SQLite rounds to milliseconds, which can be the next second.
    moment = compiler.process(element.clauses, **options)
    return f"(strftime('%s', substr({moment}, 1, 19)) * 1000000 + CAST(substr({moment}, 21) AS INTEGER))"


@compiles(microseconds_of, "postgresql")
def _microseconds_on_postgresql(element: microseconds_of, compiler: Any, **options: Any) -> str:
    return f"CAST(extract(epoch from {compiler.process(element.clauses, **options)}) * 1000000 AS BIGINT)"


@compiles(ordinal_of, "sqlite")
def _ordinal_on_sqlite(element: ordinal_of, compiler: Any, **options: Any) -> str:
    # Day 1 of the Gregorian calendar begins at the Julian date 1721425.5.
    return f"CAST(julianday({compiler.process(element.clauses, **options)}) - 1721424.5 AS INTEGER)"


@compiles(ordinal_of, "postgresql")
def _ordinal_on_postgresql(element: ordinal_of, compiler: Any, **options: Any) -> str:
    return f"({compiler.process(element.clauses, **options)} - DATE '0001-01-01' + 1)"


# SQLite counts rows up by itself only for a column declared INTEGER, not BIGINT.
BigId = BigInteger().with_variant(Integer(), "sqlite")


class Base(DeclarativeBase):
    """Base of all tables; constraints are named alike on every database, so migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


# ``at`` is when an entry got a tag that it did not have when readers first saw it; mostly it had, and
# there is none.
entry_tag = Table(
    "entry_tag",
    Base.metadata,
    Column("entry_id", ForeignKey("entry.id", ondelete="CASCADE"), primary_key=True),
    Column("tag_id", ForeignKey("tag.id", ondelete="CASCADE"), primary_key=True),
    Column("at", UtcDateTime, nullable=True),
    Index("ix_entry_tag_tag_id", "tag_id"),
    # The few late ones are looked for among millions whenever a process starts.
    Index(
        "ix_entry_tag_late",
        "entry_id",
        "tag_id",
        sqlite_where=text("at IS NOT NULL"),
        postgresql_where=text("at IS NOT NULL"),
    ),
    sqlite_with_rowid=False,
)


class Source(Base):
    """A place entries come from; the blog's own writing has none."""

    __tablename__ = "source"
    # Revisions and undoings go by its id, which therefore no other may ever get.
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(120), unique=True)
    name: Mapped[str] = mapped_column(Text)
    url: Mapped[str] = mapped_column(Text, default="")


class Subscription(Base):
    """A source that is polled: where its feed is, what becomes of its items, and how polling it goes.

    ``kind`` is empty where each item's own is taken; ``status`` and ``tags`` are what new items get.
    ``interval`` is how often it is asked, in seconds, and ``in_feed`` what the feed itself wished for when
    it was last read. Whoever polls it holds a lease: until ``leased_until`` nobody else does, and what is
    learnt is written only by the holder of ``lease``. ``etag``, ``last_modified`` and ``digest`` stand for
    what was read last. ``disabled`` says why it is not polled, and is empty where it is. ``moved_from``
    are the addresses where its feed was before. ``least_interval`` is how many seconds its author wants to
    be between two times, 0 where that is left to how often there is something. ``in_blogroll`` is whether
    readers see it there, once the author has turned that page on.
    """

    __tablename__ = "subscription"
    __table_args__ = (Index("ix_subscription_next_poll", "next_poll"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id", ondelete="CASCADE"), unique=True)
    feed_url: Mapped[str] = mapped_column(Text, unique=True)
    host: Mapped[str] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(String(20), default="")
    tags: Mapped[list[str]] = mapped_column(JSON)
    status: Mapped[str] = mapped_column(String(20))
    created: Mapped[datetime] = mapped_column(UtcDateTime)
    etag: Mapped[str] = mapped_column(Text, default="")
    last_modified: Mapped[str] = mapped_column(Text, default="")
    digest: Mapped[str] = mapped_column(String(40), default="")
    interval: Mapped[int] = mapped_column(Integer)
    least_interval: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    in_feed: Mapped[int] = mapped_column(Integer, default=0)
    next_poll: Mapped[datetime] = mapped_column(UtcDateTime)
    lease: Mapped[str] = mapped_column(String(40), default="")
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_polled: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_success: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_changed: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failures: Mapped[int] = mapped_column(Integer, default=0)
    last_error: Mapped[str] = mapped_column(Text, default="")
    disabled: Mapped[str] = mapped_column(Text, default="")
    moved_from: Mapped[list[str]] = mapped_column(JSON)
    in_blogroll: Mapped[bool] = mapped_column(Boolean, default=True, server_default=true())


class HubLease(Base):
    """What a hub was asked to tell us of a source, and how that stands (WebSub).

    ``state`` and ``mode``, which is what the hub was asked for last, are those of ``blog/domain/websub.py``.
    The hub calls back at an address that ``token`` ends, and signs with ``secret``. The lease is good
    ``until``; when it is ``due``, something is to be done about it. ``is_proven`` says that the hub tells
    of what is new, and not only that it would. Without a subscription it is to be ended.
    """

    __tablename__ = "hub_lease"
    __table_args__ = (Index("ix_hub_lease_due", "due"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    subscription_id: Mapped[int | None] = mapped_column(
        ForeignKey("subscription.id", ondelete="SET NULL"), unique=True
    )
    hub: Mapped[str] = mapped_column(Text)
    topic: Mapped[str] = mapped_column(Text)
    token: Mapped[str] = mapped_column(String(64), unique=True)
    secret: Mapped[str] = mapped_column(String(100))
    state: Mapped[str] = mapped_column(String(20))
    mode: Mapped[str] = mapped_column(String(20), default="")
    asked: Mapped[datetime | None] = mapped_column(UtcDateTime)
    until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    due: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_push: Mapped[datetime | None] = mapped_column(UtcDateTime)
    is_proven: Mapped[bool] = mapped_column(Boolean, default=False)
    failures: Mapped[int] = mapped_column(Integer, default=0)
    error: Mapped[str] = mapped_column(Text, default="")


class Series(Base):
    """Entries that belong together, in an order."""

    __tablename__ = "series"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(120), unique=True)
    title: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, default="")
    description_html: Mapped[str] = mapped_column(Text, default="")


class Tag(Base):
    """A tag: its slug in addresses, its name for people, and what is said about it."""

    __tablename__ = "tag"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(120), unique=True)
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, default="")
    description_html: Mapped[str] = mapped_column(Text, default="")


class Alias(Base):
    """An old name of a tag; its page, its feed and its intersections lead on to the tag."""

    __tablename__ = "alias"

    slug: Mapped[str] = mapped_column(String(120), primary_key=True)
    tag_id: Mapped[int] = mapped_column(ForeignKey("tag.id", ondelete="CASCADE"), index=True)


class Entry(Base):
    """One entry, whatever its kind.

    ``body`` is as written, ``html`` as shown, ``short_html`` the form for lists where that
    is shorter, ``text`` plain, for the text index. ``day`` is the date on the blog's
    calendar when it was published: its address and the archives go by it, so neither moves
    when the time zone setting does. ``canonical`` is the key by which two spellings of ``url``
    are the same (``canonical_url``), and is never shown. ``upstream`` remembers, a digest a field, what the
    source said last, after rules, and one of all that it said before them. ``atom_id`` never changes.
    """

    __tablename__ = "entry"
    __table_args__ = (
        UniqueConstraint("source_id", "external_id"),
        UniqueConstraint("day", "slug"),
        # An import looks its items up by this, and so do the short addresses of old blogs.
        Index("ix_entry_external_id", "external_id"),
        # NULLs are all different to a unique constraint, and the blog's own writing has no source.
        Index(
            "uq_entry_own_external_id",
            "external_id",
            unique=True,
            sqlite_where=text("source_id IS NULL"),
            postgresql_where=text("source_id IS NULL"),
        ),
        Index("ix_entry_published", "published"),
        Index("ix_entry_series_id", "series_id"),
        Index("ix_entry_canonical", "canonical"),
        # All that the facets know of an entry, in the order of ids: a million are read from here in a
        # second, and from among the bodies in twenty.
        Index(
            "ix_entry_facets", "id", "status", "published", "day", "kind", "source_id", "series_id", "domain"
        ),
        # SQLite may give the id of a deleted last row out again, unless told never to.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(20))
    published: Mapped[datetime] = mapped_column(UtcDateTime)
    day: Mapped[date] = mapped_column(Date)
    slug: Mapped[str] = mapped_column(String(120))
    updated: Mapped[datetime] = mapped_column(UtcDateTime)
    atom_id: Mapped[str] = mapped_column(Text, unique=True)
    title: Mapped[str] = mapped_column(Text, default="")
    body: Mapped[str] = mapped_column(Text, default="")
    markup: Mapped[str] = mapped_column(String(20))
    url: Mapped[str] = mapped_column(Text, default="")
    domain: Mapped[str] = mapped_column(Text, default="")
    canonical: Mapped[str] = mapped_column(Text, default="", server_default="")
    via_url: Mapped[str] = mapped_column(Text, default="")
    via_title: Mapped[str] = mapped_column(Text, default="")
    citation: Mapped[str] = mapped_column(Text, default="")
    context: Mapped[str] = mapped_column(Text, default="")
    image_url: Mapped[str] = mapped_column(Text, default="")
    image_alt: Mapped[str] = mapped_column(Text, default="")
    series_id: Mapped[int | None] = mapped_column(ForeignKey("series.id"))
    series_order: Mapped[int | None] = mapped_column(Integer)
    source_id: Mapped[int | None] = mapped_column(ForeignKey("source.id"))
    external_id: Mapped[str] = mapped_column(Text)
    upstream: Mapped[dict[str, str] | None] = mapped_column(JSON)
    html: Mapped[str] = mapped_column(Text, default="")
    short_html: Mapped[str] = mapped_column(Text, default="")
    text: Mapped[str] = mapped_column(Text, default="")
    words: Mapped[int] = mapped_column(Integer, default=0)

    tags: Mapped[list[Tag]] = relationship(
        secondary=entry_tag, lazy="raise", order_by="Tag.slug", passive_deletes=True
    )
    source: Mapped[Source | None] = relationship(lazy="raise")
    series: Mapped[Series | None] = relationship(lazy="raise")

    def draft(self, tags: Iterable[str] = (), source: str = "", series: str = "") -> Draft:
        """Return the entry as the draft that would make it, with what its row does not hold given."""
        return Draft(
            kind=Kind(self.kind),
            external_id=self.external_id,
            published=self.published,
            title=self.title,
            slug=self.slug,
            body=self.body,
            markup=Markup(self.markup),
            url=self.url,
            via_url=self.via_url,
            via_title=self.via_title,
            citation=self.citation,
            context=self.context,
            image_url=self.image_url,
            image_alt=self.image_alt,
            tags=tuple(tags),
            source=source,
            series=series,
            series_order=self.series_order,
            status=Status(self.status),
            updated=self.updated,
        )


def public_at(now: datetime) -> ColumnElement[bool]:
    """Return the condition that readers see an entry: it is published, and its time has come."""
    return and_(Entry.status == Status.PUBLISHED.value, Entry.published <= now)


class Appearance(Base):
    """An item of another source that is the same entry: the same link, or what was made one with it by hand.

    ``source_id`` is None for the blog's own. ``upstream`` are the digests of what the source said last, as
    an entry has them. ``item`` is all of it, so that it can be taken apart: as ``draft`` what the source
    says, or as ``fields`` what the entry said that it was before. ``added`` tells, for each change of the
    entry that it led to, which tags and fields came of it (``blog/changes/appearances.py``).
    """

    __tablename__ = "appearance"
    __table_args__ = (
        UniqueConstraint("source_id", "external_id"),
        Index("ix_appearance_entry_id", "entry_id"),
        Index("ix_appearance_external_id", "external_id"),
        Index(
            "uq_appearance_own_external_id",
            "external_id",
            unique=True,
            sqlite_where=text("source_id IS NULL"),
            postgresql_where=text("source_id IS NULL"),
        ),
        # Operations that can be undone know it by its id, which never is that of another.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("entry.id", ondelete="CASCADE"))
    source_id: Mapped[int | None] = mapped_column(ForeignKey("source.id"))
    external_id: Mapped[str] = mapped_column(Text)
    upstream: Mapped[dict[str, str]] = mapped_column(JSON)
    item: Mapped[dict[str, Any]] = mapped_column(JSON)
    added: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    first_seen: Mapped[datetime] = mapped_column(UtcDateTime)


class TakenApart(Base):
    """An entry that the author took apart from another one: it is not offered to be made one with any."""

    __tablename__ = "taken_apart"

    entry_id: Mapped[int] = mapped_column(ForeignKey("entry.id", ondelete="CASCADE"), primary_key=True)


class MovedPage(Base):
    """A page that was seen to have moved for good, by the keys of both addresses (``canonical_url``)."""

    __tablename__ = "moved_page"

    canonical: Mapped[str] = mapped_column(Text, primary_key=True)
    target: Mapped[str] = mapped_column(Text)


class Conflict(Base):
    """A field that its source says something else about than the author, whose word stays.

    ``theirs`` is what the source says now, in the form that ``blog/domain/drafts.py`` gives it; ``settled``
    is when that was over, and ``how``: mine, theirs, or over, when both said the same again. There is one
    open one of each field and source of an entry.
    """

    __tablename__ = "conflict"
    __table_args__ = (Index("ix_conflict_entry_id", "entry_id"), Index("ix_conflict_settled", "settled"))

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("entry.id", ondelete="CASCADE"))
    source_id: Mapped[int | None] = mapped_column(ForeignKey("source.id", ondelete="CASCADE"))
    field: Mapped[str] = mapped_column(String(40))
    theirs: Mapped[Any] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    settled: Mapped[datetime | None] = mapped_column(UtcDateTime)
    how: Mapped[str] = mapped_column(String(20), default="")


class Vanished(Base):
    """What is not at its source any more: an entry, or only one appearance of it. It is marked, never deleted.

    ``run_id`` is the import that marked it, where one did that can be undone.
    """

    __tablename__ = "vanished"
    __table_args__ = (Index("ix_vanished_entry_id", "entry_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("entry.id", ondelete="CASCADE"))
    appearance_id: Mapped[int | None] = mapped_column(ForeignKey("appearance.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    run_id: Mapped[int | None] = mapped_column(Integer)


class Reading(Base):
    """What a polled source had in its feed when it was last read: ids and times, in its order."""

    __tablename__ = "reading"

    source_id: Mapped[int] = mapped_column(ForeignKey("source.id", ondelete="CASCADE"), primary_key=True)
    items: Mapped[list[list[str]]] = mapped_column(JSON)


DEPARTURE_DAYS: Final = 180


class Departure(Base):
    """A public entry as filters knew it before it left some of them: deleted, hidden, untagged, moved.

    ``tags`` are slugs between spaces, with one at both ends. Feeds name what left them (RFC 6721) from
    here, for ``DEPARTURE_DAYS``.
    """

    __tablename__ = "departure"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    entry_id: Mapped[int] = mapped_column(Integer)
    atom_id: Mapped[str] = mapped_column(Text)
    tags: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(20))
    source_id: Mapped[int | None] = mapped_column(Integer)
    series_id: Mapped[int | None] = mapped_column(Integer)
    domain: Mapped[str] = mapped_column(Text)
    day: Mapped[date] = mapped_column(Date)


class Revision(Base):
    """An entry as it was before a change of it; ``fields`` holds what was written, tags included.

    ``by`` names whoever made the change, and is empty where that was the command line or an import.
    """

    __tablename__ = "revision"

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(Integer, index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(String(40))
    by: Mapped[str] = mapped_column(String(80), default="", server_default="")
    fields: Mapped[dict[str, Any]] = mapped_column(JSON)


class Intersection(Base):
    """What the author says of a filter of tags, above its entries: a name, an introduction, entries on top.

    ``address`` is the one address of the filter's page; a renamed or merged tag moves it along
    (``blog/changes/intersections.py``). ``pins`` are ids of entries, in their order.
    """

    __tablename__ = "intersection"

    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text, default="")
    body: Mapped[str] = mapped_column(Text, default="")
    html: Mapped[str] = mapped_column(Text, default="")
    pins: Mapped[list[int]] = mapped_column(JSON)
    updated: Mapped[datetime] = mapped_column(UtcDateTime)


class Implication(Base):
    """Tagging with the one adds the other: ``fastapi ⇒ python``. There are no circles."""

    __tablename__ = "implication"

    tag_id: Mapped[int] = mapped_column(ForeignKey("tag.id", ondelete="CASCADE"), primary_key=True)
    implied_id: Mapped[int] = mapped_column(
        ForeignKey("tag.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class Rule(Base):
    """A line that says what becomes of items that are like this or that (``domain/rules.py``).

    Without a source it is for the items of all. Rules are applied in the order of their positions, those
    of the item's source before those for all.
    """

    __tablename__ = "rule"
    # Who had a tag from a rule is told which one: no other may ever get its number.
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(Integer)
    source_id: Mapped[int | None] = mapped_column(ForeignKey("source.id", ondelete="CASCADE"))
    line: Mapped[str] = mapped_column(Text)
    enabled: Mapped[bool] = mapped_column(Boolean, default=True)
    created: Mapped[datetime] = mapped_column(UtcDateTime)


class RuledTag(Base):
    """A tag that an entry has from a rule; ``line`` is the rule as it was then, and stays when that goes."""

    __tablename__ = "ruled"

    entry_id: Mapped[int] = mapped_column(ForeignKey("entry.id", ondelete="CASCADE"), primary_key=True)
    tag_id: Mapped[int] = mapped_column(ForeignKey("tag.id", ondelete="CASCADE"), primary_key=True, index=True)
    rule_id: Mapped[int | None] = mapped_column(ForeignKey("rule.id", ondelete="SET NULL"), index=True)
    line: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Setting(Base):
    """What the author set in the browser; the settings file and the environment win over it."""

    __tablename__ = "setting"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    value: Mapped[Any] = mapped_column(JSON)


class StaticPage(Base):
    """A page that is no entry, such as the one about the author, at ``/<slug>/``. Written in Markdown."""

    __tablename__ = "static_page"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(120), unique=True)
    title: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    in_menu: Mapped[bool] = mapped_column(Boolean, default=True)
    updated: Mapped[datetime] = mapped_column(UtcDateTime)


class Media(Base):
    """A picture that was uploaded; ``name`` is made from its content and names its file."""

    __tablename__ = "media"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    type: Mapped[str] = mapped_column(String(40))
    alt: Mapped[str] = mapped_column(Text, default="")
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)
    size: Mapped[int] = mapped_column(Integer)
    created: Mapped[datetime] = mapped_column(UtcDateTime)


UNDO_DAYS: Final = 30


class Operation(Base):
    """A change of many entries or of a tag, with what it takes to undo it.

    ``what`` names the kind of change, ``summary`` tells it in a sentence, and ``undo`` holds what
    was there before, in the form that the undoing of this kind reads. Once it is undone, it holds
    who did that (``by``) and what could not be put back (``notes``); after ``UNDO_DAYS``, nothing.
    """

    __tablename__ = "operation"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    by: Mapped[str] = mapped_column(String(80), default="")
    what: Mapped[str] = mapped_column(String(40))
    summary: Mapped[str] = mapped_column(Text)
    undo: Mapped[dict[str, Any]] = mapped_column(JSON)
    undone: Mapped[datetime | None] = mapped_column(UtcDateTime)


# The importer of a run that was a poll, and how long such a run can be undone.
POLL: Final = "poll"
POLL_DAYS: Final = 90


class ImportRun(Base):
    """One import, or one poll that changed something: from where, by which importer, how it went.

    ``state`` is running, done, failed, undoing or undone; whether it really goes on, ``blog/importlock.py``
    tells. ``done`` counts the items read so far and ``expected`` those there are, where that is known:
    whoever looks sees how far it is, or its undoing. ``counts`` are by outcome; ``options`` are those it
    was begun with, and who is at it.
    """

    __tablename__ = "import_run"

    id: Mapped[int] = mapped_column(primary_key=True)
    started: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    finished: Mapped[datetime | None] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(80), default="")
    label: Mapped[str] = mapped_column(Text)
    importer: Mapped[str] = mapped_column(String(80))
    state: Mapped[str] = mapped_column(String(20))
    error: Mapped[str] = mapped_column(Text, default="")
    options: Mapped[dict[str, Any]] = mapped_column(JSON)
    counts: Mapped[dict[str, int]] = mapped_column(JSON)
    done: Mapped[int] = mapped_column(Integer, default=0)
    expected: Mapped[int | None] = mapped_column(Integer)


class ImportItem(Base):
    """What became of one item of an import, and why.

    ``revision_id`` is the entry as it was before, where the import changed one, and ``change_id`` the
    last change of the entry when the import had written it: a later one is somebody's edit.

    What else a run makes is an item, too: then ``outcome`` says whether it is a tag, an old name, a
    series, a source or a redirect, ``external_id`` its slug or address, and ``reason`` what was there
    before and what was written (``blog/changes/import_names.py``).
    """

    __tablename__ = "import_item"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("import_run.id", ondelete="CASCADE"), index=True)
    source: Mapped[str] = mapped_column(String(120), default="")
    external_id: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Text, default="")
    entry_id: Mapped[int | None] = mapped_column(Integer, index=True)
    revision_id: Mapped[int | None] = mapped_column(Integer)
    change_id: Mapped[int | None] = mapped_column(BigInteger)


class Redirect(Base):
    """An address that leads elsewhere; ``host`` is empty for the blog's own."""

    __tablename__ = "redirect"
    __table_args__ = (UniqueConstraint("host", "path"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    host: Mapped[str] = mapped_column(String(255), default="")
    path: Mapped[str] = mapped_column(Text)
    target: Mapped[str] = mapped_column(Text)


NAMES: Final = "names"
NEW_NAMES: Final = "new names"
SETTINGS: Final = "settings"
MENTIONS: Final = "mentions"


class Change(Base):
    """The log. Ids only grow, and become visible in their order (see ``Sessions.write``).

    ``what`` is created, updated or deleted for an entry (``entry_id``), or names what else
    changed: ``NAMES`` for tags, aliases, sources, series and redirects, ``NEW_NAMES`` where tags,
    sources or series were only added, ``SETTINGS`` for settings, static pages and introductions,
    ``MENTIONS`` for what other sites say below entries.
    The last change of an entry is its version.
    """

    __tablename__ = "change"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    what: Mapped[str] = mapped_column(String(20))
    entry_id: Mapped[int | None] = mapped_column(Integer, index=True)


def last_change_of(entry_id: int) -> Select[int]:
    """Return the question for an entry's version: the id of its last change, 0 where there was none."""
    return select(func.coalesce(func.max(Change.id), 0)).where(Change.entry_id == entry_id)
