"""Rules: what a line means, its one spelling, what it does, and the sentence where it is none."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blog.domain.entry import Draft, Kind, Status
from blog.domain.errors import BadRule, BadTag
from blog.domain.rule_grammar import parse_rule
from blog.domain.rule_subject import TagNames, fold
from blog.domain.rules import (
    OPERATORS,
    TEXTS,
    AddTags,
    Always,
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
    apply_rules,
)
from blog.domain.tags import slugify

ITEM = Draft(
    kind=Kind.LINK,
    external_id="1",
    published=datetime(2015, 3, 14, 12, tzinfo=UTC),
    title="Why PostgreSQL is a Café",
    body="It’s about smart indexes.\nAnd 日本語.",
    url="https://www.gist.github.com/ada/Notes?x=1",
    tags=("js", "C++", "to-read"),
    folder="Work/Databases",
    source="pinboard",
    series="guide",
)

SPELLINGS = [
    (
        'title contains "postgres" and domain is github.com → tag postgresql, publish',
        'title contains "postgres" and domain is github.com → tag postgresql, publish',
    ),
    (
        "TITLE Contains postgres AND domain IS www.GitHub.com -> TAG postgresql, Publish",
        'title contains "postgres" and domain is github.com → tag postgresql, publish',
    ),
    ("js => javascript", "js → javascript"),
    ("always -> rename tag js to javascript", "js → javascript"),
    ("webdev → web, development", "webdev → web, development"),
    ("drop to-read", "drop to-read"),
    ("always → untag to-read", "drop to-read"),
    ("rename tag a to b, drop c", "always → rename tag a to b, untag c"),
    ('"machine learning" → “ML”', '"machine learning" → ML'),
    ("always → tag C++, \"publish\", 'x'", "always → tag C++, \"publish\", 'x'"),
    ("(tag is a) or ((tag is b and tag is c)) → hide", "tag is a or tag is b and tag is c → hide"),
    ("(tag is a or tag is b) and tag is c → hide", "(tag is a or tag is b) and tag is c → hide"),
    ("not (tag is a and kind is links) → skip", "not (tag is a and kind is link) → skip"),
    ("body starts with x → kind notes", 'text begins with "x" → kind note'),
    ("date in 2015 → draft", "published is 2015 → draft"),
    ("status is draft and source is “” → inbox", 'status is draft and source is "" → inbox'),
    ("domain is one of a.org, b.org, a.org → series Guide", "domain is one of a.org, b.org → series Guide"),
    (r'title is "say \"hi\" \\ → or not" → hide', r'title is "say \"hi\" \\ → or not" → hide'),
    ("words over 0300 → tag a, A, b", "words over 300 → tag a, b"),
]


@pytest.mark.parametrize(("written", "canonical"), SPELLINGS)
def test_a_rule_has_one_spelling_however_it_was_written(written: str, canonical: str) -> None:
    rule = parse_rule(written)
    assert str(rule) == canonical
    assert parse_rule(canonical) == rule


HOLDS = [
    ('title contains "postgres"', True),
    ('title contains "SQL"', False),  # no word begins so
    ('title contains "cafe"', True),
    ('title contains "is a"', True),
    ('text contains "art"', False),
    ('text contains "it\'s about"', True),
    ('text contains "indexes. and"', True),
    ('text contains "本語"', True),
    ('title begins with "WHY"', True),
    ('title ends with "café"', True),
    ('title is "why postgresql is a cafe"', True),
    ('title is not "Why"', True),
    ('title is one of "x", "Why PostgreSQL is a Cafe"', True),
    ('url contains "ithub.com/ADA"', True),
    ("domain is github.com", True),
    ("domain is gist.github.com", True),
    ("domain is hub.com", False),
    ("domain is not github.com", False),
    ("domain is one of example.com, github.com", True),
    ("tag is cplusplus", True),
    ('tag is "c++"', True),
    ("tag is javascript", True),  # js leads there
    ("tag is language", True),  # C++ implies it
    ("tag is not python", True),
    ("kind is links", True),
    ("kind is one of note, article", False),
    ("source is Pinboard", True),
    ('source is ""', False),
    ('series is not ""', True),
    ('folder begins with "Work"', True),
    ('folder contains "data"', True),
    ("status is published", True),
    ("words over 5", True),
    ("words under 6", False),
    ("words is 6", True),
    ("published before 2015", False),
    ("published before 2015-03-15", True),
    ("published before 2015-03-14", False),
    ("published after 2014", True),
    ("published after 2015-03", False),
    ("published in 2015-03", True),
    ("published in 2015-03-14", True),
    ("always", True),
    ("not always or not not always", True),
    ("kind is note and always or tag is js", True),
    ("kind is note and (always or tag is js)", False),
]
TAGS = TagNames(
    lambda slug: {"js": "javascript"}.get(slug, slug),
    lambda slugs: {*slugs, "language"} if "cplusplus" in slugs else slugs,
)


@pytest.mark.parametrize(("condition", "holds"), HOLDS)
def test_a_condition_holds_or_not(condition: str, holds: bool) -> None:
    assert parse_rule(f"{condition} → skip").matches(ITEM, TAGS) is holds


DOES: list[tuple[str, dict[str, object]]] = [
    ("always → tag postgresql, C++", {"tags": ("js", "C++", "to-read", "postgresql")}),
    ("drop to-read, nothing", {"tags": ("js", "C++")}),
    ("js → JavaScript", {"tags": ("C++", "to-read", "JavaScript")}),
    ("c++ → C++, language", {"tags": ("js", "C++", "to-read", "language")}),
    ("nothing → something", {}),
    ("always → publish", {}),
    ("always → hide", {"status": Status.HIDDEN}),
    ("always → inbox, kind article", {"status": Status.INBOX, "kind": Kind.ARTICLE}),
    ("always → series Guide", {}),
    ('always → series "Other"', {"series": "Other"}),
    ("kind is note → hide", {}),
    ("always → skip", {}),
]


@pytest.mark.parametrize(("line", "values"), DOES)
def test_a_rule_does_what_it_says_and_nothing_else(line: str, values: dict[str, object]) -> None:
    assert parse_rule(line).apply(ITEM).draft == replace(ITEM, **values)  # type: ignore[arg-type]


def test_what_links_nowhere_is_made_no_link() -> None:
    note = replace(ITEM, kind=Kind.NOTE, url="")
    assert parse_rule("always → kind link").apply(note).draft == note


def test_each_rule_sees_what_those_before_have_made() -> None:
    rules = [
        parse_rule(line)
        for line in ("js → javascript", "tag is javascript → tag web, publish", "drop web", "tag is web → skip")
    ]
    ruled = apply_rules(rules, ITEM)
    assert ruled.draft.tags == ("C++", "to-read", "javascript")
    assert ruled.given == {"javascript": 0}, "what is taken away again is from no rule"
    assert [(one.number, set(one.gained), set(one.lost)) for one in ruled.steps] == [
        (0, {"javascript"}, {"js"}),
        (1, {"web"}, set()),
        (2, set(), {"web"}),
    ]
    assert (ruled.status, ruled.skipped) == (Status.PUBLISHED, None)


def test_nothing_is_tried_after_an_item_is_left_out() -> None:
    ruled = apply_rules([parse_rule("tag is js → skip"), parse_rule("always → tag a")], ITEM)
    assert (ruled.skipped, ruled.draft) == (0, ITEM)


WRONG = [
    ("", "A rule needs a condition, an arrow, and what is to be done."),
    ("titel contains x → tag a", "At character 1 there is “titel”. Expected here: title, text, url, folder"),
    (
        "title has x → tag a",
        "At character 7 there is “has”. Expected here: “is”, “is not”, “is one of”, “contains”, “begins with” or "
        "“ends with” after “title”.",
    ),
    ("title contains", "At character 15 the line ends. Expected here: a word, or a text in quotes."),
    ('title contains "x', "The quotes at character 16 have no end."),
    ("title contains x", "At character 17 the line ends. Expected here: “and”, “or” or an arrow (→ or ->)."),
    ("(tag is a → hide", "At character 11 there is “→”. Expected here: “and”, “or” or “)”."),
    (
        "always →",
        "At character 9 the line ends. Expected here: tag, untag, rename tag, split tag, publish, inbox",
    ),
    ("always → tag", "At character 13 the line ends. Expected here: the name of a tag."),
    (
        "always → tag draft",
        "At character 14 there is “draft”. Expected here: the name of a tag, in quotes if it is a word of rules.",
    ),
    ("always → tag a b", "At character 16 there is “b”. Expected here: a comma or the end of the line."),
    ("always → tag !!!", "“!!!” has no letter or digit, so nothing can be named that, at character 14."),
    ("always → publish, hide", "“publish” and “hide” cannot both be."),
    ("always → skip, hide", "“skip” leaves the item out, so nothing else can be done with it."),
    ("always → kind poem", "At character 15: “poem” is no kind. There are article, link"),
    ("status is open → hide", "At character 11: “open” is no status. There are published, draft"),
    (
        "domain is https://x.org → hide",
        "At character 11: “https://x.org” is no domain; write it as in github.com.",
    ),
    ("words over many → hide", "At character 12: “many” is no number of words."),
    (
        "published before 2015-13 → hide",
        "At character 18: “2015-13” is no date; write it as in 2015, 2015-03 or",
    ),
    ('title is "" → hide', "There is nothing between the quotes, at character 10."),
    ("title is \u0301 → hide", "“\u0301” leaves nothing to compare with, at character 10."),
    ("always → hide" + " " * 600, None),
    ("always → tag " + "a" * 600, "A rule has 500 characters at most; make two of it."),
    (
        "always → tag " + ", ".join(f"t{number}" for number in range(51)),
        "A rule has 50 values and names at most; make two of it, at character 254.",
    ),
    ("(" * 200 + "always", "This is nested more than 10 deep, at character 11."),
    ("always → tag a\x00", "There is a sign in it that cannot be seen."),
]


@pytest.mark.parametrize(("line", "sentence"), WRONG, ids=lambda one: str(one)[:40])
def test_what_is_no_rule_is_told_with_its_place(line: str, sentence: str | None) -> None:
    if sentence is None:
        parse_rule(line)
        return
    with pytest.raises(BadRule) as raised:
        parse_rule(line)
    assert raised.value.sentence.startswith(sentence)


def _is_name(text: str) -> bool:
    try:
        slugify(text)
    except BadTag:
        return False
    return True


values = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=8).map(
    lambda text: " ".join(text.split())
)
names = (st.sampled_from(["to", "publish", "C++", "a b", 'q"q', "x\\", "→x"]) | values).filter(_is_name)
_several = st.lists(names, min_size=1, max_size=3, unique_by=slugify).map(tuple)
_VALUES = {
    Field.DOMAIN: st.sampled_from(["github.com", "a.b-c.org", "日本.jp"]),
    Field.TAG: names,
    Field.SOURCE: names | st.just(""),
    Field.SERIES: names | st.just(""),
    Field.KIND: st.sampled_from([one.value for one in Kind]),
    Field.STATUS: st.sampled_from([one.value for one in Status]),
    Field.WORDS: st.integers(0, 9_999_999).map(str),
    Field.PUBLISHED: st.sampled_from(["2015", "2015-12", "2016-02-29"]),
    **dict.fromkeys(TEXTS, values.filter(lambda text: bool(fold(text)))),
}


@st.composite
def comparisons(draw: st.DrawFn) -> Test:
    field = draw(st.sampled_from(Field))
    operator = draw(st.sampled_from(OPERATORS[field]))
    most = 3 if operator is Operator.ONE_OF else 1
    return Test(field, operator, tuple(draw(st.lists(_VALUES[field], min_size=1, max_size=most, unique=True))))


conditions = st.recursive(
    comparisons() | st.just(Always()),
    lambda inner: (
        inner.map(Not)
        | st.lists(inner, min_size=2, max_size=3).map(all_of)
        | st.lists(inner, min_size=2, max_size=3).map(any_of)
    ),
    max_leaves=5,
)
actions = (
    _several.map(AddTags)
    | _several.map(DropTags)
    | st.builds(MapTag, names, _several)
    | st.sampled_from(Kind).map(SetKind)
    | names.map(SetSeries)
    | st.sampled_from(Status).map(SetStatus)
)


def _can_be(rule: Rule) -> bool:
    """Whether no two of its actions contradict each other, and it is short enough."""
    singles = [type(one) for one in rule.actions if isinstance(one, SetStatus | SetKind | SetSeries)]
    return len(set(singles)) == len(singles) and len(str(rule)) <= 500


rules = st.builds(
    Rule,
    conditions,
    st.lists(actions, min_size=1, max_size=3, unique=True).map(tuple) | st.just((Skip(),)),
).filter(_can_be)


@settings(max_examples=30, deadline=None)
@given(rules)
def test_the_spelling_of_a_rule_is_read_as_the_rule(rule: Rule) -> None:
    assert parse_rule(str(rule)) == rule


@settings(max_examples=30, deadline=None)
@given(
    st.text(max_size=60)
    | st.lists(st.sampled_from('always → tag ( ) , " not or is title a'.split()), max_size=12).map(" ".join)
)
def test_any_line_is_a_rule_or_told_to_be_none(line: str) -> None:
    try:
        rule = parse_rule(line)
    except BadRule:
        return
    assert parse_rule(str(rule)) == rule


@settings(max_examples=20, deadline=None)
@given(st.lists(rules, max_size=3))
def test_rules_that_only_add_tags_are_done_after_once(some: list[Rule]) -> None:
    adding = [replace(rule, actions=(AddTags(("one", "C++")),)) for rule in some]
    once = apply_rules(adding, ITEM).draft
    again = apply_rules(adding, once).draft
    assert set(once.tags) <= set(again.tags)


def test_a_hostile_text_takes_no_rule_long() -> None:
    """It would not come to an end if what an author looks for were a pattern that can backtrack."""
    hostile = replace(ITEM, title="a" * 1_000_000, body="xa" * 1_000_000)
    rule = parse_rule(f'text contains "{"a" * 200}b" or title contains "{"(a+)+" * 10}b" → hide')
    assert not rule.matches(hostile)
