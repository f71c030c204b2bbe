"""What a reader types into the search box, as a small tree.

    python -"web scraping" title:sqlite asyncio OR threads index* tag:datasette

Words must all be there, ``-`` excludes, ``OR`` joins its two neighbours, a phrase stands in
quotes (straight or curly), ``word*`` is a beginning of at least three letters, and
``title: tag: domain: source:`` say where to look. **Nothing typed is an error**: an unknown
field is a word, an open quote is closed, an ``OR`` with nothing beside it is dropped.

The tree is flat by construction (an And of Ors of leaves, each perhaps negated) and small by
law: 200 characters and 16 terms. What lies beyond is ignored and the query says so, therefore
the work one query can cause is bounded whatever is typed. Every search engine translates this
tree; none has a parser of its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_LENGTH: Final = 200
MAX_TERMS: Final = 16
MIN_PREFIX: Final = 3


@dataclass(frozen=True, slots=True)
class Word:
    """A word as typed; analysis may see several in it ("full-text"), then it is a phrase."""

    value: str

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that follow each other."""

    value: str

    def __str__(self) -> str:
        return f'"{self.value}"'


@dataclass(frozen=True, slots=True)
class Prefix:
    """The beginning of a word, without its star: three letters or digits at least."""

    value: str

    def __str__(self) -> str:
        return f"{self.value}*"


Text = Word | Phrase | Prefix


@dataclass(frozen=True, slots=True)
class Title:
    """A word, phrase or beginning that the title must have."""

    text: Text

    def __str__(self) -> str:
        return f"title:{self.text}"


@dataclass(frozen=True, slots=True)
class Field:
    """``tag:``, ``domain:`` or ``source:`` (``name``) with its value as typed."""

    name: str
    value: str

    def __str__(self) -> str:
        quoted = f'"{self.value}"' if " " in self.value else self.value
        return f"{self.name}:{quoted}"


Leaf = Text | Title | Field


@dataclass(frozen=True, slots=True)
class Not:
    """Entries that do not match ``leaf``."""

    leaf: Leaf

    def __str__(self) -> str:
        return f"-{self.leaf}"


Term = Leaf | Not


@dataclass(frozen=True, slots=True)
class Or:
    """Entries that match one of ``terms``, two at least."""

    terms: tuple[Term, ...]

    def __str__(self) -> str:
        return " OR ".join(map(str, self.terms))


@dataclass(frozen=True, slots=True)
class And:
    """Entries that match all of ``parts``, two at least."""

    parts: tuple[Term | Or, ...]

    def __str__(self) -> str:
        return " ".join(map(str, self.parts))


Node = Term | Or | And


@dataclass(frozen=True, slots=True)
class TextQuery:
    """A parsed query. Two are equal when they mean the same tree.

    ``node`` is None when nothing searchable was typed. ``truncated`` tells that something was
    left out to keep within the limits. ``str()`` is the canonical spelling: parsing it gives
    an equal query.
    """

    node: Node | None
    truncated: bool = field(default=False, compare=False)

    def __str__(self) -> str:
        return "" if self.node is None else str(self.node)

    @property
    def parts(self) -> tuple[Term | Or, ...]:
        """What must all hold: the parts of an And, the node itself, or nothing."""
        if self.node is None:
            return ()
        return self.node.parts if isinstance(self.node, And) else (self.node,)

    @property
    def terms(self) -> tuple[Term, ...]:
        """All terms in the order they were typed, the excluded ones too."""
        return tuple(term for part in self.parts for term in _terms_of(part))

    @property
    def words(self) -> tuple[Text, ...]:
        """What is looked for in texts and not excluded: for marking and for did-you-mean."""
        found = (term.text if isinstance(term, Title) else term for term in self.terms)
        return tuple(text for text in found if isinstance(text, Word | Phrase | Prefix))


@dataclass(frozen=True, slots=True)
class Lifted:
    """A text and what was taken out of it, as typed; see :func:`lift`."""

    text: str
    tags: tuple[str, ...] = ()
    without_tags: tuple[str, ...] = ()
    domain: str | None = None
    source: str | None = None
    truncated: bool = field(default=False, compare=False)


_FIELDS: Final = ("tag", "domain", "source")
_QUOTES: Final = str.maketrans(dict.fromkeys("“”„‟«»＂", '"'))
_ITEM: Final = re.compile(
    r"""
    (?P<minus>-*)
    (?:(?P<name>title|tag|domain|source):(?=[^\s]))?
    (?: "(?P<phrase>[^"]*)" | (?P<bare>[^\s"]+) )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_PREFIX: Final = re.compile(rf"([^\W_]{{{MIN_PREFIX},}})\*")


def parse(text: str) -> TextQuery:
    """Read ``text`` as a query. Never raises."""
    typed, truncated = _within_limit(text)
    groups: list[list[Term]] = []
    room = MAX_LENGTH
    count = 0
    joined = False
    for item in _items(typed):
        if item is None:
            joined = bool(groups)
            continue
        # Counted in the canonical spelling (with " OR " and the space between), so that it
        # fits within the same limits again.
        room -= len(str(item)) + (4 if joined else bool(groups))
        if count == MAX_TERMS or room < 0:
            truncated = True
            break
        count += 1
        if joined:
            groups[-1].append(item)
        else:
            groups.append([item])
        joined = False
    return TextQuery(_tree(groups), truncated)


def lift(text: str) -> Lifted:
    """Take out of ``text`` what a filter holds in fields of its own.

    Those are tags, excluded tags, a domain and a source that stand at the top, where all must
    hold: so the same question has one address, however it was typed. ``tag:a OR tag:b`` stays
    in the text, as do two different domains (no entry has both). What is left is in the
    canonical spelling; lifting it again changes nothing.
    """
    query = parse(text)
    fields = [part for part in query.parts if isinstance(part, Field)]
    single = {name for name in ("domain", "source") if len(_values(fields, name)) == 1}
    liftable = {"tag", *single}
    rest: list[Term | Or] = []
    without: list[str] = []
    for part in query.parts:
        if isinstance(part, Not) and isinstance(part.leaf, Field) and part.leaf.name == "tag":
            without.append(part.leaf.value)
        elif not (isinstance(part, Field) and part.name in liftable):
            rest.append(part)
    return Lifted(
        text=" ".join(map(str, rest)),
        tags=_values(fields, "tag"),
        without_tags=tuple(dict.fromkeys(without)),
        domain=_values(fields, "domain")[0] if "domain" in single else None,
        source=_values(fields, "source")[0] if "source" in single else None,
        truncated=query.truncated,
    )


def _values(fields: list[Field], name: str) -> tuple[str, ...]:
    """The different values of one field, in the order they were typed."""
    return tuple(dict.fromkeys(part.value for part in fields if part.name == name))


def _terms_of(part: Term | Or) -> tuple[Term, ...]:
    return part.terms if isinstance(part, Or) else (part,)


def _within_limit(text: str) -> tuple[str, bool]:
    """``text`` in one spelling of its quotes and spaces, all quotes closed, cut at a space.

    A word cut in half would be a word nobody asked for, so it goes too, unless it is all
    there is.
    """
    typed = " ".join(text[: 20 * MAX_LENGTH].translate(_QUOTES).split())
    truncated = len(typed) > MAX_LENGTH or len(text) > 20 * MAX_LENGTH
    if len(typed) > MAX_LENGTH:
        head, _, _ = typed[: MAX_LENGTH + 1].rpartition(" ")
        typed = head or typed[:MAX_LENGTH]
    if typed.count('"') % 2:
        typed = typed[: MAX_LENGTH - 1] + '"' if typed[MAX_LENGTH - 1 :] != '"' else typed[:-1]
    return typed, truncated


def _items(typed: str) -> Iterator[Term | None]:
    """The terms of ``typed`` in order; None stands for an ``OR``."""
    for match in _ITEM.finditer(typed):
        if match.group() == "OR":
            yield None
            continue
        leaf = _leaf(match)
        if leaf is not None:
            yield Not(leaf) if match["minus"] else leaf


def _leaf(match: re.Match[str]) -> Leaf | None:
    """The leaf that was typed, or None when there is no letter or digit in it."""
    name, phrase, bare = match["name"], match["phrase"], match["bare"]
    value = " ".join((bare if phrase is None else phrase).split())
    if not _is_searchable(value):
        # "tag:++" names no tag, but "tag" is a word.
        return Word(f"{name}:{bare}") if name and bare else None
    text: Text = Phrase(value) if phrase is not None else _word(value)
    if name is None:
        return text
    if name.lower() in _FIELDS:
        return Field(name.lower(), value)
    return Title(text)


def _word(value: str) -> Word | Prefix:
    prefix = _PREFIX.fullmatch(value)
    return Prefix(prefix[1]) if prefix else Word(value)


def _is_searchable(value: str) -> bool:
    return any(character.isalnum() for character in value)


def _tree(groups: list[list[Term]]) -> Node | None:
    parts = tuple(Or(tuple(group)) if len(group) > 1 else group[0] for group in groups)
    if len(parts) > 1:
        return And(parts)
    return parts[0] if parts else None
