"""Which tags a text speaks of: the slugs that its words, and some words in a row, would have.

To look up what a text's words may be is as quick for a blog of a hundred thousand tags as for one of
ten, where looking for every tag in the text is not.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from blog.domain.errors import BadTag
from blog.domain.tags import slugify

MAX_WORDS: Final = 5_000
_LONGEST: Final = 4
_OF: Final = re.compile(r"['’]s\b")
_BREAK: Final = ""
# What ends a phrase: "Rust. Go" is not the tag "rust-go".
_ENDS: Final = (".", ",", ";", ":", "!", "?", ")", "”", '"')


def slugs_in(text: str) -> set[str]:
    """Return the slugs of the words of a text, and of up to four words in a row.

    Only the first thousands of words are looked at. What has no spaces, as in Japanese, is one word.
    """
    words: list[str] = []
    for word in text.split(maxsplit=MAX_WORDS)[:MAX_WORDS]:
        words += _parts(word)
    found: set[str] = set()
    for start in range(len(words)):
        for end in range(start + 1, start + _LONGEST + 1):
            if end > len(words) or words[end - 1] == _BREAK:
                break
            found.add("-".join(words[start:end]))
    return found


def _parts(word: str) -> tuple[str, ...]:
    if word.isascii() and word.isalnum():
        return (word.lower(),)
    return _slug_parts(word[:200])


@lru_cache(maxsize=20_000)
def _slug_parts(word: str) -> tuple[str, ...]:
    """The parts of the slug of a word: "C++," is ("cplusplus",), "asp.net" ("asp", "net")."""
    try:
        parts = slugify(_OF.sub("", word)).split("-")
    except BadTag:
        return (_BREAK,)
    return (*parts, _BREAK) if word.endswith(_ENDS) else tuple(parts)
