"""Bookmarks, whichever service they are from: their ids, their tags, and several of one address."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from blog.domain.entry import Draft, Kind, LeftOut, Markup, Rejected, Status
from blog.domain.errors import BadImport
from importers.bookmarks import Bookmark, Read, as_items, bookmark_id, quoted, tidy_tags
from importers.breakage import BrokenFile

MAY_25 = datetime(2009, 5, 25, tzinfo=UTC)


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example/x?y=1#z",
        "HTTPS://A.Example:443/x?y=1#z",
        " https://a.example:/x?y=1#z\n",
        "ht\ttps://a.example/x?y=1#z",
    ],
)
def test_spellings_that_all_browsers_take_for_one_address_are_one_bookmark(url: str) -> None:
    assert bookmark_id(url) == "bookmark:https://a.example/x?y=1#z"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://a.example", "https://a.example/"),
        ("http://a.example:443/", "http://a.example:443/"),
        ("http://a.example/X/", "http://a.example/X/"),
        ("http://Me:Word@A.example/", "http://Me:Word@a.example/"),
        ("http://[::1]:80/", "http://[::1]/"),
        ("http://[::1]/", "http://[::1]/"),
        ("http://a.example:99999/", "http://a.example:99999/"),
        ("http://a.example/#!/page", "http://a.example/#!/page"),
        ("http://日本.example/日本?q=a b", "http://日本.example/日本?q=a%20b"),
    ],
)
def test_what_may_be_two_pages_are_two_bookmarks(url: str, name: str) -> None:
    assert bookmark_id(url) == f"bookmark:{name}"


@given(st.text(max_size=50).map(lambda text: f"https://a.example/{text}"))
@example("https://a.example/\x85\x1b")
def test_an_id_made_again_is_the_same(url: str) -> None:
    name = bookmark_id(url)
    assert bookmark_id(name.removeprefix("bookmark:")) == name


def test_long_addresses_have_ids_that_are_short_enough_and_different() -> None:
    long = "https://a.example/" + "x" * 3_000
    assert len(bookmark_id(long)) <= 900
    assert bookmark_id(long) != bookmark_id(long + "y")


def test_tags_are_tidy() -> None:
    assert tidy_tags(["a", " a ", "#b", "", " \n", "c\nd", "x" * 300]) == ("a", "b", "c d", "x" * 99 + "…")
    assert len(tidy_tags(str(n) for n in range(500))) == 100


def test_of_several_with_one_address_the_first_gets_the_tags_of_all_and_is_as_private_as_any() -> None:
    read: list[Read] = [
        Bookmark(url="https://a.example/", title="First", tags=("a",), added=MAY_25),
        LeftOut(external_id="x", reason="It is left out."),
        Bookmark(url="https://A.example", title="Second", tags=("b",), is_private=True),
        Bookmark(url="https://b.example/", title="https://b.example/"),
    ]
    assert list(as_items(lambda: read, "x")) == [
        Draft(
            kind=Kind.LINK,
            external_id="bookmark:https://a.example/",
            published=MAY_25,
            title="First",
            url="https://a.example/",
            markup=Markup.TEXT,
            tags=("a", "b"),
            status=Status.HIDDEN,
        ),
        LeftOut(external_id="x", reason="It is left out."),
        Rejected(
            external_id="bookmark:https://a.example/",
            reason="The file has it more than once; the first has got the tags of all.",
        ),
        Draft(
            kind=Kind.LINK,
            external_id="bookmark:https://b.example/",
            published=MAY_25,
            url="https://b.example/",
            markup=Markup.TEXT,
        ),
    ]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "It has no address."),
        ("javascript:alert(1)", "“javascript:alert(1)” is not an http or https address."),
        ("//a.example/", "“//a.example/” is not an http or https address."),
        ("https://", "“https://” is not an http or https address."),
        ("https://[x/", "“https://[x/” is not an http or https address."),
        ("https://a.example/" + "x" * 4_000, "Its address has over 4,000 characters."),
    ],
)
def test_what_is_no_address_of_the_web_is_rejected_with_a_sentence(url: str, reason: str) -> None:
    (item,) = as_items(lambda: [Bookmark(url=url)], "x")
    assert isinstance(item, Rejected)
    assert item.reason == reason


def test_a_file_that_is_broken_from_its_beginning_is_a_bad_import() -> None:
    def read() -> list[Read]:
        raise BrokenFile("line 1: nothing")

    with pytest.raises(BadImport, match=r"^x cannot be read: line 1: nothing\.$"):
        list(as_items(read, "x"))


def test_other_peoples_words_are_a_quotation_in_which_no_sign_means_anything() -> None:
    assert (
        quoted(" *a* [b](c) `d`\n\n<e> &amp; f_g ")
        == r"""> \*a\* \[b\](c) \`d\`
>
> &lt;e> &amp;amp; f\_g"""
    )
    assert quoted(" \n") == ""
