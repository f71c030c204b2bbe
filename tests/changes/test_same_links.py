"""The same link from several sources is one entry, which names them all."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from conftest import draft
from sqlalchemy import event, func, select, update

from blog.changes.entries import delete_entry, save_entry
from blog.changes.import_runs import Wanted
from blog.changes.import_undo import undo_run
from blog.changes.importing import import_material, try_import
from blog.changes.imports import ImportLedger
from blog.changes.making_one import MakeOne
from blog.changes.operations import undo_operation
from blog.changes.plans import NothingToDo, carry_out
from blog.changes.restoring import CannotRestore, restore_revision
from blog.changes.rules import add_rule
from blog.changes.same_links import note_moved
from blog.changes.sources import BadSource, merge_sources
from blog.changes.tagging import rename_tag
from blog.changes.taking_apart import take_apart
from blog.domain.entry import SourceDraft, Status
from blog.domain.errors import NotThere
from blog.domain.urls import canonical_url
from blog.models import (
    Appearance,
    Change,
    Conflict,
    Entry,
    ImportItem,
    Revision,
    RuledTag,
    Source,
    Tag,
    TakenApart,
    entry_tag,
)
from blog.outreach import Mention
from importers.material import Material
from importers.pipeline import run
from importers.registry import Importer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from conftest import Blog

    from blog.changes.imports import Preparation
    from blog.changes.plans import Done
    from blog.domain.entry import Draft, Item
    from importers.pipeline import Decision, Report

PAGE = "https://example.com/page"


def importing(items: Iterable[Item]) -> Importer:
    return Importer("test", "a test", lambda _: True, lambda _: iter(items), lambda _: None)


def imported(blog: Blog, *items: Item, label: str = "a file") -> Report:
    return imported_from(blog, items, label)


def imported_from(blog: Blog, items: Iterable[Item], label: str = "a file") -> Report:
    return import_material(blog.services, Material.of_bytes(b"", label), Wanted(), importer=importing(items))


def tried(blog: Blog, *items: Item) -> Report:
    return try_import(blog.services, Material.of_bytes(b"", "a file"), Wanted(), importer=importing(items))


def link(source: str, tags: str = "", **values: object) -> Draft:
    """The same link as another source has it."""
    return draft(**({"title": f"From {source or 'me'}", "tags": tags, "url": PAGE, "source": source} | values))  # type: ignore[arg-type]


def blog_holds(blog: Blog) -> list[tuple[str, str, set[str], set[str]]]:
    """Each entry: its title, its source, the sources that joined it, its tags."""
    with blog.services.sessions.read() as session:
        slugs: dict[int | None, str] = {None: ""} | dict(session.execute(select(Source.id, Source.slug)).all())
        tags = select(entry_tag.c.entry_id, Tag.slug).join(Tag, Tag.id == entry_tag.c.tag_id)
        tagged = list(session.execute(tags))
        joined = list(session.execute(select(Appearance.entry_id, Appearance.source_id)))
        return [
            (
                one.title,
                slugs[one.source_id],
                {slugs[source] for entry, source in joined if entry == one.id},
                {tag for entry, tag in tagged if entry == one.id},
            )
            for one in session.scalars(select(Entry).order_by(Entry.id))
        ]


def outcomes(report: Report) -> dict[str, int]:
    return {one.value: count for one, count in report.counts.items() if count}


def test_the_same_link_of_another_source_joins_and_adds_its_tags(blog: Blog) -> None:
    imported(blog, link("pinboard", "python sql"))
    theirs = link("mastodon", "sql web", url="http://www.example.com/page/?utm_source=feed")
    dry = tried(blog, theirs)
    report = imported(blog, theirs)
    assert outcomes(dry) == outcomes(report) == {"joined": 1}
    assert dry.notes == report.notes == [(theirs.external_id, "the same link as “From pinboard”")]
    assert blog_holds(blog) == [("From pinboard", "pinboard", {"mastodon"}, {"python", "sql", "web"})]
    with blog.services.sessions.read() as session:
        item = session.scalars(select(ImportItem).where(ImportItem.outcome == "joined")).one()
        assert (item.entry_id, item.reason) == (1, "the same link as “From pinboard”")
        assert [one.reason for one in session.scalars(select(Revision))] == ["joined"]


def test_a_second_run_changes_nothing(blog: Blog) -> None:
    items = link("pinboard", "python"), link("mastodon", "web")
    imported(blog, *items)
    with blog.services.sessions.read() as session:
        before = session.scalars(select(Change.id)).all()
    assert outcomes(imported(blog, *items)) == {"unchanged": 2}
    with blog.services.sessions.read() as session:
        assert session.scalars(select(Change.id)).all() == before


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (link("a", url=f"{PAGE}#v1"), link("b", url=f"{PAGE}#v2")),
        (link("a", url=PAGE), link("b", url=f"{PAGE}#v2")),
        (link("a"), link("a")),
        (link(""), link("")),
        (link("a"), link("b", kind="article", url=PAGE)),
        (link("a", kind="quotation", url=PAGE, body="So."), link("b")),
        (link("a"), link("b", url=f"{PAGE}?id=2")),
    ],
)
def test_what_is_not_the_same_link_stays_two_entries(blog: Blog, one: Draft, other: Draft) -> None:
    assert outcomes(imported(blog, one, other)) == {"created": 2}


def test_what_the_entry_has_stays_and_what_it_lacks_is_filled_in(blog: Blog) -> None:
    imported(blog, link("pinboard", body="", title="Theirs"))
    imported(blog, link("feed", body="Why it matters.", title="Other", via_url="https://example.net/via"))
    imported(blog, link("third", body="Something else.", via_title="never"))
    with blog.services.sessions.read() as session:
        entry = session.scalars(select(Entry)).one()
    assert (entry.title, entry.body, entry.via_url) == ("Theirs", "Why it matters.", "https://example.net/via")


def test_your_own_text_is_never_touched(blog: Blog) -> None:
    mine = blog.write("Mine", "mine", url=PAGE, body="My words.")
    assert outcomes(imported(blog, link("pinboard", "theirs", body="Their words."))) == {"joined": 1}
    with blog.services.sessions.read() as session:
        entry = session.get_one(Entry, mine)
        assert (entry.title, entry.body, entry.upstream) == ("Mine", "My words.", None)
    assert blog_holds(blog) == [("Mine", "", {"pinboard"}, {"mine", "theirs"})]


def test_items_of_one_batch_join_each_other_and_those_of_one_source_do_not(blog: Blog) -> None:
    several = [link(name, name) for name in ("a", "b", "a", "c", "d", "e", "f", "g", "h")]
    report = imported(blog, *several)
    assert outcomes(report) == {"created": 2, "joined": 7}
    assert blog_holds(blog) == [
        ("From a", "a", set("bcdefgh"), set("abcdefgh")),
        ("From a", "a", set(), {"a"}),
    ]


def test_of_several_entries_the_oldest_is_joined_that_the_source_is_not_in_yet(blog: Blog) -> None:
    imported(blog, link("a", title="Later", day="2012-01-01"), link("a", title="Earlier", day="2010-01-01"))
    imported(blog, link("b"), link("b", title="Again"), link("b", title="Third"))
    held = [(title, source, joined) for title, source, joined, _ in blog_holds(blog)]
    assert held == [("Later", "a", {"b"}), ("Earlier", "a", {"b"}), ("Third", "b", set())]


def test_a_later_version_adds_and_takes_nothing_away(blog: Blog) -> None:
    theirs = link("feed", "one two")
    imported(blog, link("pinboard", "own"), theirs)
    again = replace(theirs, title="Another title", tags=("two", "three"), body="Now with words.")
    assert outcomes(imported(blog, again)) == {"updated": 1}
    assert blog_holds(blog) == [("From pinboard", "pinboard", {"feed"}, {"own", "one", "two", "three"})]
    with blog.services.sessions.read() as session:
        assert session.scalars(select(Entry.body)).one() == "Now with words."
    assert outcomes(imported(blog, again)) == {"unchanged": 1}


def test_a_tag_that_you_took_off_or_renamed_does_not_come_back(blog: Blog) -> None:
    theirs = link("feed", "one two")
    imported(blog, link("pinboard", "own"), theirs)
    rename_tag(blog.services, "two", "zwei")
    with blog.services.sessions.write() as session:
        tag = session.scalars(select(Tag.id).where(Tag.slug == "one")).one()
        session.execute(entry_tag.delete().where(entry_tag.c.tag_id == tag))
    assert outcomes(imported(blog, replace(theirs, title="News"))) == {"unchanged": 1}
    assert blog_holds(blog)[0][3] == {"own", "zwei"}


def test_pages_that_moved_for_good_are_the_same_link_both_ways(blog: Blog) -> None:
    note_moved(blog.services, "https://old.example/a", "https://between.example/a")
    note_moved(blog.services, "https://between.example/a", "https://new.example/a")
    note_moved(blog.services, "https://old.example/gone", "https://new.example/")
    imported(blog, link("a", url="https://old.example/a"), link("a", url="https://new.example/b"))
    found = imported(blog, link("b", url="https://new.example/a"), link("b", url="https://old.example/gone"))
    assert outcomes(found) == {"joined": 1, "created": 1}
    note_moved(blog.services, "https://old.example/b", "https://new.example/b")
    assert outcomes(imported(blog, link("c", url="https://old.example/b"))) == {"joined": 1}


def test_what_you_delete_stays_deleted_for_all_its_sources(blog: Blog) -> None:
    items = link("a"), link("b", "two")
    imported(blog, *items)
    delete_entry(blog.services, 1)
    report = imported(blog, *items)
    assert outcomes(report) == {"kept": 2}
    assert {reason for _, reason in report.notes} == {"you deleted it here, so it stays deleted"}


def test_an_entry_that_comes_back_has_its_sources_again(blog: Blog) -> None:
    items = link("a"), link("b", "two")
    imported(blog, *items)
    delete_entry(blog.services, 1)
    with blog.services.sessions.read() as session:
        last = session.scalars(select(Revision.id).order_by(Revision.id.desc())).first()
    restore_revision(blog.services, 1, last or 0)
    assert blog_holds(blog) == [("From a", "a", {"b"}, {"two"})]
    assert outcomes(imported(blog, *items)) == {"unchanged": 2}


def test_undoing_a_run_takes_its_items_off_again(blog: Blog) -> None:
    imported(blog, link("a", "own shared", body=""), label="one")
    imported(blog, link("b", "theirs shared", body="Words."), link("b", "x", url=f"{PAGE}/x"), label="two")
    assert undo_run(blog.services, 2) == {"gone": 1, "back": 1}
    assert blog_holds(blog) == [("From a", "a", set(), {"own", "shared"})]
    with blog.services.sessions.read() as session:
        assert session.scalars(select(Entry.body)).one() == ""
        assert {*session.scalars(select(Source.slug))} == {"a"}
    assert outcomes(imported(blog, link("b"), label="three")) == {"joined": 1}


def test_undoing_leaves_what_was_edited_since_and_names_it(blog: Blog) -> None:
    mine = link("a", "own", body="")
    imported(blog, mine, label="one")
    imported(blog, link("b", "theirs", body="Words."), label="two")
    save_entry(blog.services, replace(mine, body="Better words.", tags=("own", "theirs", "more")), 1)
    assert undo_run(blog.services, 2) == {"back": 1}
    assert blog_holds(blog) == [("From a", "a", set(), {"own", "more"})]
    with blog.services.sessions.read() as session:
        assert session.scalars(select(Entry.body)).one() == "Better words."
        assert session.scalars(select(ImportItem.reason).where(ImportItem.run_id == 2)).all() == [
            "Changed since, and left so: body."
        ]


def test_what_has_been_joined_is_not_deleted_by_undoing_what_made_it(blog: Blog) -> None:
    imported(blog, link("a"), label="one")
    imported(blog, link("b"), label="two")
    undo_run(blog.services, 1)
    assert blog_holds(blog) == [("From a", "a", {"b"}, set())]
    assert undo_run(blog.services, 2) == {"back": 1}


def test_a_run_that_made_and_joined_is_undone_whole(blog: Blog) -> None:
    imported(blog, link("a", "one"), link("b", "two"), label="one")
    assert undo_run(blog.services, 1) == {"gone": 1, "back": 1}
    assert blog_holds(blog) == []
    with blog.services.sessions.read() as session:
        assert session.scalars(select(Tag.slug)).all() == []
        assert session.scalars(select(Source.slug)).all() == []


def test_undoing_a_later_version_takes_only_that_off(blog: Blog) -> None:
    theirs = link("b", "one")
    imported(blog, link("a"), theirs, label="one")
    imported(blog, replace(theirs, tags=("one", "two")), label="two")
    assert undo_run(blog.services, 2) == {"back": 1}
    assert blog_holds(blog) == [("From a", "a", {"b"}, {"one"})]


def test_sources_that_are_put_together_stay_apart_where_both_have_an_item(blog: Blog) -> None:
    imported(blog, link("a"), link("b"), link("c", url="https://example.com/c"))
    with blog.services.sessions.read() as session:
        ids = dict(session.execute(select(Source.slug, Source.id)).all())
    merge_sources(blog.services, ids["b"], ids["c"])
    assert [(source, joined) for _, source, joined, _ in blog_holds(blog)] == [("a", {"c"}), ("c", set())]
    imported(blog, SourceDraft(slug="d", name="D"), link("d", external_id="same", url="https://example.com/d"))
    imported(blog, link("e", external_id="same"))
    with blog.services.sessions.read() as session:
        ids = dict(session.execute(select(Source.slug, Source.id)).all())
    with pytest.raises(BadSource):
        merge_sources(blog.services, ids["e"], ids["d"])


def test_a_file_of_a_source_that_is_part_of_another_by_now_makes_nothing_anew(blog: Blog) -> None:
    items = SourceDraft(slug="old", name="Old"), link("old", "one"), link("new", url="https://example.com/7")
    imported(blog, *items)
    with blog.services.sessions.read() as session:
        ids = dict(session.execute(select(Source.slug, Source.id)).all())
    merge_sources(blog.services, ids["old"], ids["new"])
    before = blog_holds(blog)
    assert outcomes(imported(blog, *items)) == {"unchanged": 2}
    assert blog_holds(blog) == before
    with blog.services.sessions.read() as session:
        assert session.execute(select(Source.slug, Source.name)).all() == [("new", "New")]


def test_an_import_that_was_broken_off_goes_on(blog: Blog) -> None:
    items = [link("a", "one"), link("b", "two"), link("c", "three")]

    def broken() -> Iterable[Item]:
        yield from items[:2]
        yield SourceDraft(slug="z", name="Z")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        imported_from(blog, broken())
    assert outcomes(imported(blog, *items)) == {"unchanged": 2, "joined": 1}
    assert blog_holds(blog) == [("From a", "a", {"b", "c"}, {"one", "two", "three"})]


def appearance_of(blog: Blog, entry_id: int = 1) -> int:
    with blog.services.sessions.read() as session:
        return session.scalars(select(Appearance.id).where(Appearance.entry_id == entry_id)).one()


def test_what_is_taken_apart_is_an_entry_of_its_own_and_stays_one(blog: Blog) -> None:
    theirs = link("b", "two both", day="2011-03-04")
    imported(blog, link("a", "one both", body="", day="2010-01-01"), replace(theirs, body="Words."))
    made = take_apart(blog.services, appearance_of(blog))
    assert blog_holds(blog) == [
        ("From a", "a", set(), {"one", "both"}),
        ("From b", "b", set(), {"two", "both"}),
    ]
    with blog.services.sessions.read() as session:
        one, other = session.scalars(select(Entry).order_by(Entry.id))
        assert (one.body, other.body, other.id, other.day.isoformat()) == ("", "Words.", made, "2011-03-04")
    assert outcomes(imported(blog, replace(theirs, body="Words."))) == {"unchanged": 1}
    with pytest.raises(NotThere):
        take_apart(blog.services, 1)


def made_one(blog: Blog, *ids: int) -> Done:
    return carry_out(blog.services, MakeOne(blog.services, (ids,)), "ada")


def everything(blog: Blog) -> list[tuple[object, ...]]:
    with blog.services.sessions.read() as session:
        columns = (Entry.id, Entry.atom_id, Entry.day, Entry.slug, Entry.title, Entry.body, Entry.external_id)
        entries = session.execute(select(*columns, Entry.upstream["title"].as_string()).order_by(Entry.id))
        joined = session.execute(select(Appearance.entry_id, Appearance.external_id).order_by(Appearance.id))
        return [tuple(row) for row in (*entries, *joined)]


def several_there(blog: Blog) -> None:
    """Entries from before joining: the same link of three sources, one of them joined by a fourth."""
    for name in ("a", "b", "c"):
        imported(blog, link(name, f"{name} all", url=f"{PAGE}/{name}", title=name, body=f"{name}."))
    imported(blog, link("d", "d", url=f"{PAGE}/b", title="d"))
    with blog.services.sessions.write() as session:
        session.execute(update(Entry).values(url=PAGE, canonical=canonical_url(PAGE)))


def test_entries_that_are_the_same_link_are_made_one_and_that_can_be_undone(blog: Blog) -> None:
    several_there(blog)
    before, held = everything(blog), blog_holds(blog)
    client = blog.client()
    addresses = [
        client.get(f"/sources/{name}/").text.split('<a class="when" href="')[1].split('"')[0] for name in "abc"
    ]
    done = made_one(blog, 1, 2, 3)
    assert done.summary == "Make one of 3 entries that are the same link"
    assert blog_holds(blog) == [("a", "a", {"b", "c", "d"}, {"a", "b", "c", "d", "all"})]
    assert [client.get(one).location for one in addresses] == [None, addresses[0], addresses[0]]
    page = client.get(addresses[0]).text
    assert all(f'href="/sources/{name}/"' in page for name in "abcd")
    assert [client.get(f"/sources/{name}/").text.count('class="entry link') for name in "abcd"] == [1] * 4
    assert undo_operation(blog.services, done.operation, "ada").notes == ()
    assert everything(blog) == before
    assert blog_holds(blog) == held
    assert [client.get(one).status_code for one in addresses] == [200, 200, 200]


def test_what_is_no_group_is_left_and_named(blog: Blog) -> None:
    several_there(blog)
    imported(blog, link("e", url=f"{PAGE}#e"))
    done = made_one(blog, 1, 2, 4)
    assert [(one.id, why) for one, why in done.left] == [(4, "it is another link")]
    with pytest.raises(NothingToDo):
        made_one(blog, 1, 4)


def test_one_that_was_made_part_of_another_comes_back_as_it_was_when_taken_apart(blog: Blog) -> None:
    several_there(blog)
    before = everything(blog)
    made_one(blog, 1, 2)
    assert outcomes(
        imported(blog, link("b", external_id=str(before[1][6]), title="b", body="b.", tags="b all"))
    ) in (
        {"unchanged": 1},
        {"updated": 1},
    )
    with blog.services.sessions.read() as session:
        (part,) = session.scalars(select(Appearance.id).where(Appearance.external_id == before[1][6]))
    assert take_apart(blog.services, part, entry_id=1, by="ada") == 2
    assert everything(blog) == before


def test_what_is_part_of_another_entry_does_not_come_back_beside_it(blog: Blog) -> None:
    several_there(blog)
    save_entry(blog.services, link("c", "c", title="c", body="Edited."), 3)
    made_one(blog, 1, 3)
    with blog.services.sessions.read() as session:
        revision = session.scalars(select(Revision.id).where(Revision.entry_id == 3)).first()
    with pytest.raises(CannotRestore, match="made one with “a”"):
        restore_revision(blog.services, 3, revision or 0)


def test_an_update_and_a_joining_of_one_entry_in_one_batch_both_go_in(blog: Blog) -> None:
    own = link("a", "own", body="Old words.")
    imported(blog, own)
    report = imported(blog, replace(own, body="New words."), link("b", "theirs"))
    assert outcomes(report) == {"updated": 1, "joined": 1}
    assert blog_holds(blog) == [("From a", "a", {"b"}, {"own", "theirs"})]
    with blog.services.sessions.read() as session:
        assert session.scalars(select(Entry.body)).one() == "New words."


def test_an_edit_while_an_item_joins_is_not_lost(blog: Blog) -> None:
    mine = link("a", "own", body="Old words.")
    imported(blog, mine)

    class EditedMeanwhile(ImportLedger):
        edits = iter(["My words."])

        def prepare(self, decisions: Sequence[Decision]) -> Preparation:
            prepared = super().prepare(decisions)
            for words in self.edits:
                save_entry(blog.services, replace(mine, body=words), 1)
            return prepared

    report = run([link("b", "theirs")], EditedMeanwhile(blog.services))
    assert outcomes(report) == {"joined": 1}
    with blog.services.sessions.read() as session:
        assert session.scalars(select(Entry.body)).one() == "My words."
    assert blog_holds(blog)[0][3] == {"own", "theirs"}


def test_texts_of_a_source_that_waits_in_the_inbox_are_seen_by_no_reader(blog: Blog) -> None:
    imported(blog, link("a", "own", body=""))
    run([link("b", "theirs", body="Buy this!")], ImportLedger(blog.services), status=Status.INBOX)
    assert blog_holds(blog) == [("From a", "a", {"b"}, {"own", "theirs"})]
    with blog.services.sessions.read() as session:
        assert session.scalars(select(Entry.body)).one() == ""


def polled(blog: Blog, status: Status, *items: Item) -> Report:
    return run(items, ImportLedger(blog.services), status=status)


@pytest.mark.parametrize("status", [Status.HIDDEN, Status.DRAFT])
def test_what_is_private_at_its_source_joins_nothing_that_readers_see(blog: Blog, status: Status) -> None:
    imported(blog, link("a", "own", body=""))
    private = link("b", "secret", body="A note to myself.", status=status)
    assert outcomes(imported(blog, private)) == {"created": 1}
    assert blog_holds(blog) == [("From a", "a", set(), {"own"}), ("From b", "b", set(), {"secret"})]
    other = link("c", "more", status=status)
    assert outcomes(imported(blog, other)) == {"joined": 1}
    page = blog.client().get("/").text
    assert "secret" not in page
    assert "A note to myself" not in page
    assert outcomes(imported(blog, private, other)) == {"unchanged": 2}


@pytest.mark.parametrize("status", [Status.HIDDEN, Status.DRAFT, Status.INBOX])
def test_what_readers_see_does_not_vanish_into_what_they_do_not(blog: Blog, status: Status) -> None:
    polled(blog, status, link("feed", "theirs", body=""))
    assert outcomes(imported(blog, link("pinboard", "mine", body="My words."))) == {"created": 1}
    assert "My words." in blog.client().get("/").text
    assert outcomes(polled(blog, status, link("other", "more", body=""))) == {"joined": 1}


def test_one_batch_of_the_public_and_the_private_makes_two_entries(blog: Blog) -> None:
    hidden = {"status": Status.HIDDEN}
    several = [link("a", "a"), link("b", "b", **hidden), link("c", "c"), link("d", "d", **hidden)]
    assert outcomes(imported(blog, *several)) == {"created": 2, "joined": 2}
    assert blog_holds(blog) == [("From a", "a", {"c"}, {"a", "c"}), ("From b", "b", {"d"}, {"b", "d"})]


def test_what_has_joined_and_is_private_since_says_no_more_in_public(blog: Blog) -> None:
    theirs = link("b", "theirs", body="")
    imported(blog, link("a", "own", body=""), theirs)
    again = replace(theirs, status=Status.HIDDEN, body="A note to myself.", tags=("theirs", "secret"))
    assert outcomes(imported(blog, again)) == {"unchanged": 1}
    assert blog_holds(blog) == [("From a", "a", {"b"}, {"own", "theirs"})]
    take_apart(blog.services, appearance_of(blog))
    with blog.services.sessions.read() as session:
        assert session.scalars(select(Entry.status).order_by(Entry.id)).all() == ["published", "hidden"]


def test_what_not_everybody_sees_is_not_made_one_with_what_is_public(blog: Blog) -> None:
    several_there(blog)
    with blog.services.sessions.write() as session:
        session.execute(update(Entry).where(Entry.id == 2).values(status="hidden"))
    done = made_one(blog, 1, 2, 3)
    assert [(one.id, why) for one, why in done.left] == [(2, "not everybody who sees the one sees the other")]


def test_a_text_that_you_took_off_does_not_come_back_with_the_next_version(blog: Blog) -> None:
    mine, theirs = link("a", "own", body=""), link("b", body="Promises.")
    imported(blog, mine, theirs)
    save_entry(blog.services, mine, 1)
    imported(blog, replace(theirs, body="Promises!"))
    with blog.services.sessions.read() as session:
        assert session.scalars(select(Entry.body)).one() == ""


def restore(blog: Blog, entry_id: int) -> None:
    with blog.services.sessions.read() as session:
        last = session.scalars(select(func.max(Revision.id)).where(Revision.entry_id == entry_id)).one()
    restore_revision(blog.services, entry_id, last)


def test_an_item_that_came_back_with_its_entry_is_the_one_that_it_was(blog: Blog) -> None:
    several_there(blog)
    before = everything(blog)
    done = made_one(blog, 1, 2)
    delete_entry(blog.services, 1)
    imported(blog, link("a", url=f"{PAGE}/q"), link("d", "others", url=f"{PAGE}/q"))
    restore(blog, 1)
    assert undo_operation(blog.services, done.operation, "ada").notes == ()
    assert [one for one in everything(blog) if one in before] == before
    assert blog_holds(blog)[-1] == ("From a", "a", {"d"}, {"others"})


def test_what_was_made_one_comes_back_in_the_source_that_its_own_was_put_together_with(blog: Blog) -> None:
    several_there(blog)
    done = made_one(blog, 1, 2)
    imported(blog, link("e", url=f"{PAGE}/e"))
    with blog.services.sessions.read() as session:
        ids = dict(session.execute(select(Source.slug, Source.id)).all())
    merge_sources(blog.services, ids["b"], ids["e"])
    delete_entry(blog.services, 1)
    merge_sources(blog.services, ids["e"], ids["c"])
    restore(blog, 1)
    assert undo_operation(blog.services, done.operation, "ada").notes == ()
    assert {(title, source) for title, source, _, _ in blog_holds(blog)} >= {("a", "a"), ("b", "c")}


def test_what_joined_leaves_with_its_import_even_if_its_source_has_another_name_since(blog: Blog) -> None:
    imported(blog, link("a", "own"), label="one")
    imported(blog, link("b", "theirs"), label="two")
    imported(blog, link("c", url=f"{PAGE}/c"), label="three")
    with blog.services.sessions.read() as session:
        ids = dict(session.execute(select(Source.slug, Source.id)).all())
    merge_sources(blog.services, ids["b"], ids["c"])
    assert undo_run(blog.services, 2) == {"back": 1}
    assert blog_holds(blog)[0] == ("From a", "a", set(), {"own"})


def undone_reasons(blog: Blog, run_id: int) -> list[tuple[str, str]]:
    of_entries = select(ImportItem.outcome, ImportItem.reason).where(ImportItem.entry_id.is_not(None))
    with blog.services.sessions.read() as session:
        return [(what, why) for what, why in session.execute(of_entries.where(ImportItem.run_id == run_id))]


def test_what_an_import_made_leaves_the_entry_that_it_was_made_part_of(blog: Blog) -> None:
    several_there(blog)
    made_one(blog, 1, 2)
    assert blog_holds(blog)[0] == ("a", "a", {"b", "d"}, {"a", "b", "d", "all"})
    # The address was changed by hand, which is an edit, and something had joined it.
    undo_run(blog.services, 2)
    assert undone_reasons(blog, 2) == [("stays", "Changed since: url, tags.")]
    undo_run(blog.services, 4)
    assert undone_reasons(blog, 4) == [("back", "")]
    assert blog_holds(blog)[0] == ("a", "a", {"b"}, {"a", "b", "all"})


def test_what_was_made_one_unedited_is_undone_with_its_import(blog: Blog) -> None:
    mine = blog.write("Mine", "mine", url=f"{PAGE}/draft", body="My words.")
    imported(blog, link("b", "theirs", body="Words."))
    with blog.services.sessions.write() as session:
        session.execute(update(Entry).where(Entry.id == mine).values(url=PAGE, canonical=canonical_url(PAGE)))
    made_one(blog, mine, mine + 1)
    assert blog_holds(blog) == [("Mine", "", {"b"}, {"mine", "theirs"})]
    assert undo_run(blog.services, 1) == {"back": 1}
    assert blog_holds(blog) == [("Mine", "", set(), {"mine"})]


def test_what_was_taken_apart_stays_when_its_import_is_undone(blog: Blog) -> None:
    imported(blog, link("a"), label="one")
    imported(blog, link("b"), label="two")
    take_apart(blog.services, appearance_of(blog))
    undo_run(blog.services, 2)
    assert undone_reasons(blog, 2) == [("stays", "It is an entry of its own by now.")]
    assert len(blog_holds(blog)) == 2


def test_what_joined_by_rules_tells_so_and_keeps_its_tags_when_taken_apart(blog: Blog) -> None:
    imported(blog, link("a", "own"))
    add_rule(blog.services, "always → tag ruled, tag own")
    imported(blog, link("b", "theirs"))
    with blog.services.sessions.read() as session:
        why = select(Tag.slug, RuledTag.line).join(Tag, Tag.id == RuledTag.tag_id)
        assert dict(session.execute(why).all()) == {"ruled": "always → tag ruled, tag own"}
    take_apart(blog.services, appearance_of(blog))
    assert blog_holds(blog)[1] == ("From b", "b", set(), {"own", "ruled", "theirs"})


def beside(blog: Blog) -> list[tuple[object, ...]]:
    with blog.services.sessions.read() as session:
        found = [
            *session.execute(select(TakenApart.entry_id)),
            *session.execute(select(RuledTag.entry_id, RuledTag.line, RuledTag.at)),
            *session.execute(select(Conflict.entry_id, Conflict.field, Conflict.theirs, Conflict.at)),
            *session.execute(
                select(Mention.entry_id, Mention.source, Mention.state, Mention.due).order_by(Mention.source)
            ),
        ]
        return [tuple(row) for row in found]


def mention(blog: Blog, entry_id: int, *pages: str) -> None:
    now = blog.services.clock()
    with blog.services.sessions.write() as session:
        session.add_all(
            Mention(
                entry_id=entry_id,
                source=f"https://them.example/{page}",
                target=PAGE,
                host="them.example",
                state="approved",
                received=now,
                due=now,
            )
            for page in pages
        )


def test_what_is_known_beside_an_entry_comes_back_with_it(blog: Blog) -> None:
    add_rule(blog.services, "always → tag ruled")
    theirs = link("b", "theirs")
    imported(blog, link("a", "own"), theirs)
    made = take_apart(blog.services, appearance_of(blog))
    mention(blog, made, "one", "two")
    save_entry(blog.services, replace(theirs, title="Mine"), made)
    imported(blog, replace(theirs, title="Theirs"))
    before = beside(blog)
    assert [len(before), before[0]] == [5, (made,)]
    delete_entry(blog.services, made)
    assert beside(blog) == before[1:2]
    restore(blog, made)
    assert beside(blog) == before


def test_who_mentions_what_is_made_part_of_another_mentions_that_and_comes_back(blog: Blog) -> None:
    several_there(blog)
    mention(blog, 1, "one")
    mention(blog, 2, "one", "two")
    before = beside(blog)
    done = made_one(blog, 1, 2)
    assert [row[:2] for row in beside(blog)] == [
        (1, "https://them.example/one"),
        (1, "https://them.example/two"),
    ]
    undo_operation(blog.services, done.operation, "ada")
    assert sorted(map(str, beside(blog))) == sorted(map(str, before))


def test_whether_what_has_joined_was_deleted_is_not_looked_for_in_all_revisions(blog: Blog) -> None:
    theirs = link("b", "theirs")
    imported(blog, link("a", "own"), theirs)
    asked: list[str] = []
    engine = blog.services.sessions.engine

    def note(*arguments: object) -> None:
        asked.append(str(arguments[2]))

    event.listen(engine, "before_cursor_execute", note)
    try:
        assert ImportLedger(blog.services).deleted([theirs]) == set()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert len(asked) >= 1
    assert [one for one in asked if "revision" in one] == []
