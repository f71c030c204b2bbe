"""Reading addresses: what a reader asked for becomes a ``Filter``, or a sentence saying why not.

The counterpart of ``Filter.url()``. Spellings that people and the software of older blogs
use are understood ("Python" for ``python``, ``type=blogmark`` for ``type=link``, empty
parameters of a form); what cannot be understood is a ``BadFilter``, never ignored: a page
that shows more than was asked for is a wrong page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from blog.domain.dates import month_number
from blog.domain.entry import Kind
from blog.domain.errors import BadFilter, BadTag
from blog.domain.filters import EVERYTHING, MAX_TERMS, MAX_TEXT_LENGTH, Filter, Sort
from blog.domain.tags import slugify
from blog.domain.textquery import lift
from blog.domain.urls import bare_host

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

# The words that the software of Simon Willison's weblog uses for the kinds.
_KINDS: Final = {
    **{kind.value: kind for kind in Kind},
    **{kind.plural: kind for kind in Kind},
    "entry": Kind.ARTICLE,
    "entries": Kind.ARTICLE,
    "blogmark": Kind.LINK,
    "blogmarks": Kind.LINK,
    "quote": Kind.QUOTATION,
    "quotes": Kind.QUOTATION,
    "beat": Kind.ACTIVITY,
    "beats": Kind.ACTIVITY,
    "chapter": Kind.ARTICLE,
}
_PLURALS: Final = {kind.plural: kind for kind in Kind}
_ONE_VALUE: Final = ("q", "source", "domain", "series", "year", "month", "day", "from", "to", "sort")
_MANY_VALUES: Final = ("tag", "exclude.tag", "type")
SEARCH_PARAMETERS: Final = (*_ONE_VALUE, *_MANY_VALUES)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufffd\ufffe\uffff\ud800-\udfff]")
_HOST: Final = re.compile(r"[^\s/?#@]{1,253}")
_ARCHIVE: Final = re.compile(r"(?P<number>[1-9][0-9]{0,8})(-(?P<state>[0-9a-f]{1,40}))?")
_MAX_EXPRESSION: Final = 2_500
# "C++" in an address, which a server sees alike whether it was written so or as C%2B%2B: two
# plus signs after a name and before the end of a term can be nothing but part of the name.
_PLUS_PLUS: Final = re.compile(r"(?<=\w)\+\+(?=[+,]|$)")


def parse_tags(expression: str) -> Filter:
    """Read the part of ``/tags/…/`` between the slashes: ``python,ruby+scaling+-django``.

    Raises:
        BadFilter: empty, too long, or with a term that no tag can be named.
    """
    _refuse_control_characters(expression)
    if len(expression) > _MAX_EXPRESSION:
        raise BadFilter(
            f"This list of tags is {len(expression)} characters long; {MAX_TERMS} tags are the most."
        )
    wanted: set[str] = set()
    unwanted: set[str] = set()
    groups: set[frozenset[str]] = set()
    for term in _PLUS_PLUS.sub("plusplus", expression).split("+"):
        if term.startswith("-"):
            unwanted.add(_tag(term[1:]))
        else:
            _add_wanted(term, wanted, groups)
    return Filter(tags=frozenset(wanted), any_of=frozenset(groups), without=frozenset(unwanted))


def parse_search(parameters: Mapping[str, Iterable[str]]) -> Filter:
    """Read the parameters of ``/search/``, each name with its values in the order given.

    Unknown names are left alone: they are somebody's tracking, not a question.

    Raises:
        BadFilter: a value that cannot be understood, or a single-valued name given twice.
    """
    given = {name: _values(name, parameters.get(name, ())) for name in SEARCH_PARAMETERS}
    single = {name: _single(name, given[name]) for name in _ONE_VALUE}
    wanted: set[str] = set()
    groups: set[frozenset[str]] = set()
    for value in given["tag"]:
        _add_wanted(value, wanted, groups)
    asked = Filter(
        tags=frozenset(wanted),
        any_of=frozenset(groups),
        without=frozenset(map(_tag, given["exclude.tag"])),
        kinds=frozenset(map(_kind, given["type"])),
        source=_slug("source", single["source"]),
        domain=parse_domain(single["domain"]) if single["domain"] else "",
        series=_slug("series", single["series"]),
        year=_number("year", single["year"]),
        month=_month(single["month"]),
        day=_number("day", single["day"]),
        since=_date("from", single["from"]),
        until=_date("to", single["to"]),
        text=single["q"][:MAX_TEXT_LENGTH],
        sort=_sort(single["sort"]),
    )
    return _with_fields_of_text(asked)


def _with_fields_of_text(asked: Filter) -> Filter:
    """Move ``tag:python`` and the like from the text into the filter's own fields.

    So ``?q=index+tag:python`` and ``?q=index&tag=python`` are one filter. What does not fit
    there, or contradicts what is there, stays in the text: nothing typed is an error.
    """
    lifted = lift(asked.text)
    if not (lifted.tags or lifted.without_tags or lifted.domain or lifted.source):
        return asked
    if (lifted.domain and asked.domain) or (lifted.source and asked.source):
        return asked
    try:
        return replace(
            asked,
            text=lifted.text,
            tags=asked.tags | set(map(slugify, lifted.tags)),
            without=asked.without | set(map(slugify, lifted.without_tags)),
            domain=parse_domain(lifted.domain) if lifted.domain else asked.domain,
            source=slugify(lifted.source) if lifted.source else asked.source,
        )
    except (BadFilter, BadTag):
        return asked


def parse_period(year: str, month: str = "", day: str = "") -> Filter:
    """Read the parts of ``/2009/May/25/``.

    Raises:
        BadFilter: no such year, month or day.
    """
    for part in (year, month, day):
        _refuse_control_characters(part)
    return Filter(year=_number("year", year), month=_month(month), day=_number("day", day))


def parse_path(path: str) -> Filter:
    """Read the path of a page whose filter has one part: ``/``, ``/tags/…/``, ``/links/``, ``/2009/May/``.

    Raises:
        BadFilter: no filter has such a page.
    """
    head, *rest = path.strip("/").split("/")
    if not head and not rest:
        return EVERYTHING
    if head in _PLURALS and not rest:
        return Filter(kinds=frozenset({_PLURALS[head]}))
    if head in _FOLDERS and len(rest) == 1:
        return _FOLDERS[head](rest[0])
    if re.fullmatch("[0-9]{4}", head) and len(rest) < 3:
        return parse_period(head, *rest)
    raise BadFilter("No list of entries lives at this address.")


def parse_tag_page(text: str) -> Filter:
    """Read what an author typed or pasted for a page of tags: its address, whole or not, or ``python+scaling``.

    Raises:
        BadFilter: it is the address of something else, or no tag can be named so.
    """
    _refuse_control_characters(text)
    typed = text.strip()
    if "/" not in typed:
        return parse_tags(typed)
    try:
        found = re.fullmatch("/tags/([^/]+)/?", unquote(urlsplit(typed).path))
    except ValueError:
        found = None
    if found is None:
        raise BadFilter("This is not the address of a page of tags, such as /tags/python+scaling/.")
    return parse_tags(found[1])


def parse_day(year: str, month: str, day: str) -> date:
    """Read the date of a permalink.

    Raises:
        BadFilter: there is no such day.
    """
    found = parse_period(year, month, day)
    return date(found.year or 0, found.month or 0, found.day or 0)


def parse_domain(text: str) -> str:
    """Read a host name as ``entry.domain`` spells it: lower case, without ``www.``.

    Raises:
        BadFilter: not a host name.
    """
    _refuse_control_characters(text)
    host = bare_host(text.strip())
    if not _HOST.fullmatch(host):
        raise BadFilter(f"“{text[:80]}” is not a host name, such as example.com.")
    return host


def parse_slug(name: str, text: str) -> str:
    """Read the slug of a source or a series; ``name`` says which, for the error.

    Raises:
        BadFilter: no slug can be made of it.
    """
    _refuse_control_characters(text)
    return _slug(name, text)


_FOLDERS: Final[Mapping[str, Callable[[str], Filter]]] = {
    "tags": parse_tags,
    "sources": lambda slug: Filter(source=parse_slug("source", slug)),
    "series": lambda slug: Filter(series=parse_slug("series", slug)),
    "domains": lambda host: Filter(domain=parse_domain(host)),
}


def parse_page(values: Iterable[str]) -> int:
    """Read ``?page=``; one when it is not given.

    Raises:
        BadFilter: not a number from one up.
    """
    text = _single("page", _values("page", values))
    number = _number("page", text)
    if number is None:
        return 1
    if number < 1:
        raise BadFilter("Pages are counted from 1.")
    return number


@dataclass(frozen=True, slots=True)
class ArchiveName:
    """One of the archives behind a feed, counted from the oldest on, and the state that it is in.

    Without a state it is the archive as it is now, whatever that is.
    """

    number: int
    state: str = ""

    def __str__(self) -> str:
        """Spell it as addresses do."""
        return f"{self.number}-{self.state}" if self.state else str(self.number)


def parse_archive(values: Iterable[str]) -> ArchiveName | None:
    """Read ``?archive=``; None when it is not given.

    Raises:
        BadFilter: no archive can be called that.
    """
    text = _single("archive", _values("archive", values))
    if not text:
        return None
    found = _ARCHIVE.fullmatch(text)
    if not found:
        raise BadFilter("An archive is named by its number, counted from 1: archive=3.")
    return ArchiveName(int(found["number"]), found["state"] or "")


def parse_text(text: str) -> str:
    """Refuse text that no address can hold.

    Raises:
        BadFilter: control characters or bytes that are not UTF-8.
    """
    _refuse_control_characters(text)
    return text


def _refuse_control_characters(text: str) -> None:
    if _CONTROL.search(text):
        raise BadFilter("This address holds control characters, or bytes that are not UTF-8.")


def _values(name: str, values: Iterable[str]) -> list[str]:
    found = []
    for value in values:
        _refuse_control_characters(value)
        if value.strip():
            found.append(value.strip())
    if len(found) > MAX_TERMS:
        raise BadFilter(f"“{name}” is given {len(found)} times; {MAX_TERMS} terms are the most.")
    return found


def _single(name: str, values: list[str]) -> str:
    if len(set(values)) > 1:
        raise BadFilter(f"“{name}” is given twice, with different values.")
    return values[0] if values else ""


def _add_wanted(term: str, wanted: set[str], groups: set[frozenset[str]]) -> None:
    members = frozenset(_tag(member) for member in term.split(","))
    if len(members) == 1:
        wanted.update(members)
    else:
        groups.add(members)


def _tag(text: str) -> str:
    if not text.strip():
        raise BadFilter("A tag is missing: between two of + and , or at an end there is nothing.")
    try:
        return slugify(text)
    except BadTag as error:
        raise BadFilter(error.sentence) from None


def _slug(name: str, text: str) -> str:
    try:
        return slugify(text) if text else ""
    except BadTag:
        raise BadFilter(f"“{text[:80]}” is not a {name}.") from None


def _kind(text: str) -> Kind:
    try:
        return _KINDS[text.lower()]
    except KeyError:
        known = ", ".join(kind.value for kind in Kind)
        raise BadFilter(f"There is no type “{text[:80]}”; the types are {known}.") from None


def _number(name: str, text: str) -> int | None:
    if not text:
        return None
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()):
        raise BadFilter(f"“{text[:80]}” is not a number, and “{name}” takes one.")
    if len(digits) > 12:
        raise BadFilter(f"“{name}” is far too large a number.")
    return int(text)


def _month(text: str) -> int | None:
    if not text:
        return None
    number = month_number(text)
    if number is None:
        raise BadFilter(f"“{text[:80]}” is not a month; months are 1 to 12, or Jan to Dec.")
    return number


def _date(name: str, text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadFilter(f"“{text[:80]}” is not a date; “{name}” takes one such as 2009-05-25.") from None


def _sort(text: str) -> Sort | None:
    if not text:
        return None
    try:
        return Sort(text.lower())
    except ValueError:
        raise BadFilter(f"“{text[:80]}” is not an order; there are date and relevance.") from None
