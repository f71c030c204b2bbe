"""Tags that may be one and the same: spelled apart, in the plural, or a letter off.

Ten thousand tags are looked through in a fraction of a second: no tag is compared with all
others. Each is filed under forms that near ones share (its letters without hyphens, its
singular, what is left of it when one letter is taken out), and only what meets there is compared.
Tags that differ in their digits are different things (``python-2``, ``ipv6``).
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_SEPARATORS: Final = re.compile(r"[-_]+")
_NOT_DIGITS: Final = re.compile(r"\D+")
# Shorter ones are words of their own as soon as they differ in a letter: rust and dust.
_LEAST_LETTERS: Final = 5
_MOST_LETTERS: Final = 40
_LONGEST_ENDING: Final = 3


class Nearness(StrEnum):
    """In what two tags differ; the surest sign of one tag under two names comes first."""

    SPELLING = "written together or apart"
    NUMBER = "singular and plural"
    ENDING = "one is how the other begins"
    LETTER = "one letter differs"


class NearTags(NamedTuple):
    """Two tags that may be one, by their slugs: the one on more entries comes second."""

    fewer: str
    more: str
    why: Nearness


def near_tags(counts: Mapping[str, int]) -> list[NearTags]:
    """Return the pairs of tags that may be one; ``counts`` gives slugs the entries they are on.

    The surest come first, and among those the ones on most entries.
    """
    order = {why: place for place, why in enumerate(Nearness)}
    found: dict[tuple[str, str], Nearness] = {}
    for one, other, why in _candidates(counts):
        fewer, more = sorted((one, other), key=lambda slug: (counts[slug], slug))
        known = found.get((fewer, more))
        if known is None or order[why] < order[known]:
            found[fewer, more] = why
    pairs = [NearTags(fewer, more, why) for (fewer, more), why in found.items()]
    return sorted(pairs, key=lambda pair: (order[pair.why], -counts[pair.more], -counts[pair.fewer], pair))


def near_to(slug: str, counts: Mapping[str, int]) -> list[NearTags]:
    """Return the pairs of ``near_tags`` that this tag is one of, without looking for all the others."""
    form = singular(slug)

    def may_be(other: str) -> bool:
        begins = other.startswith(slug) or slug.startswith(other)
        return begins or singular(other) == form or _is_one_letter_off(slug, other)

    some = {other: count for other, count in counts.items() if may_be(other)}
    return [pair for pair in near_tags(some) if slug in (pair.fewer, pair.more)]


def _candidates(counts: Mapping[str, int]) -> Iterator[tuple[str, str, Nearness]]:
    yield from _alike(counts, {slug: joined(slug) for slug in counts}, Nearness.SPELLING)
    yield from _alike(counts, {slug: singular(slug) for slug in counts}, Nearness.NUMBER)
    yield from _endings(counts)
    yield from _letters(counts)


def _alike(
    counts: Mapping[str, int], forms: Mapping[str, str], why: Nearness
) -> Iterator[tuple[str, str, Nearness]]:
    """Pair each tag with the biggest of those that have the same form."""
    by_form: dict[str, list[str]] = {}
    for slug, form in forms.items():
        by_form.setdefault(form, []).append(slug)
    for slugs in by_form.values():
        biggest = max(slugs, key=lambda slug: (counts[slug], slug))
        yield from ((slug, biggest, why) for slug in slugs if slug != biggest)


def joined(slug: str) -> str:
    """Return a slug without its hyphens: ``web-site`` and ``website`` are one."""
    return _SEPARATORS.sub("", slug)


def singular(slug: str) -> str:
    """Return a slug in the singular of English, or in what stands for it, without its hyphens.

    >>> [singular(slug) for slug in ("databases", "libraries", "web-sites", "css", "classes", "status")]
    ['database', 'library', 'website', 'css', 'class', 'status']
    """
    word = joined(slug)
    if len(word) < 4 or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    if word.endswith(("sses", "shes", "xes")):
        return word[:-2]
    return word.removesuffix("s")


def _endings(counts: Mapping[str, int]) -> Iterator[tuple[str, str, Nearness]]:
    for slug in counts:
        for length in range(1, _LONGEST_ENDING + 1):
            start, ending = slug[:-length], slug[-length:]
            if len(start) >= _LEAST_LETTERS and start in counts and ending.isalpha():
                yield start, slug, Nearness.ENDING


def _letters(counts: Mapping[str, int]) -> Iterator[tuple[str, str, Nearness]]:
    by_rest: dict[str, list[str]] = {}
    for slug in counts:
        if _LEAST_LETTERS <= len(slug) <= _MOST_LETTERS:
            for rest in _rests(slug):
                by_rest.setdefault(rest, []).append(slug)
    for slugs in by_rest.values():
        for place, one in enumerate(slugs):
            yield from (
                (one, other, Nearness.LETTER) for other in slugs[place + 1 :] if _is_one_letter_off(one, other)
            )


def _rests(slug: str) -> Iterable[str]:
    """What is left of a slug when nothing, or any one of its letters, is taken out."""
    places = (place for place, letter in enumerate(slug) if letter.isalpha())
    return {slug, *(slug[:place] + slug[place + 1 :] for place in places)}


def _is_one_letter_off(one: str, other: str) -> bool:
    """Tell whether a letter more, another letter, or two letters in the other order make one the other."""
    if _NOT_DIGITS.sub("", one) != _NOT_DIGITS.sub("", other) or abs(len(one) - len(other)) > 1:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    one, other = one[start:], other[start:]
    if len(one) != len(other):
        longer, shorter = sorted((one, other), key=len, reverse=True)
        return longer[1:] == shorter
    return one[1:] == other[1:] or (one[:2] == other[1::-1] and one[2:] == other[2:])
