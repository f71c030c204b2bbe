"""Whole pages and feeds, template and all, through Flask without a server and without the page cache."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from benchmarks.measuring import REQUESTS, measure
from benchmarks.sample import Sample
from benchmarks.subject import client, opened
from blog.domain.filters import EVERYTHING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from flask.testing import FlaskClient

    from benchmarks.grounds import Ground
    from benchmarks.measuring import Measured


def run(ground: Ground) -> Iterator[Measured]:
    """Measure each kind of page."""
    with opened(ground.data) as services:
        reader = client(services)
        for name, addresses in page_kinds(Sample(services)).items():
            yield measure(name, (partial(_read, reader, address) for address in addresses))


def page_kinds(sample: Sample) -> Mapping[str, Iterable[str]]:
    """Kinds of pages and feeds, with addresses of each."""

    def urls(kind: str) -> list[str]:
        return [one.url() for one in sample.draw(kind, REQUESTS)]

    def feeds(kind: str, form: str) -> list[str]:
        return [one.feed_url(form) for one in sample.draw(kind, REQUESTS)]

    return {
        "home": ["/"] * REQUESTS,
        "an entry": sample.permalinks(REQUESTS),
        "one tag": urls("one tag"),
        "two tags": urls("two tags"),
        "a domain": urls("a domain"),
        "a month": urls("a month"),
        "search: a word": urls("a word"),
        "search: a word and a tag": urls("a word and a tag"),
        "all tags": ["/tags/"],
        "this day in other years": ["/on-this-day/"],
        "Atom: everything": [EVERYTHING.feed_url("atom")],
        "Atom: one tag": feeds("one tag", "atom"),
        "Atom: two tags": feeds("two tags", "atom"),
        "JSON Feed: one tag": feeds("one tag", "json"),
    }


def _read(reader: FlaskClient, address: str) -> bytes:
    answer = reader.get(address)
    assert answer.status_code == 200, f"{address}: {answer.status}"
    body: bytes = answer.data
    return body
