"""Other people's addresses, before they reach an ``href``."""

from __future__ import annotations

import pytest

from blog.domain.urls import domain_of, web_url

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
