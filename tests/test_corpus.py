"""The main job on real input: 24 years of a real linkblog, imported whole, read by any filter."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest
from atomcheck import faults, warnings
from conftest import CORPUS
from feedreading import walk
from schemas import atom_faults, json_faults
from sqlalchemy import select

from blog.app import create_app
from blog.changes.imports import ImportLedger
from blog.changes.rules import add_rule
from blog.changes.rules_applied import preview_rules
from blog.config import Settings
from blog.domain.entry import Kind
from blog.domain.errors import BadFilter
from blog.domain.filters import Filter
from blog.domain.tags import slugify
from blog.models import Entry, Series, Source, Tag, entry_tag
from blog.queries.browse import browse
from blog.services import Services, open_services
from importers import registry
from importers.material import Material
from importers.pipeline import Outcome, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date
    from pathlib import Path

    from flask.testing import FlaskClient

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not CORPUS.is_dir(), reason="the real blog in ../shared/corpus is not on this machine"),
]
BOTH_TAGS = ["2007-03-04", "2008-04-08", "2009-01-27", "2009-02-27", "2009-05-25", "2009-10-09", "2009-12-22"]
BIGGEST = {"datasette": 1219, "python": 799, "javascript": 567, "django": 462, "security": 376}


def bring_in(services: Services) -> dict[str, int]:
    material = Material.of_path(CORPUS)
    report = run(registry.detect(material).parse(material), ImportLedger(services))
    assert report.failures == []
    return {outcome.value: report.counts[outcome] for outcome in Outcome if report.counts[outcome]}


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """The real blog, imported once for all the tests here."""
    data = tmp_path_factory.mktemp("corpus")
    settings = Settings(data_dir=data, database_url=f"sqlite:///{data / 'blog.db'}")
    with closing(open_services(settings)) as opened:
        assert bring_in(opened) == {"created": 12_337 + 16}
        assert opened.search.catch_up()
        yield opened


@pytest.fixture(scope="module")
def client(services: Services) -> FlaskClient:
    return create_app(services).test_client()


def rows(table: str) -> list[dict[str, Any]]:
    columns = json.loads((CORPUS / f"{table}.metadata.json").read_text())["columns"]
    with (CORPUS / f"{table}.ndjson").open() as lines:
        return [dict(zip(columns, json.loads(line), strict=True)) for line in lines]


def test_a_second_import_changes_nothing(services: Services) -> None:
    before = services.facets.current().position
    assert bring_in(services) == {"unchanged": 12_337 + 16}
    assert services.facets.current().position == before


def test_every_kind_is_there_in_its_number(services: Services) -> None:
    kinds = services.facets.current().kinds
    # 1,599 entries and the 15 chapters of a guide that are listed.
    assert {kind: len(ids) for kind, ids in kinds.items()} == {
        Kind.ARTICLE: 1_599 + 15,
        Kind.LINK: 6_682,
        Kind.QUOTATION: 385,
        Kind.NOTE: 152,
        Kind.ACTIVITY: 3_519,
    }


def test_the_seven_entries_of_scaling_and_python_are_listed_newest_first(
    services: Services, client: FlaskClient
) -> None:
    assert client.get("/tags/scaling+python/").headers["Location"] == "/tags/python+scaling/"
    page = browse(services, Filter(tags=frozenset({"python", "scaling"})))
    assert [one.day.isoformat() for one in page.entries] == BOTH_TAGS[::-1]
    feed = ElementTree.fromstring(client.get("/tags/python+scaling.atom").data)
    ids = [one.text for one in feed.iterfind("{*}entry/{*}id")]
    assert ids == [one.atom_id for one in page.entries]


@pytest.mark.parametrize(("tag", "count"), BIGGEST.items())
def test_the_biggest_tags_have_their_counts(client: FlaskClient, tag: str, count: int) -> None:
    assert f"{count:,} " in client.get(f"/tags/{tag}/").get_data(as_text=True)


def test_old_tag_names_lead_to_their_tags_in_page_feed_and_intersection(client: FlaskClient) -> None:
    tags = {row["id"]: row["tag"] for row in rows("blog_tag")}
    living = {slugify(name) for name in tags.values()}
    old = {row["previous_name"]: slugify(tags[row["tag_id"]]) for row in rows("blog_previoustagname")}
    found = {name: client.get(f"/tags/{name}/") for name in old}
    stays = {name for name in old if slugify(name) in living}
    assert len(old) == 986
    assert len(stays) == 59
    targets = {}
    for name, answer in found.items():
        if name in stays:
            assert answer.status_code == 200, name
            continue
        targets[name] = answer.headers["Location"].strip("/").split("/")[1]
        assert answer.status_code == 301, name
        assert client.get(answer.headers["Location"]).status_code == 200, name
        assert targets[name] == old[name] or targets[name] in set(old.values()), name
    for name, target in list(targets.items())[::7]:
        assert client.get(f"/tags/{name}.atom").headers["Location"] == f"/tags/{target}.atom"
        expected = "+".join(sorted({target, "python"}))
        assert client.get(f"/tags/python+{name}/").headers["Location"] == f"/tags/{expected}/"


@dataclass(frozen=True)
class Plain:
    """An entry as SQL has it, with nothing of ours between."""

    id: int
    kind: str
    day: date
    source: str
    series: str
    domain: str
    tags: frozenset[str]


@pytest.fixture(scope="module")
def plain(services: Services) -> list[Plain]:
    with services.sessions.read() as session:
        tags: dict[int, set[str]] = {}
        for entry_id, slug in session.execute(
            select(entry_tag.c.entry_id, Tag.slug).join(Tag, Tag.id == entry_tag.c.tag_id)
        ):
            tags.setdefault(entry_id, set()).add(slug)
        found = session.execute(
            select(Entry.id, Entry.kind, Entry.day, Source.slug, Series.slug, Entry.domain)
            .outerjoin(Source, Source.id == Entry.source_id)
            .outerjoin(Series, Series.id == Entry.series_id)
            .where(Entry.status == "published")
        )
        return [
            Plain(row[0], row[1], row[2], row[3] or "", row[4] or "", row[5], frozenset(tags.get(row[0], ())))
            for row in found
        ]


def random_filters(plain: list[Plain], count: int) -> Iterator[Filter]:
    """Filters that real entries gave the idea for, so that most of them find something."""
    choose = random.Random(20_261_123)
    made = 0
    while made < count:
        one, other = choose.choice(plain), choose.choice(plain)
        try:
            yield Filter(**_tag_terms(choose, one, other), **_other_terms(choose, one, other))
        except BadFilter:
            continue
        made += 1


def _tag_terms(choose: random.Random, one: Plain, other: Plain) -> dict[str, Any]:
    tags, others = sorted(one.tags), sorted(other.tags)
    values: dict[str, Any] = {"tags": frozenset(choose.sample(tags, min(len(tags), choose.randint(0, 3))))}
    if others and choose.random() < 0.3:
        values["without"] = frozenset(choose.sample(others, 1))
    if others and tags and choose.random() < 0.3:
        values["any_of"] = frozenset({frozenset({choose.choice(others), choose.choice(tags)})})
    return values


def _other_terms(choose: random.Random, one: Plain, other: Plain) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if choose.random() < 0.3:
        values["kinds"] = frozenset({Kind(one.kind), Kind(other.kind)})
    if choose.random() < 0.2:
        values["year"] = one.day.year
        values["month"] = choose.choice([None, one.day.month])
    elif choose.random() < 0.2:
        values["since"], values["until"] = sorted([one.day, other.day])
    for name in ("source", "series", "domain"):
        if getattr(one, name) and choose.random() < 0.1:
            values[name] = getattr(one, name)
    return values


def is_meant(entry: Plain, wanted: Filter) -> bool:
    return (
        wanted.tags <= entry.tags
        and all(group & entry.tags for group in wanted.any_of)
        and not wanted.without & entry.tags
        and (not wanted.kinds or entry.kind in wanted.kinds)
        and wanted.source in ("", entry.source)
        and wanted.series in ("", entry.series)
        and wanted.domain in ("", entry.domain)
        and wanted.year in (None, entry.day.year)
        and wanted.month in (None, entry.day.month)
        and (wanted.since is None or entry.day >= wanted.since)
        and (wanted.until is None or entry.day <= wanted.until)
    )


def test_totals_and_facets_of_200_random_filters_are_those_that_sql_counts(
    services: Services, plain: list[Plain]
) -> None:
    names = services.facets.current().names
    display = {tag.slug: tag.name for tag in names.tags.values()}
    empty = 0
    for wanted in random_filters(plain, 200):
        found = [one for one in plain if is_meant(one, wanted)]
        page = browse(services, wanted)
        assert page.total == len(found), wanted
        empty += not found
        if not found:
            continue
        tags = Counter(tag for one in found for tag in one.tags if tag not in wanted.all_tags)
        assert Counter({one.label: one.count for one in page.facets.tags}) <= Counter(
            {display[tag]: count for tag, count in tags.items()}
        ), wanted
        best = sorted(tags.values(), reverse=True)[: len(page.facets.tags)]
        assert [one.count for one in page.facets.tags] == best, wanted
        if page.facets.years:
            years = Counter(str(one.day.year) for one in found)
            assert {one.label: one.count for one in page.facets.years} == years, wanted
        if page.facets.kinds:
            kinds = Counter(Kind(one.kind).plural for one in found)
            assert {one.label: one.count for one in page.facets.kinds} == kinds, wanted
    assert empty < 100, "filters that find nothing prove little"


def test_feeds_of_300_random_filters_are_valid(
    services: Services, client: FlaskClient, plain: list[Plain]
) -> None:
    now = services.clock()
    found: dict[str, list[str]] = {}
    for wanted in random_filters(plain, 300):
        documents = [client.get(wanted.feed_url("atom")), client.get(wanted.feed_url("json"))]
        if b"prev-archive" in documents[0].data:
            oldest = (wanted.feed_url(form, "1") for form in ("atom", "json"))
            documents += [client.get(address, follow_redirects=True) for address in oldest]
        for answer in documents:
            is_atom = answer.mimetype == "application/atom+xml"
            found[answer.request.url] = (
                [
                    *atom_faults(answer.data),
                    *faults(answer.data),
                    *warnings(answer.data, answer.request.url, now),
                ]
                if is_atom
                else json_faults(answer.data)
            )
    assert {address: said for address, said in found.items() if said} == {}
    assert len(found) > 550


def test_a_walk_through_the_archives_of_a_tag_meets_each_of_its_entries_once(
    services: Services, client: FlaskClient
) -> None:
    documents = walk(client, "/tags/python.atom")
    found = [one for document in documents for one in document.ids]
    assert len(found) == len(set(found)) == BIGGEST["python"]
    with services.sessions.read() as session:
        tagged = select(Entry.atom_id).join(entry_tag, entry_tag.c.entry_id == Entry.id).join(Tag)
        public = tagged.where(Tag.slug == "python", Entry.status == "published")
        assert set(found) == set(session.scalars(public))
    assert all(atom_faults(document.body) == [] for document in documents)


def test_every_template_renders_on_real_entries(client: FlaskClient) -> None:
    addresses = [
        *(
            "/",
            "/tags/",
            "/tags/?sort=name",
            "/tags/python/",
            "/2009/",
            "/2009/May/",
            "/2009/May/25/",
            "/links/?page=100",
        ),
        *(
            "/articles/",
            "/quotations/",
            "/notes/",
            "/activity/",
            "/sources/",
            "/domains/",
            "/domains/github.com/",
        ),
        *("/series/", "/archive/", "/on-this-day/", "/search/?q=sqlite", "/sitemap.xml", "/sitemap-2009.xml"),
        *("/feed.atom", "/feed.json", "/articles.atom", "/search.atom?q=sqlite&year=2009", "/sources/release/"),
    ]
    assert {address: client.get(address).status_code for address in addresses} == dict.fromkeys(addresses, 200)


def weight(client: FlaskClient, address: str) -> int:
    """Bytes that come for one address, with its headers, compressed."""
    answer = client.get(address, headers={"Accept-Encoding": "br"})
    assert answer.status_code == 200, address
    return len(answer.data) + sum(len(name) + len(value) + 4 for name, value in answer.headers)


def test_the_first_view_of_a_list_weighs_less_than_60_kb(client: FlaskClient) -> None:
    style = client.get("/static/style.css").text
    upright, italic = (f"/static/{font}" for font in re.findall(r'url\("(fonts/[^"]+)"\)', style))
    years = [f"/{year}/" for year in (*range(2002, 2012), *range(2015, 2027))]
    tags = [f"/tags/{tag}/" for tag in BIGGEST]
    lists = (
        "articles",
        "links",
        "quotations",
        "notes",
        "activity",
        "tags",
        "archive",
        "domains",
        "sources",
        "2009/May",
    )
    weights = {}
    for address in (
        "/",
        *(f"/{one}/" for one in lists),
        "/tags/?sort=name",
        "/search/?q=python",
        *tags,
        *years,
    ):
        html = client.get(address).text
        named = set(re.findall(r'(?:rel="(?:stylesheet|icon)"[^>]*href|src)="(/static/[^"]+)"', html))
        # A browser asks for the italic where something is set in it; the key of the heat map is no text.
        fonts = [upright, *([italic] if re.search("<(?:em|i|cite|dfn|var|address)>", html) else [])]
        assert "/static/european" not in html
        assert len(named) == 3
        weights[address] = sum(weight(client, one) for one in (address, *named, *fonts))
    assert {address: found for address, found in weights.items() if found >= 60_000} == {}


def test_every_permalink_of_a_year_is_a_page(client: FlaskClient, services: Services) -> None:
    sitemap = ElementTree.fromstring(client.get("/sitemap-2004.xml").data)
    addresses = [one.text or "" for one in sitemap.iterfind("{*}url/{*}loc")]
    assert len(addresses) > 500
    for address in addresses[::10]:
        assert client.get(address.removeprefix("http://localhost")).status_code == 200, address


SHORT_ADDRESSES = [("/e/1/", "blog_entry", 1), ("/b/1/", "blog_blogmark", 1), ("/q/1/", "blog_quotation", 1)]


@pytest.mark.parametrize(("address", "table", "number"), SHORT_ADDRESSES)
def test_short_addresses_of_the_old_blog_lead_to_their_entries(
    client: FlaskClient, address: str, table: str, number: int
) -> None:
    row = next(row for row in rows(table) if row["id"] == number)
    target = client.get(address).headers["Location"]
    assert target.endswith(f"/{row['slug']}/")
    assert client.get(target).status_code == 200


def test_words_of_the_text_are_found_with_their_facets(services: Services) -> None:
    page = browse(services, Filter(text="sqlite json"))
    assert 20 < page.total < 1_000
    marked = [one for one in page.entries if any(is_match for _, is_match in page.snippets[one.id])]
    assert len(marked) > len(page.entries) // 2, "the others match by their titles"
    assert page.facets.years


def test_no_entry_is_lost_or_invented(services: Services) -> None:
    tables = {
        "entry": "blog_entry",
        "blogmark": "blog_blogmark",
        "quotation": "blog_quotation",
        "note": "blog_note",
    }
    tables |= {"beat": "blog_beat", "chapter": "guides_chapter"}
    expected = {f"{prefix}:{row['id']}" for prefix, table in tables.items() for row in rows(table)}
    with services.sessions.read() as session:
        found = list(session.scalars(select(Entry.external_id)))
    assert len(found) == len(expected)
    assert set(found) == expected


def test_nothing_that_runs_is_stored(services: Services) -> None:
    with services.sessions.read() as session:
        for html in session.scalars(select(Entry.html)):
            assert "<script" not in html
            assert 'href="javascript:' not in html


def test_a_parser_of_the_backup_needs_no_more_than_its_files(
    tmp_path: Path, make_blog: Callable[..., Any]
) -> None:
    """An older backup without notes, beats and guides is still a backup."""
    for name in ("blog_quotation", "blog_quotation_tags", "blog_tag"):
        for ending in ("ndjson", "metadata.json"):
            (tmp_path / f"{name}.{ending}").write_bytes((CORPUS / f"{name}.{ending}").read_bytes())
    material = Material.of_path(tmp_path)
    report = run(registry.detect(material).parse(material), ImportLedger(make_blog("sqlite").services))
    assert dict(report.counts) == {Outcome.CREATED: 385}


RULES = (
    'text contains "python" → tag Python, "read about"',
    'domain is github.com or text contains "?" → inbox',
    "quotations → quotes, sayings",
    "tag is one of python, security → tag machines",
    "published before 2004 → hide",
    "drop programming",
)


def test_with_rules_a_second_import_changes_nothing_either(
    tmp_path: Path, make_blog: Callable[..., Any]
) -> None:
    for name in ("blog_quotation", "blog_quotation_tags", "blog_tag"):
        for ending in ("ndjson", "metadata.json"):
            (tmp_path / f"{name}.{ending}").write_bytes((CORPUS / f"{name}.{ending}").read_bytes())
    services = make_blog("sqlite").services
    for line in RULES:
        add_rule(services, line)
    material = Material.of_path(tmp_path)
    for outcome in (Outcome.CREATED, Outcome.UNCHANGED):
        report = run(registry.detect(material).parse(material), ImportLedger(services))
        assert dict(report.counts) == {outcome: 385}
    assert preview_rules(services).whole is None, "what came in by rules is as they say"
    assert {"machines", "read-about"} <= set(services.facets.current().names.tags)
