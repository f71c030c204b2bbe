"""Other people's addresses, before they reach an ``href``."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blog.domain.urls import MAX_KEY_LENGTH, canonical_url, domain_of, web_url

URLS = {
    "https://example.com/a?b#c": "https://example.com/a?b#c",
    "  http://example.com  ": "http://example.com",
    "http://example.com/a b": "http://example.com/a%20b",
    "java\tscript:alert(1)": "",
    "javascript:alert(1)": "",
    "JaVaScRiPt://example.com/%0aalert(1)": "",
    "data:text/html,x": "",
    "//example.com/": "",
    "/local": "",
    "http://": "",
    "http://[::1": "",
    "https://example.com/" + "x" * 5000: "",
    "": "",
}


@pytest.mark.parametrize(("given", "kept"), URLS.items())
def test_only_addresses_on_the_web_are_kept(given: str, kept: str) -> None:
    assert web_url(given) == kept


@pytest.mark.parametrize(
    ("url", "domain"),
    [
        ("https://www.Example.com:8080/x", "example.com"),
        ("http://sub.example.co.uk", "sub.example.co.uk"),
        ("", ""),
        ("http://[bad", ""),
    ],
)
def test_a_domain_is_lower_case_and_without_www(url: str, domain: str) -> None:
    assert domain_of(url) == domain


SAME = {
    "HTTP://Example.COM": "https://example.com/",
    "http://example.com:80/": "https://example.com/",
    "https://example.com:443/a": "https://example.com/a",
    "http://example.com:8080/a": "https://example.com:8080/a",
    "http://www.example.com/a": "https://example.com/a",
    "http://example.com./a": "https://example.com/a",
    "http://www.com/": "https://www.com/",
    "http://m.com/": "https://m.com/",
    "http://name:secret@example.com/": "https://example.com/",
    "http://[::1]:8000/a": "https://[::1]:8000/a",
    "http://bücher.example/": "https://xn--bcher-kva.example/",
    "http://XN--bcher-KVA.example/": "https://xn--bcher-kva.example/",
    "http://foo_bar.example/": "https://foo_bar.example/",
    "http://i❤.example/": "https://i%e2%9d%a4.example/",
    # Versions of a page
    "https://m.example.com/a": "https://example.com/a",
    "https://www.mobile.example.com/a": "https://example.com/a",
    "https://amp.example.com/a": "https://example.com/a",
    "https://en.m.wikipedia.org/wiki/A": "https://en.wikipedia.org/wiki/A",
    "https://m.wikidata.org/wiki/Q1": "https://wikidata.org/wiki/Q1",
    "https://mobile.twitter.com/a/status/1?s=20&t=x": "https://twitter.com/a/status/1",
    "https://x.com/a/status/1": "https://twitter.com/a/status/1",
    "https://old.reddit.com/r/python/": "https://reddit.com/r/python",
    "https://youtu.be/dQw4w9WgXcQ?si=x&t=3": "https://youtube.com/watch?v=dQw4w9WgXcQ&t=3",
    "https://m.youtube.com/watch?v=dQw4w9WgXcQ&feature=share": "https://youtube.com/watch?v=dQw4w9WgXcQ",
    "https://example.com/2020/story/amp/": "https://example.com/2020/story",
    "https://example.com/amp/2020/story": "https://example.com/2020/story",
    "https://example.com/story.amp.html": "https://example.com/story.html",
    "https://example.com/story.amp": "https://example.com/story",
    "https://example.com/story?amp=1": "https://example.com/story",
    "https://example.com/amp": "https://example.com/amp",
    "https://www.google.com/amp/s/www.example.com/story/amp": "https://example.com/story",
    "https://www.google.co.uk/amp/example.com/story?id=1": "https://example.com/story?id=1",
    "https://example-com.cdn.ampproject.org/c/s/example.com/story": "https://example.com/story",
    "https://google.com/amp/about": "https://google.com/about",
    "https://bing.com/search?q=amp": "https://bing.com/search?q=amp",
    # Paths
    "https://example.com/a/": "https://example.com/a",
    "https://example.com/a//": "https://example.com/a",
    "https://example.com/a//b": "https://example.com/a//b",
    "https://example.com/index.html": "https://example.com/",
    "https://example.com/a/index.php?id=1": "https://example.com/a?id=1",
    "https://example.com/a/./b/../c": "https://example.com/a/c",
    "https://example.com/../../a": "https://example.com/a",
    "https://example.com/A": "https://example.com/A",
    # Escapes
    "https://example.com/%7euser/%61": "https://example.com/~user/a",
    "https://example.com/caf%c3%a9": "https://example.com/caf%C3%A9",
    "https://example.com/café": "https://example.com/caf%C3%A9",
    "https://example.com/Word_%28sense%29": "https://example.com/Word_(sense)",
    "https://example.com/a b": "https://example.com/a%20b",
    "https://example.com/a%2fb": "https://example.com/a%2Fb",
    "https://example.com/100%": "https://example.com/100%25",
    "https://example.com/%2561": "https://example.com/%2561",
    "https://example.com/%ff": "https://example.com/%FF",
    # Queries
    "https://example.com/?b=2&a=1": "https://example.com/?b=2&a=1",
    "https://example.com/?": "https://example.com/",
    "https://example.com/?&a=1&&": "https://example.com/?a=1",
    "https://example.com/?utm_source=a&id=1&fbclid=x": "https://example.com/?id=1",
    "https://example.com/?UTM_Source=a&%75tm_medium=b": "https://example.com/",
    "https://example.com/?ref=rss": "https://example.com/",
    "https://example.com/?ref=other.example.com": "https://example.com/",
    "https://example.com/?ref=main": "https://example.com/?ref=main",
    "https://example.com/?ref=v1.2": "https://example.com/?ref=v1.2",
    "https://example.com/?partner=rssnyt&emc=rss": "https://example.com/",
    "https://example.com/?s=a&t=b": "https://example.com/?s=a&t=b",
    "https://example.com/?outputType=amp": "https://example.com/",
    # Fragments
    "https://example.com/a#part": "https://example.com/a",
    "https://example.com/a#:~:text=words": "https://example.com/a",
    "https://example.com/#!/page": "https://example.com/#!/page",
    "https://example.com/#/page": "https://example.com/#/page",
    "https://example.com/#!": "https://example.com/",
    # What has no key
    "javascript:alert(1)": "",
    "http://example.com:99999/": "",
    "http://example.com:port/": "",
    f"http://{'a.' * 200}com/": "",
    "": "",
}


@pytest.mark.parametrize(("url", "key"), SAME.items())
def test_spellings_of_one_address_have_one_key(url: str, key: str) -> None:
    assert canonical_url(url) == key


def test_a_key_is_of_bounded_length_and_still_tells_pages_apart() -> None:
    one, other = (f"https://www.example.com/{'x' * 3000}{end}" for end in "ab")
    assert canonical_url(one) != canonical_url(other)
    assert canonical_url(one) == canonical_url(one.replace("https://www.", "http://"))
    assert canonical_url(one).startswith("https://example.com/#!")
    assert len(canonical_url(one)) < 80
    assert canonical_url("https://example.com/" + "é" * 3900).startswith("https://example.com/#!")


def test_viewers_of_viewers_end() -> None:
    assert canonical_url(f"https://{'google.com/amp/s/' * 3}a.example/b") == "https://a.example/b"
    assert canonical_url(f"https://{'google.com/amp/s/' * 200}a.example/b") == "https://a.example/b"


PIECES = st.lists(
    st.sampled_from(
        [
            *"www. m. amp. google.com example.com / // /amp /amp/ s/ /c/ .amp .html index.html ? & = # #! #/ utm_source fbclid "
            "ref rss x.com youtu.be cdn.ampproject.org % %2f %61 %25 %E4 é İ ß . .. /../ : :80 @ [ ] a B 日本 \u212a ％ ．".split(),
            " ",
            "\x00",
            "\ud800",
        ]
    )
    | st.text(max_size=5),
    max_size=14,
).map("".join)


@settings(max_examples=300)
@given(
    st.sampled_from(["http://", "HTTPS://www.", "https://google.com/amp/s/", "http://a.example/", ""]), PIECES
)
def test_the_key_of_a_key_is_itself_whatever_is_given(start: str, rest: str) -> None:
    key = canonical_url(start + rest)
    assert canonical_url(key) == key
    assert len(key) <= MAX_KEY_LENGTH
    assert key.isascii()
