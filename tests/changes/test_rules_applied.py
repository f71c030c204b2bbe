"""Rules on the entries there are: shown beforehand, done as one operation, and undone; and tending rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from conftest import counted
from sqlalchemy import func, select
from tables import tables, tagged

from blog.changes.operations import undo_operation
from blog.changes.plans import NothingToDo, carry_out, preview
from blog.changes.rules import (
    MOST_RULES,
    RuleIsThere,
    TooManyRules,
    add_rule,
    change_rule,
    delete_rule,
    enable_rule,
    move_rule,
)
from blog.changes.rules_applied import ApplyRules, RulesPreview, preview_rules
from blog.changes.sources import merge_sources
from blog.changes.tagging import Imply
from blog.domain.entry import Status
from blog.domain.errors import BadRule, NotThere
from blog.models import Entry, RuledTag, Series, Source
from blog.queries.rules import rules_by_place

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Blog


@pytest.fixture
def written(blog: Blog) -> Blog:
    """Four entries; fastapi implies python."""
    blog.write("Python and PostgreSQL", "python js", day="2009-05-25")
    blog.write("Notes", "js to-read", kind="note", day="2010-05-25", status=Status.INBOX, body="On postgres.")
    blog.write("FastAPI", "fastapi", day="2011-05-25", source="feed", series="guide")
    blog.write("Hidden", "web", day="2012-05-25", status=Status.HIDDEN)
    carry_out(blog.services, Imply("fastapi", "python", existing=True))
    return blog


def add(blog: Blog, *lines: str) -> list[int]:
    return [add_rule(blog.services, line) for line in lines]


def lines(blog: Blog) -> list[str]:
    return [row.line for place in rules_by_place(blog.services) for row in place.rules]


def counts(shown: RulesPreview) -> list[tuple[int, int, dict[str, int], dict[str, int], tuple[str, ...]]]:
    return [(one.matched, one.changed, dict(one.gained), dict(one.lost), one.done) for one in shown.rules]


def test_a_preview_says_what_each_rule_would_gain_and_lose(written: Blog) -> None:
    add(
        written,
        'title contains "postgres" or text contains "postgres" → tag PostgreSQL, publish',
        "js → javascript",
        "drop to-read, python",
        "kind is note → series Guide, kind article",
        "always → skip",
    )
    shown = preview_rules(written.services)
    assert counts(shown) == [
        (2, 2, {"PostgreSQL": 2}, {}, ("one entry published",)),
        (4, 2, {"javascript": 2}, {"js": 2}, ()),
        (4, 2, {}, {"python": 1, "to-read": 1}, ()),
        (1, 1, {}, {}, ("one entry made articles", "one entry put into the series Guide")),
        (4, 0, {}, {}, ()),
    ]
    assert [one.name for one in shown.rules[0].first] == ["Notes", "Python and PostgreSQL"]
    assert shown.whole
    assert (shown.whole.summary, shown.whole.count) == ("Apply 5 rules to 2 entries", 2)
    assert shown.whole.notes == (
        "This publishes one entry: readers see them, and feeds have those that are new enough.",
        "“PostgreSQL”, “javascript”: new tags.",
        "“skip” keeps new items out. Entries that are here already stay.",
    )


def test_what_was_shown_is_done_and_undone(written: Blog) -> None:
    before = tables(written)
    numbers = add(
        written,
        'title contains "postgres" or text contains "postgres" → tag PostgreSQL, publish',
        "js → javascript",
        'title begins with "Hidden" → inbox, series "New one", kind article, tag fastapi',
    )
    done = carry_out(written.services, ApplyRules(), "ada")
    assert done.count == 3
    assert tagged(written)["javascript"] == tagged(written)["postgresql"] == {1, 2}
    assert tagged(written)["python"] == {1, 3, 4}, "what is implied comes along"
    with written.services.sessions.read() as session:
        found = session.execute(select(Entry.status, Entry.kind).order_by(Entry.id)).all()
        given = set(map(tuple, session.execute(select(RuledTag.entry_id, RuledTag.rule_id))))
        assert session.scalars(select(Series.slug)).all() == ["guide", "new-one"]
    assert [tuple(row) for row in found] == [
        ("published", "link"),
        ("published", "note"),
        ("published", "link"),
        ("inbox", "article"),
    ]
    assert given == {(1, numbers[0]), (1, numbers[1]), (2, numbers[0]), (2, numbers[1]), (4, numbers[2])}
    with pytest.raises(NothingToDo):
        carry_out(written.services, ApplyRules())
    assert undo_operation(written.services, done.operation, "ada").notes == ()
    assert tables(written) == before
    with written.services.sessions.read() as session:
        assert session.scalars(select(RuledTag)).all() == []
        assert session.scalars(select(Series.slug)).all() == ["guide"]


def test_one_rule_is_applied_alone_and_a_paused_one_when_asked_for(written: Blog) -> None:
    first, second = add(written, "js → javascript", "drop web")
    enable_rule(written.services, second, enabled=False)
    assert preview(written.services, ApplyRules()).summary == "Apply the rule “js → javascript” to 2 entries"
    assert preview(written.services, ApplyRules((second,))).summary == "Apply the rule “drop web” to one entry"
    with pytest.raises(NotThere):
        preview_rules(written.services, [first, 99])


def test_the_rules_of_a_source_are_for_its_entries(written: Blog) -> None:
    with written.services.sessions.read() as session:
        source = session.scalar(select(Source.id))
    add_rule(written.services, "always → tag mine", source)
    carry_out(written.services, ApplyRules())
    assert tagged(written)["mine"] == {3}


def test_a_preview_reads_texts_only_where_a_rule_asks_for_them(written: Blog) -> None:
    add(written, "js → javascript")
    with counted(written) as statements:
        preview_rules(written.services)
    assert not [one for one in statements if "entry.body" in one]


def test_rules_are_kept_in_their_order(blog: Blog) -> None:
    first, _, third = add(blog, "drop a", "drop b", "drop c")
    move_rule(blog.services, third, -1)
    assert lines(blog) == ["drop a", "drop c", "drop b"]
    move_rule(blog.services, first, -1)
    move_rule(blog.services, third, 5)
    assert lines(blog) == ["drop a", "drop b", "drop c"]
    change_rule(blog.services, first, "always -> drop d")
    assert delete_rule(blog.services, third) == "drop c"
    assert lines(blog) == ["drop d", "drop b"]


def test_what_is_no_rule_or_one_already_is_refused(make_blog: Callable[..., Blog]) -> None:
    blog = make_blog("sqlite")
    (number,) = add(blog, "drop a")
    with pytest.raises(RuleIsThere, match=rf"Rule {number} says that already\."):
        add(blog, "untag A".lower())
    with pytest.raises(BadRule):
        add(blog, "drop")
    with pytest.raises(NotThere):
        add_rule(blog.services, "drop b", 99)
    for act in (lambda: move_rule(blog.services, 9, 1), lambda: delete_rule(blog.services, 9)):
        with pytest.raises(NotThere):
            act()
    assert lines(blog) == ["drop a"]


def test_there_are_no_more_rules_than_a_blog_may_have(
    make_blog: Callable[..., Blog], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("blog.changes.rules.MOST_RULES", 2)
    blog = make_blog("sqlite")
    add(blog, "drop a", "drop b")
    with pytest.raises(TooManyRules):
        add(blog, "drop c")
    assert MOST_RULES > 2


def test_the_rules_of_a_source_go_with_it_into_another(written: Blog) -> None:
    written.write("Another", "x", source="other")
    with written.services.sessions.read() as session:
        feed, other = session.scalars(select(Source.id).order_by(Source.id))
    add_rule(written.services, "drop a", feed)
    add_rule(written.services, "drop b", other)
    merge_sources(written.services, feed, other)
    assert lines(written) == ["drop b", "drop a"]
    with written.services.sessions.read() as session:
        assert session.scalar(select(func.count(Source.id))) == 1
