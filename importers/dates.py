"""Dates as people and programs write them, read into aware times in UTC."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from email.utils import parsedate_to_datetime

# "2009-05-25 10:00:00 +0100" (Jekyll) and "… UTC" (Ruby): what fromisoformat wants instead.
_SPACE_BEFORE_ZONE = re.compile(r"(?<=\d)\s+(?=[+-]\d\d:?\d\d$)")
_UTC_BY_NAME = re.compile(r"\s*(?:UTC|GMT|Z)$", re.IGNORECASE)


def read_date(value: object) -> datetime:
    """Return the time that ``value`` means; a time without a zone is taken as UTC.

    ``value`` is a datetime, a date (its first moment), an ISO 8601 string, or a string as
    in RFC 5322 section 3.3 ("Mon, 25 May 2009 10:00:00 +0100").

    Raises:
        ValueError: it is none of these; the message is a sentence for a person.
    """
    try:
        return _in_utc(_as_datetime(value))
    except (ValueError, OverflowError) as error:
        shown = str(value)[:60] if isinstance(value, str | int | float | date) else type(value).__name__
        raise ValueError(f"“{shown}” is not a date; write it like 2009-05-25T10:00:00Z") from error


def _as_datetime(value: object) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime.combine(value, time.min)
    if not isinstance(value, str) or len(value) > 100:
        raise ValueError(value)
    text = _UTC_BY_NAME.sub("+00:00", _SPACE_BEFORE_ZONE.sub("", value.strip()))
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return parsedate_to_datetime(value)


def _in_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
