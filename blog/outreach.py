"""The tables of how the blog deals with the rest of the web: who reads its feeds, and whom it tells.

None of them is what a page is made from but the mentions that were approved; whatever changes those is
in the log.
"""

from __future__ import annotations

from datetime import date, datetime  # noqa: TC003  # SQLAlchemy reads the annotations
from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from blog.models import Base, UtcDateTime

# How many days the counts of a feed are kept.
KEPT_DAYS: Final = 365


class FeedCount(Base):
    """Who asked for a feed on a day (of UTC), by its address, path and query.

    ``services`` gives for each service the number of subscribers that it said last, ``readers`` is how
    many others asked. While the day lasts, ``seen`` holds which, as a bitmap of what is left of them when
    they were hashed with the day's salt; then it is None.
    """

    __tablename__ = "feed_count"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    address: Mapped[str] = mapped_column(Text, primary_key=True)
    services: Mapped[dict[str, int]] = mapped_column(JSON)
    readers: Mapped[int] = mapped_column(Integer)
    seen: Mapped[bytes | None] = mapped_column(LargeBinary)


class FeedSalt(Base):
    """The secret that readers of this day are hashed with, in every process; gone when the day is over."""

    __tablename__ = "feed_salt"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    salt: Mapped[bytes] = mapped_column(LargeBinary)


class Follower(Base):
    """How far somebody has followed the log who tells others of it.

    ``position`` is the last change that was looked at, and ``told`` the time up to which scheduled entries
    were that came to be public; ``since`` is when the following began. Whoever goes on says from where: so
    of two processes one does.
    """

    __tablename__ = "follower"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    told: Mapped[datetime] = mapped_column(UtcDateTime)


class SentMention(Base):
    """A link of an entry to another site, which is told of it if it wants to be (Webmention).

    ``state`` is waiting, sent, none (the other page takes no mentions) or failed; one that was told is told
    again when what the entry says is another thing than ``digest`` stands for, or the link ``is_gone``.
    The entry may be deleted by then, so nothing ties them.
    """

    __tablename__ = "sent_mention"
    __table_args__ = (
        UniqueConstraint("entry_id", "target"),
        Index("ix_sent_mention_state_due", "state", "due"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(Integer)
    source: Mapped[str] = mapped_column(Text)
    target: Mapped[str] = mapped_column(Text)
    host: Mapped[str] = mapped_column(String(255))
    digest: Mapped[str] = mapped_column(String(40))
    is_gone: Mapped[bool] = mapped_column(Boolean, default=False)
    state: Mapped[str] = mapped_column(String(20))
    endpoint: Mapped[str] = mapped_column(Text, default="")
    note: Mapped[str] = mapped_column(Text, default="")
    tries: Mapped[int] = mapped_column(Integer, default=0)
    due: Mapped[datetime] = mapped_column(UtcDateTime)
    at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lease: Mapped[str] = mapped_column(String(40), default="")


class Mention(Base):
    """A page elsewhere that says it links to an entry (Webmention).

    ``state`` is unverified until the page was looked at and does link; then waiting for the author,
    approved or rejected. ``kind`` is reply, like, repost, bookmark or mention. What the page says is kept
    as plain text, cut to a length. It is looked at when ``due``, which it is again from time to time.
    """

    __tablename__ = "mention"
    __table_args__ = (
        UniqueConstraint("entry_id", "source"),
        Index("ix_mention_state_received", "state", "received"),
        Index("ix_mention_due", "due"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("entry.id", ondelete="CASCADE"))
    source: Mapped[str] = mapped_column(Text)
    target: Mapped[str] = mapped_column(Text)
    host: Mapped[str] = mapped_column(String(255))
    state: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(20), default="mention")
    author_name: Mapped[str] = mapped_column(Text, default="")
    author_url: Mapped[str] = mapped_column(Text, default="")
    text: Mapped[str] = mapped_column(Text, default="")
    published: Mapped[datetime | None] = mapped_column(UtcDateTime)
    received: Mapped[datetime] = mapped_column(UtcDateTime)
    verified: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tries: Mapped[int] = mapped_column(Integer, default=0)
    due: Mapped[datetime] = mapped_column(UtcDateTime)
    lease: Mapped[str] = mapped_column(String(40), default="")


class MentionHost(Base):
    """What becomes of mentions from a site without asking: approve or block."""

    __tablename__ = "mention_host"

    host: Mapped[str] = mapped_column(String(255), primary_key=True)
    rule: Mapped[str] = mapped_column(String(20))


class HubPing(Base):
    """A feed of which the hub is to be told that it has changed (WebSub), by its address from the root.

    Whoever tells the hub holds the ``lease``, which a further change takes from them: then it is told again.
    """

    __tablename__ = "hub_ping"

    address: Mapped[str] = mapped_column(Text, primary_key=True)
    tries: Mapped[int] = mapped_column(Integer, default=0)
    due: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    lease: Mapped[str] = mapped_column(String(40), default="")
    note: Mapped[str] = mapped_column(Text, default="")
