"""What is not at its source any more is marked, and never deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conftest import draft
from sqlalchemy import select

from blog.changes.import_runs import Wanted
from blog.changes.import_undo import undo_run
from blog.changes.importing import import_material, try_import
from blog.changes.making_one import MakeOne
from blog.changes.plans import carry_out
from blog.changes.vanished import WHY
from blog.domain.entry import Rejected
from blog.models import Appearance, Entry, Vanished
from blog.queries.all_entries import Wanted as Listed
from blog.queries.all_entries import list_entries
from importers.material import Material
from importers.registry import Importer

if TYPE_CHECKING:
    from conftest import Blog

    from blog.domain.entry import Item
    from importers.pipeline import Report

ALL = Wanted(everything=True)


def importing(items: tuple[Item, ...], name: str = "test") -> Importer:
    return Importer(name, "a test", lambda _: True, lambda _: iter(items), lambda _: None)


def imported(blog: Blog, *items: Item, wanted: Wanted = ALL) -> Report:
    return import_material(blog.services, Material.of_bytes(b"", "a file"), wanted, importer=importing(items))


def marked(blog: Blog) -> set[tuple[str, str]]:
    """The titles of the entries that are marked, and the id of the appearance where it is only that."""
    statement = select(Entry.title, Appearance.external_id).join(Vanished, Vanished.entry_id == Entry.id)
    statement = statement.outerjoin(Appearance, Appearance.id == Vanished.appearance_id)
    with blog.services.sessions.read() as session:
        return {(title, name or "") for title, name in session.execute(statement)}


def test_what_is_not_among_everything_is_marked_and_told_until_it_comes_back(blog: Blog) -> None:
    one, two, elsewhere = draft("One", source="a"), draft("Two", source="a"), draft("Else", source="b")
    imported(blog, one, two, elsewhere, wanted=Wanted())
    blog.write("Mine", source="a")
    dry = try_import(blog.services, Material.of_bytes(b"", "a file"), ALL, importer=importing((one,)))
    assert marked(blog) == set()
    report = imported(blog, one)
    assert dry.notes == report.notes == [(two.external_id, WHY)]
    assert marked(blog) == {("Two", "")}
    assert imported(blog, one).notes == []
    (line,) = list_entries(blog.services, Listed(vanished=True)).lines
    assert (line.name, line.vanished) == ("Two", True)
    assert list_entries(blog.services, Listed(vanished=True)).wanted.url() == "/admin/entries/?vanished=yes"
    imported(blog, two, wanted=Wanted())
    assert marked(blog) == set()


def test_only_the_item_is_marked_where_the_entry_is_of_another_source(blog: Blog) -> None:
    page = "https://example.com/page"
    items = draft("One", source="a", url=page), draft("Two", source="b", url=page, external_id="theirs")
    imported(blog, *items, wanted=Wanted())
    imported(blog, draft("Three", source="b"))
    assert marked(blog) == {("One", "theirs")}
    imported(blog, *items, wanted=Wanted())
    assert marked(blog) == set()


def test_of_the_blogs_own_only_what_came_in_the_same_way_is_marked(blog: Blog) -> None:
    page = "https://example.com/page"
    article, kept, gone = draft("An article", kind="article"), draft("Kept"), draft("Gone")
    old_blog = importing((article,), "wordpress")
    import_material(blog.services, Material.of_bytes(b"", "a blog"), Wanted(), importer=old_blog)
    imported(blog, kept, gone, draft("Theirs", source="a", url=page))
    # What was written here, and then made one with what came, is nobody's to miss.
    blog.write("Mine", url=page)
    with blog.services.sessions.read() as session:
        same = session.scalars(select(Entry.id).where(Entry.url == page).order_by(Entry.id)).all()
    carry_out(blog.services, MakeOne(blog.services, (tuple(same),)), by="ada")
    report = imported(blog, kept)
    assert report.notes == [(gone.external_id, WHY)]
    assert marked(blog) == {("Gone", "")}


def test_what_could_not_all_be_read_tells_nothing_about_the_rest(blog: Blog) -> None:
    one, two = draft("One"), draft("Two")
    imported(blog, one, two)
    report = imported(blog, one, Rejected(external_id="x", reason="It breaks off."))
    assert report.notes == [("", "Not all of it could be imported, so nothing is marked as vanished.")]
    assert marked(blog) == set()


def test_undoing_the_import_takes_its_marks_off(blog: Blog) -> None:
    one, two = draft("One"), draft("Two")
    imported(blog, one, two, wanted=Wanted())
    imported(blog, one)
    assert marked(blog) == {("Two", "")}
    undo_run(blog.services, 2)
    assert marked(blog) == set()
