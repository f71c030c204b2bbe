"""The tables of how the blog deals with the rest of the web: who reads its feeds, and whom it tells.

None of them is what a page is made from but the mentions that were approved; whatever changes those is
in the log.
"""

from __future__ import annotations

from datetime import date  # noqa: TC003  # SQLAlchemy reads the annotations
from typing import Final

from sqlalchemy import JSON, Date, Integer, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from blog.models import Base

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
