"""The name of a picture says how large it is, and whether a smaller one is beside it."""

from __future__ import annotations

import pytest

from blog.domain.entry import Markup
from blog.domain.pictures import PictureName, markdown_of, picture_address
from blog.rendering import absolute, to_html

DIGEST = "0123456789abcdef"
WIDE = f"/media/{DIGEST}-1600x900.jpg"
SMALL = f"/media/{DIGEST}-1600x900-small.jpg"


@pytest.mark.parametrize(
    ("text", "small"),
    [
        (f"{DIGEST}-1600x900.jpg", f"{DIGEST}-1600x900-small.jpg"),
        (f"{DIGEST}-1001x9.png", f"{DIGEST}-1001x9-small.png"),
        (f"{DIGEST}-1000x900.webp", None),
        (f"{DIGEST}-1600x900-small.jpg", None),
        (f"{DIGEST}-1600x900.gif", None),
    ],
)
def test_a_name_is_read_back_as_it_is_written(text: str, small: str | None) -> None:
    name = PictureName.parse(text)
    assert name is not None
    assert (str(name), str(name.small) if name.small else None) == (text, small)
    assert PictureName.at(f"/media/{text}") == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x.jpg",
        f"{DIGEST}.jpg",
        f"{DIGEST}-0x9.jpg",
        f"{DIGEST}-16x9.svg",
        f"{DIGEST}-16x9.jpg\n",
        f"../{DIGEST}-16x9.jpg",
        f"{DIGEST.upper()}-16x9.jpg",
        f"{DIGEST}-16x9-small-small.jpg",
        f"{DIGEST}-16x9.jpg/../../blog.db",
    ],
)
def test_what_is_no_name_of_a_picture_is_none(text: str) -> None:
    assert PictureName.parse(text) is None


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (f" {WIDE} ", WIDE),
        ("https://example.com/a b.png", "https://example.com/a%20b.png"),
        ("/media/x.jpg", ""),
        ("/admin/logout", ""),
        ("javascript:alert(1)", ""),
    ],
)
def test_a_picture_is_one_of_the_blog_or_one_of_the_web(text: str, address: str) -> None:
    assert picture_address(text) == address


@pytest.mark.parametrize("alt", ["", "A heron", "]( [x] * _ `", "<b> & \\", "two\nlines"])
def test_whatever_is_seen_on_a_picture_its_markdown_says_so(alt: str) -> None:
    html = to_html(markdown_of(WIDE, alt), Markup.MARKDOWN)
    shown = " ".join(alt.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert f' alt="{shown}"' in html
    assert html.count("<img") == 1


def test_a_page_leaves_the_right_room_for_an_uploaded_picture_and_offers_the_small_one() -> None:
    known = f'width="1600" height="900" srcset="{SMALL} 800w, {WIDE} 1600w" sizes="(min-width: 40rem) 36.5rem, 100vw"'
    assert to_html(f"![A heron]({WIDE})", Markup.MARKDOWN) == (
        f'<p><img alt="A heron" src="{WIDE}" {known} loading="lazy" decoding="async"></p>'
    )


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (f'<img src="/media/{DIGEST}-40x20.png" alt="">', ' width="40" height="20" loading'),
        (f'<img src="{WIDE}" alt="" width="300">', ' width="300" loading'),
        (f'<img src="{WIDE}" alt="" srcset="/x.png 2x">', ' srcset="/x.png 2x" loading'),
        ('<img src="/media/other.png" alt="">', 'src="/media/other.png" alt="" loading'),
    ],
)
def test_what_the_author_says_of_a_picture_counts(written: str, shown: str) -> None:
    html = to_html(written, Markup.HTML)
    assert shown in html
    assert html.count("width=") <= 1


def test_in_a_feed_every_address_of_a_picture_is_whole() -> None:
    html = absolute(
        to_html(f"![x]({WIDE})", Markup.MARKDOWN), "https://blog.example", "https://blog.example/1/"
    )
    assert f'src="https://blog.example{WIDE}"' in html
    assert f'srcset="https://blog.example{SMALL} 800w, https://blog.example{WIDE} 1600w"' in html
