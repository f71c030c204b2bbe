"""The rows of a generated blog, in the order of the columns they name."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from benchmarks.blogs.invented import invented_names
from benchmarks.blogs.prose import Prose
from blog.domain.entry import Kind, Markup, Status
from blog.domain.urls import canonical_url

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.random import Generator

    from benchmarks.blogs.figures import Figures
    from benchmarks.blogs.plan import Plan

_BATCH: Final = 4_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_SLUG: Final = 50
_SLUG_WORDS: Final = 8
# A text speaks of what it is tagged with, more often than not.
_NAMES_ITS_TAG: Final = 0.6
_PEOPLE: Final = 2_000
_AHEAD: Final = 4_096


class EntryRow(NamedTuple):
    """A row of the entry table as SQLite keeps it; the names are those of the columns."""

    id: int
    kind: str
    status: str
    published: str
    day: str
    slug: str
    updated: str
    atom_id: str
    title: str
    body: str
    markup: str
    url: str
    domain: str
    canonical: str
    via_url: str
    via_title: str
    citation: str
    context: str
    image_url: str
    image_alt: str
    series_id: int | None
    series_order: int | None
    source_id: int | None
    external_id: str
    upstream: None
    html: str
    short_html: str
    text: str
    words: int


class Rows:
    """Writes the rows of a plan; names and texts are made up as they are needed."""

    def __init__(self, plan: Plan, figures: Figures, seed: int, list_words: int) -> None:
        self._plan = plan
        self._kinds = [Kind(kind) for kind in figures.kinds]
        self._links = [kind.links for kind in figures.kinds.values()]
        self._chance = _chances(np.random.default_rng([seed, 3])).__next__
        self._prose = Prose(figures, seed, int(plan.words.sum() + plan.title_words.sum()), list_words)
        self._taken: dict[str, set[str]] = {}
        self.tags = invented_names(seed, "tags", plan.count("tags"))
        self.sources = invented_names(seed, "sources", plan.count("sources"))
        self.series = invented_names(seed, "series", plan.count("series"))
        self._hosts = [f"{name}.example" for name in invented_names(seed, "hosts", plan.count("domains"))]
        self._people = [name.replace("-", " ").title() for name in invented_names(seed, "people", _PEOPLE)]

    def entries(self) -> Iterator[list[EntryRow]]:
        """The entries, in batches, in the order of their ids."""
        plan = self._plan
        for start in range(0, len(plan.kinds), _BATCH):
            stop = min(start + _BATCH, len(plan.kinds))
            texts = self._cut(plan.words[start:stop].tolist())
            titles = self._cut(plan.title_words[start:stop].tolist())
            yield [self._entry(*both) for both in zip(range(start, stop), texts, titles, strict=True)]

    def _cut(self, counts: Sequence[int]) -> list[list[str]]:
        """Write so many words for each, in one go."""
        words = iter(self._prose.words(sum(counts)))
        return [list(islice(words, count)) for count in counts]

    def _entry(self, at: int, words: list[str], title_words: list[str]) -> EntryRow:
        plan = self._plan
        kind = self._kinds[plan.kinds[at]]
        moment = _EPOCH + timedelta(seconds=int(plan.times[at]))
        stamp, day = f"{moment:%Y-%m-%d %H:%M:%S}.000000", f"{moment:%Y-%m-%d}"
        self._speak_of_a_tag(at, words)
        title = " ".join(title_words).capitalize()
        text = self._prose.text(words, self._linked(plan.kinds[at]))
        slug = self._slug(day, title_words or words, kind)
        host = self._hosts[plan.domains[at]] if plan.domains[at] >= 0 else ""
        url = f"https://{host}/{slug}" if host else ""
        source = self.sources[plan.sources[at]] if plan.sources[at] >= 0 else ""
        external_id = f"{kind}:{at + 1}"
        return EntryRow(
            id=at + 1,
            kind=kind.value,
            status=Status.PUBLISHED.value,
            published=stamp,
            day=day,
            slug=slug,
            updated=stamp,
            atom_id=f"tag:localhost,{day}:{uuid.uuid5(uuid.NAMESPACE_URL, f'{source}/{external_id}')}",
            title=title,
            body=text.body,
            markup=Markup.MARKDOWN.value,
            url=url,
            domain=host,
            canonical=canonical_url(url),
            via_url=f"https://{host}/via/{slug}" if host and plan.has_via[at] else "",
            via_title=title if host and plan.has_via[at] else "",
            citation=self._people[at % _PEOPLE] if kind is Kind.QUOTATION else "",
            context="",
            image_url="",
            image_alt="",
            series_id=_id(plan.series[at]),
            series_order=int(plan.series_orders[at]) if plan.series[at] >= 0 else None,
            source_id=_id(plan.sources[at]),
            external_id=external_id,
            upstream=None,
            html=text.html,
            short_html=text.short_html,
            text=text.text,
            words=text.words,
        )

    def _speak_of_a_tag(self, at: int, words: list[str]) -> None:
        first, last = self._plan.tag_starts[at], self._plan.tag_starts[at + 1]
        if words and first < last and self._chance() < _NAMES_ITS_TAG:
            tag = self._plan.tags[first + int(self._chance() * (last - first))]
            words[int(self._chance() * len(words))] = self.tags[tag - 1]

    def _linked(self, kind: int) -> Iterator[str | None]:
        """For each paragraph, where a link in it leads, if there is one."""
        share = self._links[kind]
        while True:
            is_linked = self._chance() < share
            yield f"https://{self._hosts[int(self._chance() * len(self._hosts))]}/" if is_linked else None

    def _slug(self, day: str, words: Sequence[str], kind: Kind) -> str:
        made = "-".join(words[:_SLUG_WORDS]) or kind.value
        slug = made if len(made) <= _MOST_SLUG else made[: _MOST_SLUG + 1].rsplit("-", 1)[0]
        taken = self._taken.setdefault(day, set())
        if slug in taken:
            # No word has a digit, so nothing else is called that.
            slug = f"{slug}-{len(taken)}"
        taken.add(slug)
        return slug

    def entry_tags(self) -> Iterator[tuple[int, int]]:
        """Which entry has which tag, both by their ids."""
        plan = self._plan
        owners = np.repeat(np.arange(1, len(plan.kinds) + 1), np.diff(plan.tag_starts))
        return zip(owners.tolist(), plan.tags.tolist(), strict=True)

    def changes(self) -> Iterator[tuple[str, str, int | None]]:
        """The log: first the names, then each entry, all on the day after the newest was published."""
        at = _EPOCH + timedelta(seconds=int(self._plan.times.max()), days=1)
        stamp = f"{at:%Y-%m-%d %H:%M:%S}.000000"
        yield stamp, "names", None
        for number in range(1, len(self._plan.kinds) + 1):
            yield stamp, "created", number


def _chances(random: Generator) -> Iterator[float]:
    """Numbers from 0 to 1 without end; one by one NumPy takes ten times as long."""
    while True:
        yield from random.random(_AHEAD).tolist()


def _id(number: int) -> int | None:
    """The id of what is counted from 0 in a plan, and is -1 where there is none."""
    return int(number) + 1 if number >= 0 else None
