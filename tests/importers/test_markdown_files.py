"""Markdown files with front matter: ours, and as Hugo and Jekyll write them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

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
from importers import markdown_files
from importers.material import Material

DEMO = Path(__file__).parents[2] / "blog/demo"
MAY_25 = datetime(2009, 5, 25, tzinfo=UTC)


def parsed(folder: Path, files: dict[str, str]) -> list[Item]:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
    return list(markdown_files.parse(Material.of_path(folder)))


def one(text: str, name: str = "post.md") -> Draft | Rejected:
    (item,) = markdown_files.parse(Material.of_bytes(text.encode(), name))
    assert isinstance(item, Draft | Rejected)
    return item


def test_every_key_of_ours_is_read() -> None:
    text = """---
kind: quotation
title: A title
date: 2009-05-25
updated: 2009-05-26T10:00:00+02:00
tags: [C++, machine learning, 2009]
slug: my-slug
url: https://a.example/x
via_url: https://friend.example/
via_title: A friend
citation: A captain
context: on the *bridge*
series: sets
series_order: 3
source: releases
status: hidden
image_url: https://a.example/i.png
image_alt: A box
id: original-7
markup: html
---

<p>Body.</p>

---
More.
"""
    assert one(text) == Draft(
        kind=Kind.QUOTATION,
        external_id="original-7",
        published=MAY_25,
        updated=datetime(2009, 5, 26, 8, tzinfo=UTC),
        title="A title",
        slug="my-slug",
        body="<p>Body.</p>\n\n---\nMore.",
        markup=Markup.HTML,
        url="https://a.example/x",
        via_url="https://friend.example/",
        via_title="A friend",
        citation="A captain",
        context="on the *bridge*",
        image_url="https://a.example/i.png",
        image_alt="A box",
        tags=("C++", "machine learning", "2009"),
        series="sets",
        series_order=3,
        source="releases",
        status=Status.HIDDEN,
    )


def test_toml_is_read_as_yaml_is() -> None:
    text = '+++\r\nTitle = "Sets"\r\ndate = 2009-05-25\r\ntags = ["a", "b"]\r\ndraft = true\r\n+++\r\nBody.\r\n'
    assert one(text, "content/sets.md") == Draft(
        kind=Kind.ARTICLE,
        external_id="sets",
        published=MAY_25,
        title="Sets",
        slug="sets",
        body="Body.",
        tags=("a", "b"),
        status=Status.DRAFT,
    )


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        # What it is.
        ("title: T", {"kind": Kind.ARTICLE}),
        ("title: T\nurl: http://a.example/", {"kind": Kind.LINK}),
        ("title: T\nurl: https://a.example/\ncitation: C", {"kind": Kind.QUOTATION}),
        ("tags: a", {"kind": Kind.NOTE}),
        ("kind: Activity\ntitle: T", {"kind": Kind.ACTIVITY}),
        ("title: T\nlink: https://a.example/", {"kind": Kind.LINK, "url": "https://a.example/"}),
        ("title: T\npermalink: https://a.example/", {"kind": Kind.LINK, "url": "https://a.example/"}),
        ("title: T\nurl: /2009/t/\npermalink: /t/", {"kind": Kind.ARTICLE, "url": ""}),
        ("title: T\nurl: javascript:alert(1)", {"kind": Kind.ARTICLE, "url": ""}),
        ("title: T\nimage_url: javascript:x\nimage: /i.png", {"image_url": ""}),
        ("title: 1984", {"title": "1984"}),
        ('title: "a\\u0000b\\nc"', {"title": "ab c"}),
        # Tags.
        ("tags: [a, b]\ncategories: [b, c]", {"tags": ("a", "b", "c")}),
        ("tags: machine learning", {"tags": ("machine", "learning")}),
        ("tags: machine learning, C++,", {"tags": ("machine learning", "C++")}),
        ("tags:\n- 'a'\n- ''\n- 3.11", {"tags": ("a", "3.11")}),
        ("tags:", {"tags": ()}),
        # Status.
        ("draft: true", {"status": Status.DRAFT}),
        ("draft: false", {"status": Status.PUBLISHED}),
        ("published: false", {"status": Status.DRAFT}),
        ("published: true", {"status": Status.PUBLISHED}),
        ("status: draft\npublished: true", {"status": Status.DRAFT}),
        # Dates.
        ("date: 2009-05-24", {"published": datetime(2009, 5, 24, tzinfo=UTC)}),
        ("date: 2009-05-24 10:00", {"published": datetime(2009, 5, 24, 10, tzinfo=UTC)}),
        ("date: 2009-05-24 10:00:00 +0200", {"published": datetime(2009, 5, 24, 8, tzinfo=UTC)}),
        ("date: 2009-05-24 10:00:00 UTC", {"published": datetime(2009, 5, 24, 10, tzinfo=UTC)}),
        ("date: 2009-05-24T10:00:00Z", {"published": datetime(2009, 5, 24, 10, tzinfo=UTC)}),
        ("date: '2009-05-24T10:00:00.5-01:00'", {"published": datetime(2009, 5, 24, 11, 0, 0, 500_000, UTC)}),
        ("date: Sun, 24 May 2009 10:00:00 +0100", {"published": datetime(2009, 5, 24, 9, tzinfo=UTC)}),
        ("lastmod: 2009-05-26", {"updated": datetime(2009, 5, 26, tzinfo=UTC)}),
        ("date: ''", {"published": MAY_25}),
        # Series.
        ("series: [sets, more]\nseries_order: '2'", {"series": "sets", "series_order": 2}),
        ("series_order: -1", {"series_order": -1}),
        ("unknown: {a: [1, 2]}", {"kind": Kind.NOTE}),
        ("", {"kind": Kind.NOTE, "slug": "sets", "external_id": "2009-05-25-sets", "published": MAY_25}),
    ],
)
def test_front_matter(keys: str, expected: dict[str, Any]) -> None:
    draft = one(f"---\n{keys}\n---\nBody.", "2009-05-25-sets.md")
    assert isinstance(draft, Draft), draft
    assert {name: getattr(draft, name) for name in expected} == expected
    assert draft.body == "Body."


@pytest.mark.parametrize(
    ("name", "external_id", "slug"),
    [
        ("2009-05-25-sets.md", "2009-05-25-sets", "sets"),
        ("_posts/2009-05-25-sets.markdown", "_posts/2009-05-25-sets", "sets"),
        ("content/sets/index.md", "content/sets/index", "sets"),
        ("content/2009-05-25-sets/index.md", "content/2009-05-25-sets/index", "sets"),
        ("index.md", "index", "index"),
        ("version-1.2.md", "version-1.2", "version-1.2"),
    ],
)
def test_a_file_is_known_by_its_path_and_addressed_by_its_name(
    tmp_path: Path, name: str, external_id: str, slug: str
) -> None:
    (draft,) = parsed(tmp_path, {name: "---\ndate: 2009-05-25\n---\n", "style.css": "", "a.txt": "---\n"})[:1]
    assert isinstance(draft, Draft)
    assert (draft.external_id, draft.slug, draft.published) == (external_id, slug, MAY_25)


def test_jekylls_folder_of_drafts_makes_drafts(tmp_path: Path) -> None:
    (draft, _) = parsed(tmp_path, {"_drafts/a.md": "---\ndate: 2009-05-25\n---\n", "b.md": ""})
    assert isinstance(draft, Draft)
    assert draft.status is Status.DRAFT


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("---\ntitle: a: b\n---\n", "post.md: Line 2: mapping values are not allowed here; put quotes around"),
        ("---\na: 1\nb: [c\n---\n", "post.md: Line 3: expected ',' or ']'"),
        ("---\na: 1\nb: @c\n---\n", "post.md: Line 3: found character '@' that cannot start any token"),
        ("---\ntitle: T\n", "post.md: Line 1: the front matter has no end; close it with a line “---”."),
        ("---\n- a\n---\n", "post.md: Line 2: this is no list of keys and values"),
        (
            "---\ndate: 2009-13-45\n---\n",
            "post.md: From line 2 on: month must be in 1..12; correct that value.",
        ),
        ("---\na: !!python/name:os.system\n---\n", "post.md: Line 2: could not determine a constructor"),
        (f"---\na: {'[' * 5000}\n---\n", "post.md: From line 2 on: "),
        (f"---\ntitle: {'9' * 5000}\n---\n", "post.md: From line 2 on: Exceeds the limit"),
        (f"---\ntitle: 0x{'f' * 9000}\n---\n", "post.md: It has a number with thousands of digits"),
        ("+++\na = 1\nb = \n+++\n", "post.md: Line 3: Invalid value"),
        ("---\ndate: someday\n---\n", "post.md: “date”: “someday” is not a date; write it like 2009-05-25T"),
        ("---\ndate: [2009]\n---\n", "post.md: “date”: “list” is not a date"),
        ("---\ntitle: T\n---\n", "post.md: It has no date; add a line “date: 2009-05-25T10:00:00Z”"),
        ("Just text.", "post.md: It has no date"),
        ("---\ntitle: [a]\n---\n", "post.md: “title” is not a single value; write it on one line."),
        (
            "---\ndate: 2009-05-25\ntags: {a: b}\n---\n",
            "post.md: “tags” is not a list of names; write it like [python, scaling].",
        ),
        ("---\ndate: 2009-05-25\ntags: [[a]]\n---\n", "post.md: “tags” is not a list of names"),
        (
            "---\ndate: 2009-05-25\nkind: post\n---\n",
            "post.md: “kind” is “post”; it can be article, link, quot",
        ),
        (
            "---\ndate: 2009-05-25\nstatus: x\n---\n",
            "post.md: “status” is “x”; it can be published, draft, hidden, inbox.",
        ),
        ("---\ndate: 2009-05-25\nseries_order: one\n---\n", "post.md: “series_order” is not a whole number."),
        ("---\ndate: 2009-05-25\nkind: link\nurl: /x\n---\n", "post.md: A link needs a “url” that begins with"),
    ],
)
def test_a_broken_file_is_rejected_with_its_name_the_line_and_what_to_do(text: str, reason: str) -> None:
    rejected = one(text)
    assert isinstance(rejected, Rejected), rejected
    assert rejected.external_id == "post.md"
    assert rejected.reason.startswith(reason), rejected.reason


def test_a_file_that_is_not_utf8_is_rejected_with_the_line(tmp_path: Path) -> None:
    (rejected,) = parsed(tmp_path, {"a.md": "---\ndate: 2009-05-25\n---\ncaf\udce9\n"})
    assert rejected == Rejected(external_id="a.md", reason="a.md: Line 4 is not UTF-8; save the file as UTF-8.")


def test_aliases_in_yaml_cannot_make_a_bomb() -> None:
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))
    rejected = one(f"---\n{bomb}date: 2009-05-25\ntags: *a59\n---\n")
    assert isinstance(rejected, Rejected)
    assert "“tags” is not a list of names" in rejected.reason


def test_two_files_with_the_same_id_are_told_apart(tmp_path: Path) -> None:
    text = "---\ndate: 2009-05-25\nid: same\n---\n"
    draft, rejected = parsed(tmp_path, {"a.md": text, "b.md": text})
    assert isinstance(draft, Draft)
    assert rejected == Rejected(
        external_id="b.md", reason="b.md: a.md has the same id “same”; give one of them its own."
    )


def test_the_page_of_a_section_is_no_entry(tmp_path: Path) -> None:
    (rejected,) = parsed(tmp_path, {"posts/_index.md": "---\ntitle: Posts\n---\n"})
    assert rejected == Rejected(
        external_id="posts/_index.md",
        reason="posts/_index.md: This is the page of a section in Hugo, not an entry.",
    )


def test_the_sidecar_comes_first(tmp_path: Path) -> None:
    sidecar = """
tags:
  cplusplus: {name: C++, description: The *language*.}
  sets: All about sets.
  plain:
aliases: {cpp: cplusplus, 2009: sets}
series:
  sets: {title: On sets, description: Three parts.}
  more: More of it
sources:
  releases: {name: Releases, url: "https://code.example/"}
redirects:
  /old/?p=1: /new/
  https://Old.example/a: https://a.example/
  http://old.example: /
"""
    post = "---\ndate: 2009-05-25\n---\n"
    items = parsed(tmp_path, {"_blog.yaml": sidecar, "A.md": post, "sub/_blog.yaml": "broken: ["})
    assert items == [
        TagDraft(name="C++", slug="cplusplus", description="The *language*."),
        TagDraft(name="sets", slug="sets", description="All about sets."),
        TagDraft(name="plain", slug="plain"),
        AliasDraft(old="cpp", tag="cplusplus"),
        AliasDraft(old="2009", tag="sets"),
        SeriesDraft(slug="sets", title="On sets", description="Three parts."),
        SeriesDraft(slug="more", title="More of it"),
        SourceDraft(slug="releases", name="Releases", url="https://code.example/"),
        RedirectDraft(path="/old/?p=1", target="/new/"),
        RedirectDraft(path="/a", target="https://a.example/", host="old.example"),
        RedirectDraft(path="/", target="/", host="old.example"),
        Draft(kind=Kind.NOTE, external_id="A", slug="A", published=MAY_25),
    ]


@pytest.mark.parametrize(
    ("sidecar", "reason"),
    [
        ("tags: [a", "_blog.yaml: Line 1: expected ',' or ']'"),
        ("tags: [a, b]", "_blog.yaml, tags: it is no list of keys and values."),
        ("tags: {a: [b]}", "_blog.yaml, tags, a: a value in it is not a single text."),
        ("aliases: {a: }", "_blog.yaml, aliases, a: a value in it is not a single text."),
        ("aliases: {a: ''}", "_blog.yaml, aliases, a: it is empty."),
        ("redirects: {old/: /new/}", "_blog.yaml, redirects, old/: it is neither a path that begins with /"),
        ("redirects: {/old/: 'javascript:x'}", "_blog.yaml, redirects, /old/: its target is neither a path"),
        ("redirects: {'http://[x': /new/}", "_blog.yaml, redirects, http://[x: "),
        ("tag: {}", "_blog.yaml, tag: there is no such section; there are tags, aliases, series, sources,"),
        ("\udce9", "_blog.yaml is not UTF-8"),
    ],
)
def test_what_is_wrong_in_the_sidecar_is_told_and_the_files_are_read(
    tmp_path: Path, sidecar: str, reason: str
) -> None:
    rejected, draft = parsed(tmp_path, {"_blog.yaml": sidecar, "a.md": "---\ndate: 2009-05-25\n---\n"})
    assert isinstance(rejected, Rejected)
    assert rejected.reason.startswith(reason), rejected.reason
    assert isinstance(draft, Draft)


def test_the_entries_are_counted_without_being_read(tmp_path: Path) -> None:
    files = {"a.md": "broken", "b/c.markdown": "---\n", "_blog.yaml": "", "style.css": "", "2009.txt": ""}
    parsed(tmp_path, files)
    assert markdown_files.count(Material.of_path(tmp_path)) == 2


def test_the_demo_blog_is_read_without_a_complaint() -> None:
    items = list(markdown_files.parse(Material.of_path(DEMO)))
    assert [item for item in items if isinstance(item, Rejected)] == []
    assert {item.kind for item in items if isinstance(item, Draft)} == set(Kind)
