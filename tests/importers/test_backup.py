"""A blog's backup, small and in our own words, and once the real one."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from blog.domain.entry import (
    AliasDraft,
    Draft,
    Item,
    Kind,
    Markup,
    RedirectDraft,
    Rejected,
    SeriesDraft,
    SourceDraft,
    Status,
    TagDraft,
)
from importers import backup
from importers.material import Material
from importers.old_markup import read_commentary, read_quotation

if TYPE_CHECKING:
    from collections.abc import Sequence

CORPUS = Path(__file__).parents[3] / "shared/corpus/simonwillisonblog"
WHEN = "2009-05-25T10:00:00+00:00"
MOMENT = datetime(2009, 5, 25, 10, tzinfo=UTC)

Row = dict[str, Any]


def write_table(folder: Path, table: str, rows: Sequence[Row | str]) -> None:
    """Write one table; a row that is a string is written as it stands."""
    columns = list(dict.fromkeys(column for row in rows if isinstance(row, dict) for column in row))
    lines = [
        json.dumps([row.get(column) for column in columns]) if isinstance(row, dict) else row for row in rows
    ]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{table}.metadata.json").write_text(json.dumps({"name": table, "columns": columns}))
    (folder / f"{table}.ndjson").write_text("\n".join(lines))


def parsed(folder: Path, **tables: Sequence[Row | str]) -> list[Item]:
    for table, rows in tables.items():
        write_table(folder, table, rows)
    return list(backup.parse(Material.of_path(folder)))


def draft_of(folder: Path, table: str, row: Row, **tables: Sequence[Row | str]) -> Draft:
    drafts = parsed(folder, **{table: [{"id": 1, "created": WHEN, **row}], **tables})
    found = [item for item in drafts if isinstance(item, Draft)]
    assert len(found) == 1, drafts
    return found[0]


def test_everything_comes_in_the_order_in_which_it_is_needed(tmp_path: Path) -> None:
    tag = {"id": 1, "tag": "Roaring Bitmaps", "description": "*Sets* of numbers."}
    items = parsed(
        tmp_path,
        blog_tag=[tag, {"id": 2, "tag": "unused", "description": ""}],
        blog_previoustagname=[{"id": 1, "previous_name": "bitmaps", "tag_id": 1}],
        blog_series=[{"id": 3, "slug": "sets", "title": "On sets", "summary": "Three parts."}],
        blog_beat=[{"id": 9, "created": WHEN, "beat_type": "release", "title": "setlib 1.0"}],
        blog_entry=[
            {"id": 7, "created": WHEN, "slug": "why", "title": "Why", "body": "<p>So.</p>", "series_id": "3"}
        ],
        blog_entry_tags=[{"id": 1, "entry_id": 7, "tag_id": 1}, {"id": 2, "entry_id": 7, "tag_id": 1}],
        redirects_redirect=[{"id": 1, "domain": "old.example", "path": "a", "target": "https://me.example/b"}],
    )
    assert items == [
        TagDraft(name="Roaring Bitmaps", description="*Sets* of numbers."),
        TagDraft(name="unused"),
        AliasDraft(old="bitmaps", tag="Roaring Bitmaps"),
        SeriesDraft(slug="sets", title="On sets", description="Three parts."),
        SourceDraft(slug="release", name="Releases"),
        Draft(
            kind=Kind.ARTICLE,
            external_id="entry:7",
            published=MOMENT,
            slug="why",
            title="Why",
            body="<p>So.</p>",
            markup=Markup.HTML,
            tags=("Roaring Bitmaps",),
            series="sets",
        ),
        Draft(
            kind=Kind.ACTIVITY,
            external_id="beat:9",
            published=MOMENT,
            title="setlib 1.0",
            source="release",
        ),
        RedirectDraft(path="/a", target="/b", host="old.example"),
    ]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"title": "Fun with &lt;hr&gt;"}, {"title": "Fun with <hr>"}),
        ({"title": "  a\n b\x00 "}, {"title": "a b"}),
        ({"is_draft": 1}, {"status": Status.DRAFT}),
        ({"is_draft": "0"}, {"status": Status.PUBLISHED}),
        ({"body": "<p>a</p>\r\n<p>\x93b\x94</p>"}, {"body": "<p>a</p>\n<p>“b”</p>"}),
        ({"created": "2009-05-25T12:00:00+02:00"}, {"published": MOMENT}),
        ({"created": "2009-05-25 10:00:00"}, {"published": MOMENT}),
    ],
)
def test_articles(tmp_path: Path, row: Row, expected: Row) -> None:
    article = draft_of(tmp_path, "blog_entry", row)
    assert {name: getattr(article, name) for name in expected} == expected


def test_links(tmp_path: Path) -> None:
    row = {
        "slug": "sets",
        "link_url": "https://sets.example/",
        "link_title": "Sets <and> how",
        "via_url": "https://friend.example/",
        "via_title": "A friend",
        "commentary": "Good.\r\n\r\n*Read* it.",
        "use_markdown": 1,
    }
    assert draft_of(tmp_path, "blog_blogmark", row) == Draft(
        kind=Kind.LINK,
        external_id="blogmark:1",
        published=MOMENT,
        slug="sets",
        title="Sets <and> how",
        body="Good.\n\n*Read* it.",
        url="https://sets.example/",
        via_url="https://friend.example/",
        via_title="A friend",
    )


def test_a_link_with_a_heading_of_its_own_keeps_what_the_link_was_called(tmp_path: Path) -> None:
    row = {
        "link_url": "https://a.example/(x)",
        "link_title": "A [b]",
        "title": "My heading",
        "commentary": "So.",
    }
    link = draft_of(tmp_path, "blog_blogmark", {**row, "use_markdown": 1})
    assert (link.title, link.body) == ("My heading", "[A \\[b\\]](<https://a.example/(x)>)\n\nSo.")
    assert draft_of(tmp_path, "blog_blogmark", row).body == "A [b]\n\nSo."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Argues for <b> and <i>", ("Argues for <b> and <i>", Markup.TEXT)),
        ("a < b && c", ("a < b && c", Markup.TEXT)),
        ("The &lt;hr&gt; tag &amp; you", ("The <hr> tag & you", Markup.TEXT)),
        ("see ?a=1&copy=2", ("see ?a=1&copy=2", Markup.TEXT)),
        ("One.\n\nTwo.", ("One.\n\nTwo.", Markup.TEXT)),
        (
            'See <a href="/x">this</a> &amp; <B>that</b>',
            ('See <a href="/x">this</a> &amp; <B>that</b>', Markup.HTML),
        ),
        ("<em>One</em>\nmore.\n\nTwo.", ("<p><em>One</em>\nmore.</p>\n\n<p>Two.</p>", Markup.HTML)),
        ("<p>One.</p>\n\n<p>Two.</p>", ("<p>One.</p>\n\n<p>Two.</p>", Markup.HTML)),
    ],
)
def test_old_commentary_is_html_only_where_it_is(text: str, expected: tuple[str, Markup]) -> None:
    assert read_commentary(text) == expected


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        ("Plain words [...] with 2*3*4 and a_b_c and /x(.*)?, /y(.*)? in them", Markup.TEXT),
        ("First line\nsecond line - not a list", Markup.TEXT),
        ("One.\n\nTwo.", Markup.TEXT),
        ("it is *not* so", Markup.MARKDOWN),
        ("_very_ much", Markup.MARKDOWN),
        ("**bold** words", Markup.MARKDOWN),
        ("use `map` here", Markup.MARKDOWN),
        ("see [this](https://a.example/b_(c))", Markup.MARKDOWN),
        ("> quoted again", Markup.MARKDOWN),
        ("Three:\n\n- a\n- b", Markup.MARKDOWN),
        ("with <em>this</em>", Markup.MARKDOWN),
    ],
)
def test_quotations_are_markdown_where_they_show_it(text: str, markup: Markup) -> None:
    assert read_quotation(text) == (text, markup)


def test_line_breaks_of_quotations_in_markdown_become_hard_ones() -> None:
    assert read_quotation("*a*\nb\n\n- c\n- d\n1. e")[0] == "*a*  \nb\n\n- c\n- d\n1. e"


def test_quotations(tmp_path: Path) -> None:
    row = {
        "quotation": "Make it so.",
        "source": "A captain",
        "source_url": "https://ship.example/",
        "context": "on the bridge",
    }
    assert draft_of(tmp_path, "blog_quotation", row) == Draft(
        kind=Kind.QUOTATION,
        external_id="quotation:1",
        published=MOMENT,
        body="Make it so.",
        markup=Markup.TEXT,
        url="https://ship.example/",
        citation="A captain",
        context="on the bridge",
    )


def test_notes(tmp_path: Path) -> None:
    note = draft_of(tmp_path, "blog_note", {"title": None, "body": "*Hm.*", "slug": "hm"})
    assert note == Draft(kind=Kind.NOTE, external_id="note:1", published=MOMENT, slug="hm", body="*Hm.*")


def test_activity(tmp_path: Path) -> None:
    row = {
        "beat_type": "release",
        "title": "setlib 1.0",
        "url": "https://code.example/1.0",
        "commentary": "# Documentation",
        "note": "First *stable* one.",
        "image_url": "https://code.example/1.png",
        "image_alt": "A\nbox",
    }
    assert draft_of(tmp_path, "blog_beat", row) == Draft(
        kind=Kind.ACTIVITY,
        external_id="beat:1",
        published=MOMENT,
        title="setlib 1.0",
        body="Documentation\n\nFirst *stable* one.",
        url="https://code.example/1.0",
        image_url="https://code.example/1.png",
        image_alt="A box",
        source="release",
    )


def test_commentary_that_only_repeats_the_title_is_left_out(tmp_path: Path) -> None:
    assert draft_of(tmp_path, "blog_beat", {"title": "A gull", "commentary": "A gull"}).body == ""


@pytest.mark.parametrize(
    ("beat_type", "slug", "name"),
    [
        ("release", "release", "Releases"),
        ("til", "til", "TILs"),
        ("research", "research", "Research"),
        ("museum", "museum", "Museums"),
        ("code_review", "code_review", "Code reviews"),
        ("news", "news", "News"),
    ],
)
def test_each_type_of_activity_is_a_source(tmp_path: Path, beat_type: str, slug: str, name: str) -> None:
    items = parsed(tmp_path, blog_beat=[{"id": n, "created": WHEN, "beat_type": beat_type} for n in (1, 2)])
    assert [item for item in items if isinstance(item, SourceDraft)] == [SourceDraft(slug=slug, name=name)]
    assert [item.source for item in items if isinstance(item, Draft)] == [slug, slug]


def test_guides_are_series_with_their_chapters_in_order(tmp_path: Path) -> None:
    def chapter(number: int, section: int | None, order: int, **more: Any) -> Row:
        row = {"id": number, "created": WHEN, "guide_id": 4, "section_id": section, "order": order}
        return {**row, "slug": f"c{number}", "is_unlisted": 0, "is_draft": 0, "updated": None, **more}

    items = parsed(
        tmp_path,
        blog_series=[{"id": 1, "slug": "sets", "title": "Sets", "summary": ""}],
        guides_guide=[{"id": 4, "slug": "sets", "title": "Guide to sets", "description": "D", "is_draft": 0}],
        guides_guidesection=[{"id": 1, "order": 2, "guide_id": 4}, {"id": 2, "order": -1, "guide_id": 4}],
        guides_chapter=[
            chapter(10, 1, 2, is_draft=1, is_unlisted=1),
            chapter(11, 1, 1, is_unlisted=1),
            chapter(12, 2, 5, updated="2009-05-26T10:00:00Z"),
            chapter(13, None, 0),
        ],
    )
    assert SeriesDraft(slug="sets-guide", title="Guide to sets", description="D") in items
    drafts = [item for item in items if isinstance(item, Draft)]
    assert {(d.kind, d.series, d.markup) for d in drafts} == {(Kind.ARTICLE, "sets-guide", Markup.MARKDOWN)}
    assert [(d.external_id, d.series_order, d.status.value) for d in drafts] == [
        ("chapter:10", 4, "draft"),
        ("chapter:11", 3, "hidden"),
        ("chapter:12", 2, "published"),
        ("chapter:13", 1, "published"),
    ]
    assert drafts[2].updated == datetime(2009, 5, 26, 10, tzinfo=UTC)


def test_chapters_of_a_draft_guide_are_drafts(tmp_path: Path) -> None:
    guide = {"id": 4, "slug": "g", "title": "G", "is_draft": 1}
    assert draft_of(tmp_path, "guides_chapter", {"guide_id": 4}, guides_guide=[guide]).status is Status.DRAFT


def test_redirects_lose_the_blogs_own_host_and_become_aliases_between_its_tags(tmp_path: Path) -> None:
    def redirect(domain: str, path: str, target: str) -> Row:
        return {"id": 1, "domain": domain, "path": path, "target": target}

    items = parsed(
        tmp_path,
        blog_tag=[{"id": 1, "tag": "sets"}, {"id": 2, "tag": "living"}],
        blog_previoustagname=[{"id": 1, "previous_name": "old-sets", "tag_id": 1}],
        redirects_redirect=[
            redirect("me.example", "a", "https://me.example/b?c=d#e"),
            redirect("me.example", "/c/", "/d/"),
            redirect("ME.example", "/c/", "/other/"),
            redirect("old.example", "", "http://me.example"),
            redirect("old.example", "*", "https://me.example/"),
            redirect("me.example", "out", "https://static.example/x"),
            redirect("me.example", "tags/mengen/", "/tags/sets/"),
            redirect("me.example", "tags/menge/", "https://me.example/tags/old-sets"),
            redirect("me.example", "tags/living/", "/tags/sets/"),
            redirect("me.example", "tags/dead/", "/tags/dead-too/"),
            redirect("old.example", "tags/x/", "/tags/sets/"),
            redirect("me.example", "same", "/same"),
            redirect("me.example", "script", "javascript:alert(1)"),
            redirect("me.example", "broken", "http://[broken"),
        ],
    )
    assert [item for item in items if isinstance(item, AliasDraft | RedirectDraft | Rejected)] == [
        AliasDraft(old="old-sets", tag="sets"),
        AliasDraft(old="mengen", tag="sets"),
        AliasDraft(old="menge", tag="sets"),
        RedirectDraft(path="/a", target="/b?c=d#e"),
        RedirectDraft(path="/c/", target="/d/"),
        RedirectDraft(path="/", target="/", host="old.example"),
        RedirectDraft(path="/*", target="/", host="old.example"),
        RedirectDraft(path="/out", target="https://static.example/x"),
        RedirectDraft(path="/tags/living/", target="/tags/sets/"),
        RedirectDraft(path="/tags/dead/", target="/tags/dead-too/"),
        RedirectDraft(path="/tags/x/", target="/tags/sets/", host="old.example"),
        Rejected(external_id="redirect:1", reason="It leads to itself."),
        Rejected(external_id="redirect:1", reason="“javascript:alert(1)” is nowhere to lead to."),
        Rejected(external_id="redirect:1", reason="“http://[broken” is no address."),
    ]


@pytest.mark.parametrize(
    ("row", "external_id", "reason"),
    [
        ("{nonsense", "blog_note, line 2", "This is not JSON"),
        ("[" * 100_000, "blog_note, line 2", "This is not JSON"),
        ('{"id": 5}', "blog_note, line 2", "This is not a JSON array"),
        ("[5]", "blog_note, line 2", "It has 1 cells and the table 3 columns"),
        (f'["five", "{WHEN}", "x"]', "note:five", "Its id is not a number"),
        ('[5, "yesterday", "x"]', "note:5", "Its created cannot be read: “yesterday” is not a date"),
        ('[5, "2009-13-45", "x"]', "note:5", "Its created cannot be read"),
        ('[5, "0001-01-01T00:00:00+14:00", "x"]', "note:5", "Its created cannot be read"),
        ('[5, 12, "x"]', "note:5", "Its created cannot be read: “12” is not a date"),
        ('[5, null, "x"]', "note:5", "It has no date"),
        ('[5, "", "x"]', "note:5", "It has no date"),
    ],
)
def test_a_broken_row_is_rejected_with_its_reason_and_the_others_are_read(
    tmp_path: Path, row: str, external_id: str, reason: str
) -> None:
    notes = [{"id": n, "created": WHEN, "body": "x"} for n in (4, 6)]
    first, rejected, last = parsed(tmp_path, blog_note=[notes[0], row, notes[1]])
    assert isinstance(first, Draft)
    assert isinstance(last, Draft)
    assert isinstance(rejected, Rejected)
    assert rejected.external_id == external_id
    assert rejected.reason.startswith(reason)


def test_what_refers_to_something_missing_is_rejected(tmp_path: Path) -> None:
    items = parsed(
        tmp_path,
        blog_tag=[{"id": 1, "tag": " "}, {"id": None, "tag": "x"}],
        blog_previoustagname=[{"id": 2, "previous_name": "old", "tag_id": 99}],
        blog_series=[{"id": 3, "slug": "", "title": "!"}],
        blog_note_tags=[{"id": 4, "note_id": 1, "tag_id": 99}],
        blog_note=[{"id": 1, "created": WHEN, "series_id": 77}],
    )
    assert [item for item in items if not isinstance(item, Rejected)] == [
        Draft(kind=Kind.NOTE, external_id="note:1", published=MOMENT)
    ]
    assert Counter(item.external_id for item in items if isinstance(item, Rejected)) == {
        "tag:1": 1,
        "tag:": 1,
        "previoustagname:2": 1,
        "series:3": 1,
        "blog_note_tags:4": 1,
    }


def test_a_table_without_its_columns_is_rejected_once(tmp_path: Path) -> None:
    write_table(tmp_path, "blog_note", [{"id": 1, "created": WHEN}])
    (tmp_path / "blog_note.metadata.json").write_text('{"columns": 5}')
    write_table(tmp_path, "blog_quotation", [{"id": 1, "created": WHEN}])
    quotation, rejected = parsed(tmp_path)
    assert rejected == Rejected(
        external_id="blog_note",
        reason="Its columns are unknown: blog_note.metadata.json is missing or does not list them.",
    )
    assert isinstance(quotation, Draft)


def test_a_backup_in_a_folder_below_is_found_and_counted(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("My backup")
    items = parsed(tmp_path / "data", blog_note=[{"id": 1, "created": WHEN}, "broken"])
    material = Material.of_path(tmp_path)
    assert backup.detect(material)
    assert backup.count(material) == 2
    assert list(backup.parse(material)) == items


@pytest.mark.corpus
@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus is not beside the project")
def test_the_real_backup_is_read_whole() -> None:
    material = Material.of_path(CORPUS)
    items = list(backup.parse(material))
    drafts = [item for item in items if isinstance(item, Draft)]
    assert backup.count(material) == len(drafts) == 12_337 + 16
    assert Counter(draft.external_id.partition(":")[0] for draft in drafts) == {
        "entry": 1_599,
        "blogmark": 6_682,
        "quotation": 385,
        "note": 152,
        "beat": 3_519,
        "chapter": 16,
    }
    assert not [item for item in items if isinstance(item, Rejected)]
    assert [str(d.published.date()) for d in drafts if {"scaling", "python"} <= set(d.tags)] == [
        *("2007-03-04", "2008-04-08", "2009-01-27", "2009-02-27", "2009-05-25", "2009-10-09", "2009-12-22")
    ]
    tags = Counter(tag for draft in drafts for tag in draft.tags)
    assert tags.most_common(3) == [("datasette", 1_219), ("python", 799), ("javascript", 567)]
    assert len(tags) == 5_151
    others = Counter(type(item).__name__ for item in items)
    assert (others["TagDraft"], others["SeriesDraft"], others["SourceDraft"]) == (5_574, 18, 7)
    assert (others["AliasDraft"], others["RedirectDraft"]) == (986 + 6, 2_317 - 6)
    assert {item.target for item in items if isinstance(item, RedirectDraft) and item.path == "/*"} == {"/"}
