"""Counting attempts in the database: so all processes count together, and a restart forgets nothing.

``limits`` decides what is too often; this is one of its storages (its documentation, "Custom storage
backends"), which it finds by the scheme ``crosstag`` of the address it is given.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from limits.storage import Storage
from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError

from blog.accounts import Attempt

if TYPE_CHECKING:
    from blog.services import Services


class AttemptStorage(Storage):
    """Counters by key, each of which starts again when its stretch of time is over."""

    STORAGE_SCHEME: list[str] | None = ["crosstag"]  # noqa: RUF012  # as the library declares it

    def __init__(self, uri: str | None = None, *, services: Services, **options: Any) -> None:
        super().__init__(uri, **options)
        self._services = services

    @property
    def base_exceptions(self) -> type[Exception]:
        """What can go wrong with a counter."""
        return SQLAlchemyError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count, and return how often it was within the last ``expiry`` seconds."""
        with self._services.sessions.write() as session:
            now = self._services.clock()
            session.execute(delete(Attempt).where(Attempt.expires <= now))
            row = session.get(Attempt, key)
            if row is None:
                row = Attempt(key=key, count=0, expires=now + timedelta(seconds=expiry))
                session.add(row)
            row.count += amount
            return row.count

    def get(self, key: str) -> int:
        """Return how often it was."""
        row = self._row(key)
        return row.count if row else 0

    def get_expiry(self, key: str) -> float:
        """Return when the count starts again, in seconds since 1970."""
        row = self._row(key)
        return (row.expires if row else self._services.clock()).timestamp()

    def check(self) -> bool:
        """Tell whether counting works."""
        return True

    def reset(self) -> int:
        """Forget all counts; return how many there were."""
        with self._services.sessions.write() as session:
            rows = session.scalars(select(Attempt)).all()
            session.execute(delete(Attempt))
            return len(rows)

    def clear(self, key: str) -> None:
        """Forget one count."""
        with self._services.sessions.write() as session:
            session.execute(delete(Attempt).where(Attempt.key == key))

    def _row(self, key: str) -> Attempt | None:
        with self._services.sessions.read() as session:
            statement = select(Attempt).where(Attempt.key == key, Attempt.expires > self._services.clock())
            return session.scalar(statement)
