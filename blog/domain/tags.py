"""Tags: how a name becomes the slug that stands in addresses.

A slug never contains ``+``, ``,``, ``/`` or ``.`` and never begins with ``-``: these are
the grammar of ``/tags/python,ruby+-django.atom``. Letters of every script are kept, so
"日本語" is its own slug, and the names engineers really use stay readable and apart:

>>> [slugify(name) for name in ("C++", "C#", ".NET", "node.js", "Web 2.0", "日本語")]
['cplusplus', 'csharp', 'dotnet', 'nodejs', 'web-2-0', '日本語']
"""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final

from blog.domain.errors import BadTag

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_SLUG_LENGTH: Final = 100

_SPOKEN: Final = (
    (re.compile(r"(?<=\w)#"), "sharp"),  # C#, F#; the # of a hashtag just goes
    (re.compile(r"(?<!\w)\.(?=[^\W\d])"), "dot"),  # .NET
    (re.compile(r"\.(?=js\b)"), ""),  # node.js
    (re.compile(r"(?<=\w)\++"), lambda m: "plus" * len(m.group())),  # C++
    (re.compile(r"&"), " and "),
    (re.compile(r"['’]"), ""),
)
# Marks are parts of words, and in many scripts the vowels; Python's \w does not count them.
MARKS: Final = "".join(
    chr(code)
    for code in (*range(0x300, 0x1E00), *range(0xA800, 0xAC00))
    if unicodedata.category(chr(code))[0] == "M"
)
_NOT_IN_SLUGS: Final = re.compile(rf"[^\w{MARKS}]+|(?<![^\W_])[{MARKS}]+")


def slugify(name: str) -> str:
    """Return the slug of a tag's name; slugs map to themselves.

    Raises:
        BadTag: the name has no letter or digit.
    """
    slug = unicodedata.normalize("NFKC", name).lower()
    for pattern, spoken in _SPOKEN:
        slug = pattern.sub(spoken, slug)
    # Lower-casing and NFKC do not commute for a few letters (İ), so the result is normalised too.
    slug = unicodedata.normalize("NFKC", _NOT_IN_SLUGS.sub("-", slug)).lower()
    slug = re.sub("-{2,}", "-", _NOT_IN_SLUGS.sub("-", slug))[:MAX_SLUG_LENGTH].strip("-")
    if not any(character.isalnum() for character in slug):
        raise BadTag(f"“{name[:80]}” has no letter or digit, so no tag can be named that.")
    return slug


def is_slug(text: str) -> bool:
    """Tell whether ``text`` is already a slug."""
    try:
        return slugify(text) == text
    except BadTag:
        return False


def near_names(wrong: str, slugs: Iterable[str], limit: int = 5) -> list[str]:
    """The slugs that ``wrong`` may have meant, best first.

    A slug is near when one is the beginning of the other, or when they differ by little.
    The cheap upper bounds of ``SequenceMatcher`` keep this at a few milliseconds for
    five thousand slugs.
    """
    matcher = SequenceMatcher(b=wrong, autojunk=False)
    scored: list[tuple[float, str]] = []
    for slug in slugs:
        if (len(wrong) > 2 and slug.startswith(wrong)) or (len(slug) > 3 and wrong.startswith(slug)):
            scored.append((0.8, slug))
            continue
        if abs(len(slug) - len(wrong)) > 3:
            continue
        matcher.set_seq1(slug)
        if matcher.real_quick_ratio() > 0.7 and matcher.quick_ratio() > 0.7:
            ratio = matcher.ratio()
            if ratio > 0.7:
                scored.append((ratio, slug))
    scored.sort(key=lambda pair: (-pair[0], len(pair[1]), pair[1]))
    return [slug for _, slug in scored[:limit]]
