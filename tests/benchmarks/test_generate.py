"""A generated blog is a blog like any other, and like the one its figures were learned from."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import replace
from hashlib import blake2b
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sqlalchemy import select

from benchmarks.blogs.figures import load_figures, store_figures
from benchmarks.blogs.laws import Law
from benchmarks.blogs.learn import HEAD, learn
from benchmarks.blogs.tagging import draw_tags
from benchmarks.generate import generate, generated
from blog.app import create_app
from blog.changes.columns import as_stored, columns_of
from blog.changes.entries import draft_of
from blog.config import load
from blog.domain.tags import is_slug
from blog.domain.urls import domain_of
from blog.models import Entry, Tag
from blog.queries.overview import find_faults
from blog.services import open_services

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from blog.services import Services

ENTRIES = 1_500


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generated(ENTRIES, 7, tmp_path_factory.mktemp("generated") / "blog")


@pytest.fixture(scope="module")
def services(data: Path) -> Iterator[Services]:
    with closing(open_services(load(data, {}))) as opened:
        opened.search.catch_up()
        yield opened


def digest(data: Path) -> str:
    # A server that has run on it, in another test, has set its signing key.
    with closing(sqlite3.connect(data / "blog.db")) as database:
        lines = (line for line in database.iterdump() if '"setting"' not in line)
        return blake2b("".join(lines).encode()).hexdigest()


def test_the_same_seed_makes_the_same_blog_and_another_seed_another(data: Path, tmp_path: Path) -> None:
    for name, seed in (("same", 7), ("other", 8)):
        (tmp_path / name).mkdir()
        generate(tmp_path / name, ENTRIES, seed)
    assert digest(tmp_path / "same") == digest(data)
    assert digest(tmp_path / "other") != digest(data)


def test_a_blog_that_is_there_is_used_again(tmp_path: Path) -> None:
    made = generated(1_000, 1, tmp_path / "blog")
    (made / "mark").touch()
    assert (generated(1_000, 1, tmp_path / "blog") / "mark").exists()
    assert not (generated(1_000, 2, tmp_path / "blog") / "mark").exists()


def test_a_directory_of_something_else_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "precious").touch()
    with pytest.raises(SystemExit, match="is not empty"):
        generated(1_000, 1, tmp_path)
    assert (tmp_path / "precious").exists()


def test_nothing_is_wrong_with_a_generated_blog(services: Services) -> None:
    assert find_faults(services) == []


def test_what_is_stored_is_what_saving_the_entry_would_have_stored(services: Services) -> None:
    with services.sessions.read() as session:
        entries = session.scalars(select(Entry)).all()
    for entry in entries:
        draft = draft_of(entry, ())
        assert as_stored(draft) == draft
        columns = columns_of(draft, entry.atom_id, services.settings)
        assert columns == {name: getattr(entry, name) for name in columns}
        assert domain_of(entry.url) == entry.domain
        assert entry.day == entry.published.date()


def test_some_entries_are_longer_than_lists_show(services: Services) -> None:
    with services.sessions.read() as session:
        assert session.scalar(select(Entry.id).where(Entry.short_html != "").limit(1)) is not None


def test_names_of_tags_are_slugs(services: Services) -> None:
    with services.sessions.read() as session:
        assert all(is_slug(slug) for slug in session.scalars(select(Tag.slug)))


def test_ids_are_mostly_but_not_only_in_the_order_of_dates(services: Services) -> None:
    with services.sessions.read() as session:
        stamps = [one.timestamp() for one in session.scalars(select(Entry.published).order_by(Entry.id))]
    in_order = sum(before <= after for before, after in pairwise(stamps)) / len(stamps)
    assert 0.9 < in_order < 1


@pytest.mark.parametrize(
    "path",
    "/ /tags/ /links/ /articles/ /on-this-day/ /2007/ /2007/May/ /search/?q=the /search/?q=the&type=link "
    "/search.atom?q=the /links.atom /sitemap.xml".split(),
)
def test_its_pages_answer(services: Services, path: str) -> None:
    answer = create_app(services).test_client().get(path, follow_redirects=True)
    assert answer.status_code == 200, path


def test_every_kind_of_page_about_its_own_names_answers(services: Services) -> None:
    client = create_app(services).test_client()
    snapshot = services.facets.current()
    tag, other = (snapshot.names.tags_by_id[tag].slug for tag in snapshot.tags_by_size[:2].tolist())
    source, series = next(iter(snapshot.names.sources)), next(iter(snapshot.names.series))
    domain = max(snapshot.domains, key=lambda one: len(snapshot.domains[one]))
    for path in (
        f"/tags/{tag}/",
        f"/tags/{tag}.atom",
        f"/tags/{tag}.json",
        f"/tags/{tag}+-{other}/",
        f"/search/?q=the&tag={tag}",
        f"/sources/{source}/",
        f"/series/{series}/",
        f"/domains/{domain}/",
    ):
        assert client.get(path, follow_redirects=True).status_code == 200, path


def test_a_phrase_comes_again(services: Services) -> None:
    with services.sessions.read() as session:
        texts = session.scalars(select(Entry.text))
        phrases = Counter(
            pair
            for text in texts
            for pair in set(zip(text.lower().split(), text.lower().split()[1:], strict=False))
        )
    rare = [pair for pair, count in phrases.items() if count > 3 and len(pair[0]) > 4 and len(pair[1]) > 4]
    assert rare


def test_tags_are_distributed_as_in_the_figures() -> None:
    figures = load_figures()
    tagging = draw_tags(figures, np.random.default_rng(1), 10_000)
    sizes = np.sort(np.bincount(tagging.tags))[::-1]
    sizes = sizes[sizes > 0]
    per_entry = figures.tags.total / figures.entries
    assert len(tagging.tags) / 10_000 == pytest.approx(per_entry, rel=0.05)
    assert len(sizes) == pytest.approx(figures.tags.different(len(tagging.tags)), rel=0.05)
    assert (sizes == 1).mean() == pytest.approx(figures.tags.once, abs=0.05)
    for rank in (0, 1, 2, 10, 100):
        assert sizes[rank] / 10_000 == pytest.approx(figures.tags.head[rank] / figures.entries, rel=0.2)


def test_tags_keep_the_company_they_keep_in_the_figures() -> None:
    figures = load_figures()
    tagging = draw_tags(figures, np.random.default_rng(1), 20_000)
    pairs: Counter[tuple[int, int]] = Counter()
    for tags in np.split(tagging.tags, np.nonzero(np.diff(tagging.entries))[0] + 1):
        pairs.update(combinations(tags[tags < HEAD].tolist(), 2))
    frequent = sorted(figures.pairs, key=lambda row: -row[2])[:100]
    expected = sum(count for *_, count in frequent) / figures.entries
    assert sum(pairs[first, second] for first, second, _ in frequent) / 20_000 == pytest.approx(
        expected, rel=0.3
    )


def test_sizes_add_up_and_their_number_grows_by_heaps_law() -> None:
    law = Law(count=1_000, total=4_000, once=0.6, heaps=0.7, head=(500, 300, 100, 80, 60, 50))
    for total in (4_000, 40_000, 400_000):
        sizes = law.sizes(total)
        assert sizes.sum() == total
        assert len(sizes) == round(1_000 * (total / 4_000) ** 0.7)
        assert (sizes == 1).mean() == pytest.approx(0.6, abs=0.02)
        assert sizes[0] == pytest.approx(total / 8, rel=0.05)


def test_what_is_learned_from_a_generated_blog_is_what_it_was_generated_from(services: Services) -> None:
    with services.sessions.read() as session:
        found = learn(session)
    figures = load_figures()
    assert found.entries == ENTRIES
    assert set(found.kinds) == set(figures.kinds)
    for name, kind in figures.kinds.items():
        assert found.kinds[name].entries / ENTRIES == pytest.approx(kind.entries / figures.entries, abs=0.04)
    assert found.kinds["link"].words[50] == pytest.approx(figures.kinds["link"].words[50], abs=3)
    assert found.first_month == figures.first_month


def test_figures_are_stored_and_read_back_the_same(tmp_path: Path) -> None:
    figures = replace(load_figures(), chance=0.5)
    store_figures(figures, tmp_path / "figures.json")
    assert load_figures(tmp_path / "figures.json") == figures


def test_the_stored_figures_hold_no_word_but_our_own(tmp_path: Path) -> None:
    figures = load_figures()
    assert set(figures.kinds) <= {"article", "link", "quotation", "note", "activity"}
    store_figures(replace(figures, kinds={}), tmp_path / "figures.json")
    text = (tmp_path / "figures.json").read_text()
    quoted = set(text.split('"')[1::2])
    assert quoted <= {*type(figures).__slots__, *Law.__slots__}
