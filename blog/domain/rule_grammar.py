"""Reading a rule: from the line that somebody wrote to the value, or to a sentence that says where it is wrong.

    rule      = condition arrow actions | name arrow names | mapping {"," mapping}
    condition = all {"or" all}
    all       = one {"and" one}
    one       = "not" one | "(" condition ")" | "always" | field operator value {"," value}
    actions   = action {"," action}
    arrow     = "→" | "->" | "=>"

Words of the grammar may be written in any case. A name or text in quotes is never one of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from blog.domain.entry import Kind, Status
from blog.domain.errors import BadRule, BadTag
from blog.domain.rule_subject import fold
from blog.domain.rules import (
    ARROWS,
    BARE,
    DEEPEST,
    DOING,
    JOINING,
    MOST_CHARACTERS,
    MOST_TERMS,
    OPERATORS,
    STATUS_WORDS,
    TEXTS,
    Action,
    AddTags,
    Always,
    Condition,
    DropTags,
    Field,
    MapTag,
    Not,
    Operator,
    Rule,
    SetKind,
    SetSeries,
    SetStatus,
    Skip,
    Test,
    all_of,
    any_of,
    days_of,
)
from blog.domain.tags import slugify
from blog.domain.urls import bare_host

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_TOKEN: Final = re.compile(
    r'(?P<arrow>→|->|=>)|(?P<sign>[,()])|"(?P<text>(?:[^"\\]|\\.)*)"|“(?P<curly>[^”]*)”'
    rf"|(?P<word>{BARE.pattern})"
)
_UNSEEN: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_FIELDS: Final[Mapping[str, Field]] = {
    **{one.value: one for one in Field},
    "body": Field.TEXT,
    "address": Field.URL,
    "date": Field.PUBLISHED,
}
# In the order in which they are tried: the longer ones first.
_OPERATORS: Final[Sequence[tuple[tuple[str, ...], Operator]]] = (
    (("is", "one", "of"), Operator.ONE_OF),
    (("is", "not"), Operator.IS_NOT),
    (("is",), Operator.IS),
    (("in",), Operator.IS),
    (("contains",), Operator.CONTAINS),
    (("begins", "with"), Operator.BEGINS),
    (("starts", "with"), Operator.BEGINS),
    (("ends", "with"), Operator.ENDS),
    (("before",), Operator.BEFORE),
    (("after",), Operator.AFTER),
    (("over",), Operator.OVER),
    (("under",), Operator.UNDER),
)
_STATUSES: Final = {word: status for status, word in STATUS_WORDS.items()}
_MAPPING: Final = ("drop", "untag", "rename", "split")
_MOST_WORDS: Final = 10_000_000
_HOST: Final = re.compile(r"[\w-]+(\.[\w-]+)*")


@dataclass(frozen=True, slots=True)
class _Token:
    """A word, a text in quotes, an arrow or a sign; ``end`` is the kind of what follows the last one."""

    kind: str
    text: str
    start: int

    def is_word(self, *words: str) -> bool:
        return self.kind == "word" and self.text.lower() in words


@lru_cache(maxsize=2_000)
def parse_rule(line: str) -> Rule:
    """Return the rule that a line is.

    Raises:
        BadRule: it is none; the sentence says where, and what was expected there.
    """
    line = " ".join(line.split())
    if not line:
        raise BadRule("A rule needs a condition, an arrow, and what is to be done.")
    if len(line) > MOST_CHARACTERS:
        raise BadRule(f"A rule has {MOST_CHARACTERS} characters at most; make two of it.", MOST_CHARACTERS)
    if found := _UNSEEN.search(line):
        raise BadRule("There is a sign in it that cannot be seen.", found.start())
    return _Parser(line).rule()


def _tokens(line: str) -> list[_Token]:
    tokens, at = [], 0
    while at < len(line):
        if line[at] == " ":
            at += 1
            continue
        found = _TOKEN.match(line, at)
        if found is None:
            raise BadRule(f"The quotes at {_place(at)} have no end.", at)
        kind = str(found.lastgroup)
        text = found[kind]
        if kind == "text":
            text = re.sub(r"\\(.)", r"\1", text)
        tokens.append(_Token("text" if kind == "curly" else kind, text, at))
        at = found.end()
    return tokens


class _Parser:
    """Where in the line we are."""

    def __init__(self, line: str) -> None:
        self._tokens = _tokens(line)
        self._end = _Token("end", "", len(line))
        self._at = 0
        self._terms = 0
        self._depth = 0

    def rule(self) -> Rule:
        if self._peek(1).kind == "arrow" and self._is_value(self._peek(), {"always"} | JOINING | DOING):
            return self._mapped()
        if self._peek().is_word(*_MAPPING):
            rule = Rule(Always(), self._actions())
        else:
            condition = self._any()
            if self._peek().kind != "arrow":
                raise self._expected("“and”, “or” or an arrow (→ or ->)")
            self._next()
            rule = Rule(condition, self._actions())
        return rule

    def _mapped(self) -> Rule:
        """``js → javascript`` and ``webdev → web, development``."""
        old = self._tag()
        self._next()
        new = self._tags()
        if self._peek().kind != "end":
            raise self._expected("a comma or the end of the line")
        return Rule(Always(), (MapTag(old, new),))

    # Conditions

    def _any(self) -> Condition:
        conditions = [self._all()]
        while self._take("or"):
            conditions.append(self._all())
        return any_of(conditions)

    def _all(self) -> Condition:
        conditions = [self._one()]
        while self._take("and"):
            conditions.append(self._one())
        return all_of(conditions)

    def _one(self) -> Condition:
        token = self._peek()
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._refuse(f"This is nested more than {DEEPEST} deep", token)
        found: Condition
        if self._take("not"):
            found = Not(self._one())
        elif token.kind == "sign" and token.text == "(":
            self._next()
            found = self._any()
            if self._peek().text != ")" or self._peek().kind != "sign":
                raise self._expected("“and”, “or” or “)”")
            self._next()
        elif self._take("always"):
            found = Always()
        else:
            found = self._test()
        self._depth -= 1
        return found

    def _test(self) -> Test:
        token = self._peek()
        field = _FIELDS.get(token.text.lower()) if token.kind == "word" else None
        if field is None:
            names = [one.value for one in Field]
            raise self._expected(f"{', '.join(names[:-1])} or {names[-1]}, or “not”, “always” or “(”")
        self._next()
        operator = self._operator(field)
        if operator is not Operator.ONE_OF:
            return Test(field, operator, (self._value(field),))
        values = [self._value(field)]
        while self._peek().kind == "sign" and self._peek().text == ",":
            self._next()
            values.append(self._value(field))
        return Test(field, operator, tuple(dict.fromkeys(values)))

    def _operator(self, field: Field) -> Operator:
        token = self._peek()
        for words, operator in _OPERATORS:
            if all(self._peek(ahead).is_word(word) for ahead, word in enumerate(words)):
                if operator not in OPERATORS[field]:
                    break
                self._at += len(words)
                return operator
        known = [f"“{one.value}”" for one in OPERATORS[field]]
        raise self._expected(f"{', '.join(known[:-1])} or {known[-1]} after “{field.value}”", token)

    def _value(self, field: Field) -> str:
        token = self._peek()
        if not self._is_value(token, JOINING):
            raise self._expected("a word, or a text in quotes")
        self._count(token)
        self._next()
        value = " ".join(token.text.split())
        if not value and field not in (Field.SOURCE, Field.SERIES):
            raise self._refuse("There is nothing between the quotes", token)
        read = _VALUES.get(field)
        if read is None:
            if field in TEXTS and not fold(value):
                raise self._refuse(f"“{value}” leaves nothing to compare with", token)
            return value
        try:
            return read(value)
        except (ValueError, OverflowError, BadTag) as error:
            raise BadRule(f"At {_place(token.start)}: {error}", token.start) from None

    # Actions

    def _actions(self) -> tuple[Action, ...]:
        actions = [self._action()]
        while self._peek().kind == "sign" and self._peek().text == ",":
            self._next()
            actions.append(self._action())
        if self._peek().kind != "end":
            raise self._expected("a comma or the end of the line")
        if len(actions) > 1 and any(isinstance(one, Skip) for one in actions):
            raise BadRule("“skip” leaves the item out, so nothing else can be done with it.")
        for kind in (SetStatus, SetKind, SetSeries):
            same = list(dict.fromkeys(str(one) for one in actions if isinstance(one, kind)))
            if len(same) > 1:
                raise BadRule(f"“{same[0]}” and “{same[1]}” cannot both be.")
        return tuple(dict.fromkeys(actions))

    def _action(self) -> Action:
        token = self._peek()
        word = token.text.lower() if token.kind == "word" else ""
        if word in _STATUSES:
            self._next()
            return SetStatus(_STATUSES[word])
        make = self._made_by().get(word)
        if make is None:
            raise self._expected(
                "tag, untag, rename tag, split tag, publish, inbox, draft, hide, kind, series or skip"
            )
        self._next()
        return make()

    def _made_by(self) -> Mapping[str, Callable[[], Action]]:
        return {
            "tag": lambda: AddTags(self._tags()),
            "untag": lambda: DropTags(self._tags()),
            "drop": lambda: DropTags(self._tags()),
            "rename": lambda: self._map("to"),
            "split": lambda: self._map("into"),
            "kind": self._kind,
            "series": self._series,
            "skip": Skip,
        }

    def _map(self, word: str) -> Action:
        if not self._take("tag"):
            raise self._expected("“tag”")
        old = self._tag()
        if not self._take(word):
            raise self._expected(f"“{word}”")
        return MapTag(old, (self._tag(),) if word == "to" else self._tags())

    def _kind(self) -> Action:
        token = self._next()
        try:
            return SetKind(Kind(_kind_word(token.text)))
        except ValueError as error:
            raise BadRule(f"At {_place(token.start)}: {error}", token.start) from None

    def _series(self) -> Action:
        return SetSeries(self._tag("a series"))

    def _tags(self) -> tuple[str, ...]:
        """Names with commas between, up to the word of the next action."""
        names = {slugify(name): name for name in (self._tag(),)}
        while self._peek().text == "," and self._is_value(self._peek(1), DOING):
            self._next()
            name = self._tag()
            names.setdefault(slugify(name), name)
        return tuple(names.values())

    def _tag(self, what: str = "a tag") -> str:
        token = self._peek()
        if not self._is_value(token, DOING):
            is_ours = token.kind == "word"
            raise self._expected(
                f"the name of {what}{', in quotes if it is a word of rules' if is_ours else ''}"
            )
        self._count(token)
        self._next()
        name = " ".join(token.text.split())
        if not _is_name(name):
            raise self._refuse(f"“{name[:80]}” has no letter or digit, so nothing can be named that", token)
        return name

    # The line

    def _peek(self, ahead: int = 0) -> _Token:
        at = self._at + ahead
        return self._tokens[at] if at < len(self._tokens) else self._end

    def _next(self) -> _Token:
        token = self._peek()
        self._at += 1
        return token

    def _take(self, word: str) -> bool:
        if not self._peek().is_word(word):
            return False
        self._next()
        return True

    @staticmethod
    def _is_value(token: _Token, reserved: frozenset[str] | set[str]) -> bool:
        return token.kind == "text" or (token.kind == "word" and token.text.lower() not in reserved)

    def _count(self, token: _Token) -> None:
        self._terms += 1
        if self._terms > MOST_TERMS:
            raise self._refuse(f"A rule has {MOST_TERMS} values and names at most; make two of it", token)

    def _expected(self, what: str, token: _Token | None = None) -> BadRule:
        token = token or self._peek()
        found = "the line ends" if token.kind == "end" else f"there is “{token.text[:40]}”"
        return BadRule(f"At {_place(token.start)} {found}. Expected here: {what}.", token.start)

    def _refuse(self, sentence: str, token: _Token) -> BadRule:
        return BadRule(f"{sentence}, at {_place(token.start)}.", token.start)


def _is_name(text: str) -> bool:
    try:
        return bool(slugify(text))
    except BadTag:
        return False


def _place(at: int) -> str:
    return f"character {at + 1}"


def _kind_word(text: str) -> str:
    word = text.lower()
    for kind in Kind:
        if word in (kind.value, kind.plural):
            return kind.value
    raise ValueError(f"“{text[:40]}” is no kind. There are {', '.join(Kind)}.")


def _status_word(text: str) -> str:
    if text.lower() not in set(Status):
        raise ValueError(f"“{text[:40]}” is no status. There are {', '.join(Status)}.")
    return text.lower()


def _host(text: str) -> str:
    host = bare_host(text)
    if not _HOST.fullmatch(host):
        raise ValueError(f"“{text[:40]}” is no domain; write it as in github.com.")
    return host


def _number(text: str) -> str:
    if not (text.isascii() and text.isdigit() and int(text[:9]) <= _MOST_WORDS and len(text) < 9):
        raise ValueError(f"“{text[:40]}” is no number of words.")
    return str(int(text))


def _date(text: str) -> str:
    try:
        days_of(text)
    except (ValueError, OverflowError):
        raise ValueError(f"“{text[:40]}” is no date; write it as in 2015, 2015-03 or 2015-03-14.") from None
    return text


def _tag_name(text: str) -> str:
    slugify(text)
    return text


def _place_name(text: str) -> str:
    return text if not text else _tag_name(text)


_VALUES: Final[Mapping[Field, Callable[[str], str]]] = {
    Field.DOMAIN: _host,
    Field.TAG: _tag_name,
    Field.SOURCE: _place_name,
    Field.SERIES: _place_name,
    Field.KIND: _kind_word,
    Field.STATUS: _status_word,
    Field.WORDS: _number,
    Field.PUBLISHED: _date,
}
assert all(BARE.fullmatch(arrow) is None for arrow in ARROWS), "an arrow is no word"
