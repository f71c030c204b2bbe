"""Texts that have the lengths and the vocabulary of a real blog's, and mean nothing.

Words come as often as Zipf's law says. A third of them are one of four companions of the word
before, so that phrases and collocations come again and again, as they do in real texts, and a
phrase that is looked for is found. The same paragraphs are put down in the four forms an entry
holds, without the Markdown renderer: they use nothing of Markdown but links.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from benchmarks.blogs.invented import invented_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from benchmarks.blogs.figures import Figures

_COMPANIONS: Final = 4
_ACCOMPANIED: Final = 1 / 3
_SENTENCE: Final = (5, 25)
_SENTENCES_AHEAD: Final = 4_096


@dataclass(frozen=True, slots=True)
class Text:
    """A body in the forms that an entry holds; see ``blog.rendering.Rendered``."""

    body: str
    html: str
    short_html: str
    text: str
    words: int


EMPTY: Final = Text("", "", "", "", 0)


class Prose:
    """Writes texts; ``total`` is how many words there will be in all, which the vocabulary follows."""

    def __init__(self, figures: Figures, seed: int, total: int, list_words: int) -> None:
        sizes = figures.words.sizes(total)
        self._sums = np.cumsum(sizes, dtype=np.float64)
        self._words = np.array(invented_words(seed, len(sizes)), dtype=object)
        self._random = np.random.default_rng([seed, 2])
        self._companions = self._ranks(len(sizes) * _COMPANIONS).reshape(-1, _COMPANIONS)
        self._paragraph = figures.paragraph_words
        self._list_words = list_words
        self._lengths = self._sentence_lengths()

    def _ranks(self, count: int) -> NDArray[np.int64]:
        drawn = np.searchsorted(self._sums, self._random.random(count) * self._sums[-1], side="right")
        ranks: NDArray[np.int64] = drawn.clip(0, len(self._sums) - 1)
        return ranks

    def words(self, count: int) -> list[str]:
        """Return so many words in a row."""
        ranks = self._ranks(count)
        accompanied = np.nonzero(self._random.random(max(0, count - 1)) < _ACCOMPANIED)[0] + 1
        which = self._random.integers(0, _COMPANIONS, len(accompanied))
        ranks[accompanied] = self._companions[ranks[accompanied - 1], which]
        words: list[str] = self._words[ranks].tolist()
        return words

    def _sentence_lengths(self) -> Iterator[int]:
        while True:
            yield from self._random.integers(*_SENTENCE, _SENTENCES_AHEAD).tolist()

    def text(self, words: Sequence[str], links: Iterator[str | None]) -> Text:
        """Write a text of these words; ``links`` says for each paragraph where a link in it leads, if any."""
        if not words:
            return EMPTY
        plain, counts = self._paragraphs(words)
        bodies, pages = [], []
        for paragraph, link in zip(plain, links, strict=False):
            body, page = _linked(paragraph, link) if link else (paragraph, paragraph)
            bodies.append(body)
            pages.append(f"<p>{page}</p>")
        return Text(
            body="\n\n".join(bodies),
            html="\n".join(pages),
            short_html="\n".join(pages[: _kept(counts, self._list_words)])
            if len(words) > self._list_words
            else "",
            text="\n".join(plain),
            words=len(words),
        )

    def _paragraphs(self, words: Sequence[str]) -> tuple[list[str], list[int]]:
        """Cut words into sentences and paragraphs; return these and how many words each holds."""
        paragraphs: list[str] = []
        counts: list[int] = []
        sentences: list[str] = []
        start = begun = 0
        while start < len(words):
            stop = start + next(self._lengths)
            sentence = " ".join(words[start:stop])
            sentences.append(f"{sentence[0].upper()}{sentence[1:]}.")
            start = stop
            if start - begun >= self._paragraph or start >= len(words):
                paragraphs.append(" ".join(sentences))
                counts.append(min(start, len(words)) - begun)
                sentences = []
                begun = start
        return paragraphs, counts


def _linked(paragraph: str, link: str) -> tuple[str, str]:
    """The paragraph with its second and third word a link, in Markdown and in HTML."""
    parts = paragraph.split(" ", 3)
    if len(parts) < 4:
        return paragraph, paragraph
    label = f"{parts[1]} {parts[2]}"
    return (
        f"{parts[0]} [{label}]({link}) {parts[3]}",
        f'{parts[0]} <a href="{link}">{label}</a> {parts[3]}',
    )


def _kept(counts: Sequence[int], limit: int) -> int:
    """How many leading paragraphs a list shows: up to ``limit`` words, and one at the least.

    Zero where that would be all of them: then there is no shorter form.
    """
    total = 0
    for number, count in enumerate(counts):
        total += count
        if total > limit:
            return max(1, number) if len(counts) > 1 else 0
    return 0
