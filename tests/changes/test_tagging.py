"""What an author does to tags: shown beforehand, done to entries of every kind, undone whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tables import aliases, implications, tables, tagged

from blog.changes.operations import undo_operation
from blog.changes.plans import Action, carry_out, preview
from blog.changes.tagging import (
    AddAlias,
    Delete,
    Describe,
    DisplayName,
    Imply,
    Merge,
    RemoveAlias,
    Rename,
    Split,
    StopImplying,
)
from blog.domain.entry import Status
from blog.domain.errors import BadTag, NotThere

if TYPE_CHECKING:
    from conftest import Blog


@pytest.fixture
def written(blog: Blog) -> Blog:
    """Four entries, of which one is a draft and one hidden; py leads to python, fastapi implies it."""
    blog.write("One", "python web", day="2009-05-25")
    blog.write("Two", "python", kind="note", day="2010-05-25", status=Status.DRAFT)
    blog.write("Three", "snakes", kind="article", day="2011-05-25", status=Status.HIDDEN)
    blog.write("Four", "snakes web fastapi", day="2012-05-25")
    carry_out(blog.services, AddAlias("python", "py"))
    carry_out(blog.services, Imply("fastapi", "Web"))
    carry_out(blog.services, Describe("snakes", "Animals *and* languages."))
    return blog


# What it is, what it says it does, how many entries it touches, the newest, and what leads on.
ACTIONS: list[tuple[str, Action, str, list[str], list[tuple[str, str]]]] = [
    (
        "renamed",
        Rename("python", "The Python"),
        "Rename the tag “python” to “The Python”",
        ["Two", "One"],
        [("/tags/py/", "/tags/the-python/"), ("/tags/python/", "/tags/the-python/")],
    ),
    ("named", DisplayName("python", "Python"), "Show the tag “python” as “Python”", ["Two", "One"], []),
    (
        "shown",
        DisplayName("python", "CPython"),
        "Show the tag “python” as “CPython”",
        ["Two", "One"],
        [("/tags/cpython/", "/tags/python/")],
    ),
    (
        "merged",
        Merge("python", "snakes"),
        "Merge the tag “python” into “snakes”",
        ["Two", "One"],
        [("/tags/py/", "/tags/snakes/"), ("/tags/python/", "/tags/snakes/")],
    ),
    (
        "merged with what implies",
        Merge("fastapi", "python"),
        "Merge the tag “fastapi” into “python”",
        ["Four"],
        [("/tags/fastapi/", "/tags/python/")],
    ),
    (
        "merged with what it implies",
        Merge("web", "fastapi"),
        "Merge the tag “web” into “fastapi”",
        ["Four", "One"],
        [("/tags/web/", "/tags/fastapi/")],
    ),
    (
        "split",
        Split("snakes", "Reptiles", frozenset({3, 1}), "of 2011"),
        "Move one entry of 2011 from the tag “snakes” to “Reptiles”",
        ["Three"],
        [],
    ),
    (
        "split to what it implies",
        Split("snakes", "fastapi", frozenset({3, 4})),
        "Move 2 entries from the tag “snakes” to “fastapi”",
        ["Four", "Three"],
        [],
    ),
    (
        "split to its old name",
        Split("python", "py", frozenset({1})),
        "Move one entry from the tag “python” to “py”",
        ["One"],
        [],
    ),
    ("deleted", Delete("python"), "Delete the tag “python”", ["Two", "One"], []),
    ("deleted with what it implies", Delete("fastapi"), "Delete the tag “fastapi”", ["Four"], []),
    ("described", Describe("web", "The *web*."), "Describe the tag “web”", ["Four", "One"], []),
    (
        "called otherwise",
        AddAlias("web", "WWW"),
        "Let “www” lead to the tag “web”",
        ["Four", "One"],
        [("/tags/www/", "/tags/web/")],
    ),
    (
        "called otherwise no more",
        RemoveAlias("python", "py"),
        "Forget “py” as a name of the tag “python”",
        [],
        [],
    ),
    ("implied", Imply("snakes", "animals"), "Let the tag “snakes” imply “animals”", [], []),
    (
        "implied for all",
        Imply("snakes", "fastapi", existing=True),
        "Let the tag “snakes” imply “fastapi”",
        ["Three"],
        [],
    ),
    ("implied no more", StopImplying("fastapi", "web"), "Let the tag “fastapi” imply “web” no more", [], []),
]


@pytest.mark.parametrize(
    ("_name", "action", "summary", "first", "redirects"), ACTIONS, ids=[one[0] for one in ACTIONS]
)
def test_what_is_shown_is_what_is_done_and_all_of_it_is_undone(
    written: Blog, _name: str, action: Action, summary: str, first: list[str], redirects: list[tuple[str, str]]
) -> None:
    before = tables(written)
    shown = preview(written.services, action)
    assert tables(written) == before, "a preview writes nothing"
    assert (shown.summary, [one.name for one in shown.first], shown.count) == (summary, first, len(first))
    pages = [pair for pair in shown.redirects if pair[0].endswith("/")]
    assert pages == redirects
    assert [(f"{old[:-1]}.atom", f"{new[:-1]}.atom") for old, new in redirects] == [
        pair for pair in shown.redirects if pair not in pages
    ]
    done = carry_out(written.services, action, "simon")
    assert tables(written) != before
    undone = undo_operation(written.services, done.operation, "simon")
    assert (undone.summary, undone.notes) == (summary, ())
    assert tables(written) == before


@pytest.mark.parametrize(
    ("_name", "action", "summary", "first", "redirects"), ACTIONS, ids=[one[0] for one in ACTIONS]
)
def test_the_facets_follow_what_is_done_and_undone(
    written: Blog, _name: str, action: Action, summary: str, first: list[str], redirects: list[tuple[str, str]]
) -> None:
    def public() -> dict[str, set[int]]:
        snapshot = written.services.facets.current()
        return {slug: set(snapshot.tag(slug)) for slug in snapshot.names.tags}

    before = public()
    done = carry_out(written.services, action)
    expected = {slug: entries & {1, 4} for slug, entries in tagged(written).items()}
    assert {slug: entries for slug, entries in public().items() if entries} == {
        slug: entries for slug, entries in expected.items() if entries
    }
    undo_operation(written.services, done.operation, "")
    assert public() == before


def test_a_merged_tag_gives_what_it_has_to_the_other(written: Blog) -> None:
    carry_out(written.services, Describe("fastapi", "A framework."))
    carry_out(written.services, Merge("fastapi", "python"))
    assert tagged(written) == {"python": {1, 2, 4}, "snakes": {3, 4}, "web": {1, 4}}
    assert aliases(written) == {"py": "python", "fastapi": "python"}
    assert implications(written) == {("python", "web")}
    shown = written.client().get("/tags/python/").text
    assert "A framework." in shown


def test_a_split_moves_drafts_too_and_adds_what_is_implied(written: Blog) -> None:
    carry_out(written.services, Split("python", "fastapi", frozenset({2})))
    assert tagged(written) == {"python": {1}, "fastapi": {2, 4}, "snakes": {3, 4}, "web": {1, 2, 4}}


def test_a_tag_of_its_own_can_be_split_off_under_an_old_name(written: Blog) -> None:
    carry_out(written.services, Split("python", "py", frozenset({1})))
    assert (tagged(written)["py"], tagged(written)["python"], aliases(written)) == ({1}, {2}, {})


def test_a_tag_whose_new_name_lives_is_merged(written: Blog) -> None:
    assert (
        preview(written.services, Rename("python", "Snakes")).summary == "Merge the tag “python” into “snakes”"
    )


REFUSED: list[tuple[Action, type[Exception], str]] = [
    (
        Imply("web", "fastapi"),
        BadTag,
        "“web” cannot imply “fastapi”, for that closes a circle: web ⇒ fastapi ⇒ web.",
    ),
    (Imply("web", "web"), BadTag, "“web” cannot imply “web”, for that closes a circle: web ⇒ web."),
    (Imply("fastapi", "web"), BadTag, "“fastapi” implies “web” already."),
    (StopImplying("web", "fastapi"), BadTag, "“web” does not imply “fastapi”."),
    (
        AddAlias("python", "snakes"),
        BadTag,
        "There is a tag “snakes”: merge it into “python” to have it lead there.",
    ),
    (AddAlias("web", "py"), BadTag, "“py” is an old name of “python”; take it from there first."),
    (AddAlias("python", "Py"), BadTag, "“py” leads to “python” already."),
    (RemoveAlias("web", "py"), BadTag, "“py” is no old name of “web”."),
    (
        DisplayName("python", "Snakes!"),
        BadTag,
        "“Snakes!” leads to the tag “snakes”; merge the two, or choose another name.",
    ),
    (DisplayName("python", "!!!"), BadTag, "“!!!” has no letter or digit, so no tag can be named that."),
    (Rename("python", "python"), BadTag, "That is how it is already."),
    (Describe("web", "  "), BadTag, "That is how it is already."),
    (Merge("python", "python"), BadTag, "“python” cannot be merged into itself."),
    (Merge("python", "nothing"), NotThere, "There is no tag “nothing”."),
    (Split("python", "Python", frozenset({1})), BadTag, "“python” cannot be split into itself."),
    (Split("python", "web", frozenset({3})), BadTag, "None of these entries is tagged “python”."),
    (Delete("py"), NotThere, "There is no tag “py”."),
]


@pytest.mark.parametrize(("action", "error", "sentence"), REFUSED)
def test_what_makes_no_sense_is_refused_with_a_sentence(
    written: Blog, action: Action, error: type[Exception], sentence: str
) -> None:
    before = tables(written)
    for attempt in (preview, carry_out):
        with pytest.raises(error) as refused:
            attempt(written.services, action)
        assert str(refused.value) == sentence
    assert tables(written) == before


def test_a_longer_circle_is_told_step_by_step(written: Blog) -> None:
    carry_out(written.services, Imply("web", "internet"))
    with pytest.raises(BadTag, match="internet ⇒ fastapi ⇒ web ⇒ internet"):
        carry_out(written.services, Imply("internet", "fastapi"))


def test_an_implication_applies_to_every_save_and_through_others(written: Blog) -> None:
    carry_out(written.services, Imply("web", "internet"))
    carry_out(written.services, AddAlias("fastapi", "fast-api"))
    new = written.write("Five", "fast-api")
    assert {slug for slug, entries in tagged(written).items() if new in entries} == {
        "fastapi",
        "web",
        "internet",
    }
    assert "internet" not in {slug for slug, entries in tagged(written).items() if 4 in entries}


Done = list[tuple[str, Any]]

# What was done, what was done after it, what undoing the first says, and what is tagged then.
LATER: list[tuple[str, Action, list[Action], list[str], dict[str, set[int]], dict[str, str]]] = [
    (
        "a merge, after which its target was renamed",
        Merge("python", "snakes"),
        [Rename("snakes", "Reptiles")],
        [],
        {"python": {1, 2}, "reptiles": {3, 4}, "web": {1, 4}, "fastapi": {4}},
        {"py": "python", "snakes": "reptiles"},
    ),
    (
        "a merge, after which its target was merged on",
        Merge("python", "snakes"),
        [Merge("snakes", "web")],
        [
            "The tag “snakes” is not there any more, so it was taken off no entry.",
            "The old name “py” was changed again since, and keeps that.",
        ],
        {"python": {1, 2}, "web": {1, 2, 3, 4}, "fastapi": {4}},
        {"py": "web", "snakes": "web"},
    ),
    (
        "a renaming, after which it was renamed again",
        Rename("python", "CPython"),
        [Rename("cpython", "The Python")],
        ["“The Python” was changed again since, and keeps that."],
        {"the-python": {1, 2}, "snakes": {3, 4}, "web": {1, 4}, "fastapi": {4}},
        {"py": "the-python", "python": "the-python", "cpython": "the-python"},
    ),
    (
        "a renaming, after which another tag got the old name",
        Rename("python", "CPython"),
        [RemoveAlias("cpython", "python"), Rename("snakes", "Python")],
        ["Another tag is called “python” now, so “CPython” keeps its name."],
        {"cpython": {1, 2}, "python": {3, 4}, "web": {1, 4}, "fastapi": {4}},
        {"py": "cpython", "snakes": "python"},
    ),
    (
        "a split, after which the new tag was merged",
        Split("snakes", "reptiles", frozenset({3})),
        [Merge("reptiles", "web")],
        ["The tag “reptiles” is not there any more, so it was taken off no entry."],
        {"python": {1, 2}, "snakes": {3, 4}, "web": {1, 3, 4}, "fastapi": {4}},
        {"py": "python", "reptiles": "web"},
    ),
    (
        "a split, after which the new tag came into use",
        Split("snakes", "reptiles", frozenset({3})),
        [Split("python", "reptiles", frozenset({1}))],
        ["The tag “reptiles” stays, for it is in use by now."],
        {"python": {2}, "snakes": {3, 4}, "web": {1, 4}, "fastapi": {4}, "reptiles": {1}},
        {"py": "python"},
    ),
    (
        "an implication, after which the other way round was wanted",
        StopImplying("fastapi", "web"),
        [Imply("web", "fastapi")],
        ["“fastapi” cannot imply “web” again."],
        {"python": {1, 2}, "snakes": {3, 4}, "web": {1, 4}, "fastapi": {4}},
        {"py": "python"},
    ),
    (
        "a split from a tag that was deleted since",
        Split("snakes", "reptiles", frozenset({3})),
        [Delete("snakes")],
        ["There is no tag “snakes” any more to give back to one entry."],
        {"python": {1, 2}, "web": {1, 4}, "fastapi": {4}},
        {"py": "python"},
    ),
]


@pytest.mark.parametrize(
    ("_name", "first", "later", "notes", "tags", "names"), LATER, ids=[one[0] for one in LATER]
)
def test_undoing_leaves_what_was_changed_since_and_says_so(
    written: Blog,
    _name: str,
    first: Action,
    later: list[Action],
    notes: list[str],
    tags: dict[str, set[int]],
    names: dict[str, str],
) -> None:
    done = carry_out(written.services, first)
    for action in later:
        carry_out(written.services, action)
    undone = undo_operation(written.services, done.operation, "")
    assert sorted(undone.notes) == sorted(notes)
    assert (tagged(written), aliases(written)) == (tags, names)
