"""Rules: what becomes of an item that is like this or that, one readable line each.

    title contains "postgres" and domain is github.com → tag postgresql, publish

A rule is an immutable value. ``str(rule)`` is its one canonical spelling, and
``rule_grammar.parse_rule`` reads that, and what people write, back. Lines that only map tags are rules
too: ``js → javascript``, ``webdev → web, development``, ``drop to-read``. docs/rules.md has the language.

What a rule costs is bounded: a line has so many terms, a text is looked at so far, and nothing is a
regular expression.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from blog.domain.entry import Kind, Status
from blog.domain.rule_subject import AS_WRITTEN, Subject, folded, has_words
from blog.domain.tags import slugify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from blog.domain.entry import Draft
    from blog.domain.rule_subject import TagNames

MOST_CHARACTERS: Final = 500
MOST_TERMS: Final = 50
DEEPEST: Final = 10
ARROW: Final = "→"
ARROWS: Final = (ARROW, "->", "=>")


class Field(StrEnum):
    """What a condition may be about; the value is the word for it."""

    TITLE = "title"
    TEXT = "text"
    URL = "url"
    FOLDER = "folder"
    DOMAIN = "domain"
    TAG = "tag"
    KIND = "kind"
    SOURCE = "source"
    SERIES = "series"
    STATUS = "status"
    WORDS = "words"
    PUBLISHED = "published"


class Operator(StrEnum):
    """How a condition compares; the value is the words for it."""

    IS = "is"
    IS_NOT = "is not"
    ONE_OF = "is one of"
    CONTAINS = "contains"
    BEGINS = "begins with"
    ENDS = "ends with"
    BEFORE = "before"
    AFTER = "after"
    OVER = "over"
    UNDER = "under"


_EQUAL: Final = (Operator.IS, Operator.IS_NOT, Operator.ONE_OF)
_PROSE: Final = (*_EQUAL, Operator.CONTAINS, Operator.BEGINS, Operator.ENDS)
TEXTS: Final = frozenset({Field.TITLE, Field.TEXT, Field.URL, Field.FOLDER})
OPERATORS: Final[Mapping[Field, tuple[Operator, ...]]] = {
    **dict.fromkeys(TEXTS, _PROSE),
    **dict.fromkeys((Field.DOMAIN, Field.TAG, Field.KIND, Field.SOURCE, Field.SERIES, Field.STATUS), _EQUAL),
    Field.WORDS: (Operator.OVER, Operator.UNDER, Operator.IS),
    Field.PUBLISHED: (Operator.BEFORE, Operator.AFTER, Operator.IS),
}


# Words of the grammar that stand where a value could: as values they are put in quotes.
JOINING: Final = frozenset({"and", "or", "not"})
DOING: Final = frozenset(
    (
        *("tag", "untag", "drop", "rename", "split", "to", "into", "publish", "inbox", "draft"),
        *("hide", "kind", "series", "skip"),
    )
)
RESERVED: Final = JOINING | DOING | {"always"}
BARE: Final = re.compile(r"(?:(?!->|=>)[^\s,()\"“”→])+")


def quoted(text: str) -> str:
    """Return a text in quotes."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def spelled(text: str, reserved: frozenset[str] = RESERVED) -> str:
    """Return a value as rules spell it: in quotes where it would not be read as one otherwise."""
    is_word = BARE.fullmatch(text) and text.lower() not in reserved
    return text if is_word else quoted(text)


def _names(names: Iterable[str]) -> str:
    return ", ".join(map(spelled, names))


# Conditions


class Condition(Protocol):
    """What an item is like, or not."""

    def holds(self, item: Subject) -> bool:
        """Tell whether the item is like that."""
        ...


@dataclass(frozen=True, slots=True)
class Always:
    """True of every item."""

    def holds(self, _item: Subject) -> bool:
        """See ``Condition``."""
        return True

    def __str__(self) -> str:
        return "always"


@dataclass(frozen=True, slots=True)
class Test:
    """One comparison; ``values`` are more than one only for ``ONE_OF``."""

    # Not a class of tests, whatever pytest makes of its name.
    __test__ = False

    field: Field
    operator: Operator
    values: tuple[str, ...]

    def holds(self, item: Subject) -> bool:
        """See ``Condition``."""
        compare = _COMPARED[self.field]
        if self.operator is Operator.IS_NOT:
            return not compare(item, self.field, Operator.IS, self.values[0])
        # No generator: a hundred thousand items go through some dozen of these.
        for value in self.values:  # noqa: SIM110
            if compare(item, self.field, self.operator, value):
                return True
        return False

    def __str__(self) -> str:
        said = [
            quoted(value) if self.field in TEXTS else spelled(value, JOINING | {""}) for value in self.values
        ]
        return f"{self.field.value} {self.operator.value} {', '.join(said)}"


@dataclass(frozen=True, slots=True)
class Not:
    """True where the other is not."""

    condition: Condition

    def holds(self, item: Subject) -> bool:
        """See ``Condition``."""
        return not self.condition.holds(item)

    def __str__(self) -> str:
        return f"not {_grouped(self.condition, AllOf, AnyOf)}"


@dataclass(frozen=True, slots=True)
class AllOf:
    """True where each of them is: two at least, and none of them an ``AllOf``, as ``all_of`` makes it."""

    conditions: tuple[Condition, ...]

    def holds(self, item: Subject) -> bool:
        """See ``Condition``."""
        return all(one.holds(item) for one in self.conditions)

    def __str__(self) -> str:
        return " and ".join(_grouped(one, AnyOf) for one in self.conditions)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """True where one of them is: two at least, and none of them an ``AnyOf``, as ``any_of`` makes it."""

    conditions: tuple[Condition, ...]

    def holds(self, item: Subject) -> bool:
        """See ``Condition``."""
        return any(one.holds(item) for one in self.conditions)

    def __str__(self) -> str:
        return " or ".join(map(str, self.conditions))


def all_of(conditions: Sequence[Condition]) -> Condition:
    """Return the condition that each of these is true: the one spelling of it, whatever its parentheses."""
    return _joined(AllOf, conditions)


def any_of(conditions: Sequence[Condition]) -> Condition:
    """Return the condition that one of these is true."""
    return _joined(AnyOf, conditions)


def _joined(kind: type[AllOf | AnyOf], conditions: Sequence[Condition]) -> Condition:
    flat: list[Condition] = []
    for one in conditions:
        flat += one.conditions if isinstance(one, kind) else (one,)
    return flat[0] if len(flat) == 1 else kind(tuple(flat))


def _grouped(condition: Condition, *kinds: type) -> str:
    return f"({condition})" if isinstance(condition, kinds) else str(condition)


@lru_cache(maxsize=2_000)
def days_of(text: str) -> tuple[date, date]:
    """Return the first day of a year, a month or a day, and the first one after it.

    Raises:
        ValueError: it is none of these.
    """
    if not re.fullmatch(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?", text):
        raise ValueError(text)
    year, month, day = (*map(int, text.split("-")), 0, 0)[:3]
    first = date(year, month or 1, day or 1)
    if day:
        return first, date.fromordinal(first.toordinal() + 1)
    months = year * 12 + (month or 12)
    return first, date(months // 12, months % 12 + 1, 1)


def _compare_text(item: Subject, what: Field, operator: Operator, value: str) -> bool:
    text, wanted = getattr(item, what.value), folded(value)
    match operator:
        case Operator.CONTAINS:
            # An address is not made of words.
            return wanted in text if what is Field.URL else has_words(text, wanted)
        case Operator.BEGINS:
            return bool(text.startswith(wanted))
        case Operator.ENDS:
            return bool(text.endswith(wanted))
        case _:
            return bool(text == wanted)


def _compare_domain(item: Subject, _what: Field, _operator: Operator, value: str) -> bool:
    return item.domain == value or item.domain.endswith(f".{value}")


def _compare_tag(item: Subject, _what: Field, _operator: Operator, value: str) -> bool:
    return item.living(value) in item.meant


def _compare_slug(item: Subject, what: Field, _operator: Operator, value: str) -> bool:
    said: str = getattr(item.draft, what.value)
    return said == value or (bool(said and value) and _slug(said) == _slug(value))


def _compare_word(item: Subject, what: Field, _operator: Operator, value: str) -> bool:
    return bool(getattr(item.draft, what.value).value == value)


def _compare_words(item: Subject, _what: Field, operator: Operator, value: str) -> bool:
    wanted = int(value)
    if operator is Operator.OVER:
        return item.words > wanted
    return item.words < wanted if operator is Operator.UNDER else item.words == wanted


def _compare_date(item: Subject, _what: Field, operator: Operator, value: str) -> bool:
    (first, after), day = days_of(value), item.draft.published.date()
    if operator is Operator.BEFORE:
        return day < first
    return day >= after if operator is Operator.AFTER else first <= day < after


_slug = lru_cache(maxsize=20_000)(slugify)
_COMPARED: Final[Mapping[Field, Callable[[Subject, Field, Operator, str], bool]]] = {
    **dict.fromkeys(TEXTS, _compare_text),
    Field.DOMAIN: _compare_domain,
    Field.TAG: _compare_tag,
    Field.SOURCE: _compare_slug,
    Field.SERIES: _compare_slug,
    Field.KIND: _compare_word,
    Field.STATUS: _compare_word,
    Field.WORDS: _compare_words,
    Field.PUBLISHED: _compare_date,
}


# Actions


@dataclass(frozen=True, slots=True)
class AddTags:
    """Tag the item."""

    names: tuple[str, ...]

    def act(self, item: Subject) -> None:
        """Do it."""
        new = dict(item.names)
        for name in self.names:
            new.setdefault(item.living(name), name)
        if len(new) > len(item.names):
            item.retag(new)

    def __str__(self) -> str:
        return f"tag {_names(self.names)}"


@dataclass(frozen=True, slots=True)
class DropTags:
    """Take tags off the item. What another of its tags implies stays."""

    names: tuple[str, ...]

    def act(self, item: Subject) -> None:
        """Do it."""
        dropped = {item.living(name) for name in self.names}
        if dropped & item.names.keys():
            item.retag({slug: name for slug, name in item.names.items() if slug not in dropped})

    def __str__(self) -> str:
        return f"untag {_names(self.names)}"


@dataclass(frozen=True, slots=True)
class MapTag:
    """Where the item has the one tag, give it the others instead."""

    old: str
    new: tuple[str, ...]

    def act(self, item: Subject) -> None:
        """Do it."""
        old = item.living(self.old)
        if old in item.names:
            new = {item.living(name): name for name in self.new}
            item.retag({slug: name for slug, name in item.names.items() if slug != old or slug in new} | new)

    def __str__(self) -> str:
        verb, to = ("rename", "to") if len(self.new) == 1 else ("split", "into")
        return f"{verb} tag {spelled(self.old)} {to} {_names(self.new)}"


@dataclass(frozen=True, slots=True)
class SetStatus:
    """Say who may see it."""

    status: Status

    def act(self, item: Subject) -> None:
        """Do it."""
        if item.draft.status is not self.status:
            item.set(status=self.status)

    def __str__(self) -> str:
        return STATUS_WORDS[self.status]


STATUS_WORDS: Final[Mapping[Status, str]] = {
    Status.PUBLISHED: "publish",
    Status.INBOX: "inbox",
    Status.DRAFT: "draft",
    Status.HIDDEN: "hide",
}


@dataclass(frozen=True, slots=True)
class SetKind:
    """Make it of another kind; what links nowhere is not made a link."""

    kind: Kind

    def act(self, item: Subject) -> None:
        """Do it."""
        can_be = self.kind is not Kind.LINK or item.domain
        if can_be and item.draft.kind is not self.kind:
            item.set(kind=self.kind)

    def __str__(self) -> str:
        return f"kind {self.kind.value}"


@dataclass(frozen=True, slots=True)
class SetSeries:
    """Put it into a series."""

    name: str

    def act(self, item: Subject) -> None:
        """Do it."""
        if _slug(item.draft.series or "-0-") != _slug(self.name):
            item.set(series=self.name)

    def __str__(self) -> str:
        return f"series {spelled(self.name)}"


@dataclass(frozen=True, slots=True)
class Skip:
    """Leave the item out."""

    def act(self, _item: Subject) -> None:
        """Do nothing: who applies rules asks for ``skips`` first."""

    def __str__(self) -> str:
        return "skip"


Action: TypeAlias = AddTags | DropTags | MapTag | SetStatus | SetKind | SetSeries | Skip


@dataclass(frozen=True, slots=True)
class Rule:
    """What is done with an item of which the condition holds."""

    condition: Condition
    actions: tuple[Action, ...]

    @property
    def skips(self) -> bool:
        """Whether it leaves items out."""
        return any(isinstance(one, Skip) for one in self.actions)

    @property
    def fields(self) -> frozenset[Field]:
        """What its condition is about."""
        return frozenset(_fields(self.condition))

    def matches(self, draft: Draft, tags: TagNames = AS_WRITTEN) -> bool:
        """Tell whether its condition holds of a draft."""
        return self.condition.holds(Subject(draft, tags))

    def apply(self, draft: Draft, tags: TagNames = AS_WRITTEN) -> Ruled:
        """Return what becomes of a draft; see ``apply_rules``."""
        return apply_rules([self], draft, tags)

    def __str__(self) -> str:
        if isinstance(self.condition, Always) and len(self.actions) == 1:
            (only,) = self.actions
            if isinstance(only, MapTag):
                return f"{spelled(only.old)} {ARROW} {_names(only.new)}"
            if isinstance(only, DropTags):
                return f"drop {_names(only.names)}"
        return f"{self.condition} {ARROW} {', '.join(map(str, self.actions))}"


def _fields(condition: Condition) -> Iterable[Field]:
    match condition:
        case Test(field=what):
            yield what
        case Not(condition=other):
            yield from _fields(other)
        case AllOf(conditions=others) | AnyOf(conditions=others):
            for one in others:
                yield from _fields(one)
        case _:
            return


@dataclass(frozen=True, slots=True)
class Step:
    """What one rule, named by its place among those applied, made of an item of which it held.

    ``gained`` and ``lost`` are slugs of tags; the others are None where the rule changed nothing of it.
    ``changes`` tells whether it changed anything at all.
    """

    number: int
    gained: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()
    status: Status | None = None
    kind: Kind | None = None
    series: str | None = None
    changes: bool = True


@dataclass(frozen=True, slots=True)
class Ruled:
    """A draft after some rules, with what each that applied did, in their order.

    ``names`` gives the slugs of its tags the names that they were written with, ``given`` those that a
    rule has given the first rule that did. ``status`` is the one that a rule said last, even if the draft
    had it already, and ``skipped`` the rule that leaves the item out: those after it were not tried.
    """

    draft: Draft
    names: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, int] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    status: Status | None = None
    skipped: int | None = None


def apply_rules(rules: Sequence[Rule], draft: Draft, tags: TagNames = AS_WRITTEN) -> Ruled:
    """Apply rules to a draft, in their order: each sees what those before have made of it."""
    item, status, skipped = Subject(draft, tags), None, None
    steps: list[Step] = []
    for number, rule in enumerate(rules):
        if not rule.condition.holds(item):
            continue
        steps.append(_step(number, rule, item))
        for action in rule.actions:
            if isinstance(action, SetStatus):
                status = action.status
            elif isinstance(action, Skip):
                skipped = number
        if skipped is not None:
            break
    given: dict[str, int] = {}
    for step in steps:
        # What a later rule took away again is from none.
        given |= {slug: step.number for slug in step.gained if slug not in given and slug in item.names}
    return Ruled(item.draft, item.names, given, tuple(steps), status, skipped)


def _step(number: int, rule: Rule, item: Subject) -> Step:
    before, had = item.draft, item.names.keys()
    for action in rule.actions:
        action.act(item)
    after = item.draft
    if after is before:
        return Step(number, changes=False)
    return Step(
        number,
        gained=frozenset(item.names.keys() - had),
        lost=frozenset(had - item.names.keys()),
        status=after.status if after.status is not before.status else None,
        kind=after.kind if after.kind is not before.kind else None,
        series=after.series if after.series != before.series else None,
    )
