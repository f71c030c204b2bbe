"""Made-up words: pronounceable, all different, the same for the same seed.

Generated blogs hold no text of anybody's. The words used most often are those English has for
holding sentences together, so that a page looks like one; all others are made of syllables,
the more frequent the shorter, and some are forms of another, for the sake of stemming.
"""

from __future__ import annotations

from itertools import chain, islice
from random import Random
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_FUNCTION_WORDS: Final = (
    "the a to of and in is for it that on with this as be you an are from by can at have or not but if was "
    "has which more all will they there so we one about what when some how your into their new than up out "
    "also like use using just only its them here now been other these would most could very much where then "
    "any over after even way many well should because own"
).split()
_FIRST: Final = (
    "b br bl c ch cl cr d dr f fl fr g gl gr h j k l m n p pl pr qu r s sc sh sl sp st str t th tr v w z"
).split()
_VOWELS: Final = "a e i o u ai ea ee io oa ou".split()
_LAST: Final = ("", "", "", "", "n", "r", "s", "t", "l", "x", "m", "nd", "st", "ck", "rt")
_ENDINGS: Final = ("s", "ing", "ed", "er")


def invented_words(seed: int, count: int) -> list[str]:
    """Return ``count`` words, those to be used most often first."""
    made = (word for word in _made(Random(f"words {seed}")) if word not in _FUNCTION_WORDS)
    return list(islice(chain(_FUNCTION_WORDS, made), count))


def _made(random: Random) -> Iterator[str]:
    """Words without end, none twice."""
    seen: set[str] = set()
    roots: list[str] = []
    while True:
        if len(roots) > 100 and random.random() < 0.25:
            word = random.choice(roots) + random.choice(_ENDINGS)
        else:
            word = "".join(_syllable(random) for _ in range(_syllables(random, len(seen))))
            roots.append(word)
        if word not in seen and len(word) > 2:
            seen.add(word)
            yield word


def _syllable(random: Random) -> str:
    return random.choice(_FIRST) + random.choice(_VOWELS) + random.choice(_LAST)


def _syllables(random: Random, made: int) -> int:
    if made < 300:
        return 1
    return random.choice((1, 2, 2) if made < 3_000 else (2, 2, 3) if made < 30_000 else (2, 3, 3))


def invented_names(seed: int, what: str, count: int) -> list[str]:
    """Return ``count`` different names of one or two words, joined as slugs are."""
    random = Random(f"{what} {seed}")
    words = list(islice(_made(random), count // 4 + 1_000))
    names: dict[str, None] = {}
    while len(names) < count:
        parts = random.choice((1, 1, 2))
        names.setdefault("-".join(random.choice(words) for _ in range(parts)))
    return list(names)
