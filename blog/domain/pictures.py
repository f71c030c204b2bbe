"""The names of pictures that were uploaded, which say what a page needs to know of them.

A name is made of the picture's content, so it never means another picture; and it tells how large the
picture is, and so whether there is a smaller one beside it. A page can leave the right room for a picture
without asking anybody.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from blog.domain.urls import web_url

PREFIX: Final = "/media/"
MAX_WIDTH: Final = 1_600
SMALL_WIDTH: Final = 800
# A small picture is worth having only where it saves something.
_SMALL_FROM: Final = 1.25 * SMALL_WIDTH
TYPES: Final = {"jpg": "image/jpeg", "png": "image/png", "gif": "image/gif", "webp": "image/webp"}
_NAME: Final = re.compile(
    rf"([0-9a-f]{{16}})-([1-9][0-9]{{0,4}})x([1-9][0-9]{{0,4}})(-small)?\.({'|'.join(TYPES)})"
)


@dataclass(frozen=True, slots=True)
class PictureName:
    """What the name of a picture says. The small one is called by the size of the whole one."""

    digest: str
    width: int
    height: int
    extension: str
    is_small: bool = False

    @classmethod
    def parse(cls, text: str) -> PictureName | None:
        """Read a name; None where it is none of ours."""
        found = _NAME.fullmatch(text)
        if found is None:
            return None
        digest, width, height, small, extension = found.groups()
        return cls(digest, int(width), int(height), extension, is_small=bool(small))

    @classmethod
    def at(cls, address: str) -> PictureName | None:
        """Read the name that an address of this blog ends with; None where it leads to no picture."""
        return cls.parse(address.removeprefix(PREFIX)) if address.startswith(PREFIX) else None

    def __str__(self) -> str:
        small = "-small" if self.is_small else ""
        return f"{self.digest}-{self.width}x{self.height}{small}.{self.extension}"

    @property
    def address(self) -> str:
        """Where it is on the blog."""
        return f"{PREFIX}{self}"

    @property
    def type(self) -> str:
        """Its media type."""
        return TYPES[self.extension]

    @property
    def small(self) -> PictureName | None:
        """The name of the smaller one that is beside it, where there is one."""
        has_small = not self.is_small and self.extension != "gif" and has_small_of(self.width)
        return replace(self, is_small=True) if has_small else None


def has_small_of(width: int) -> bool:
    """Tell whether a picture of this width has a smaller one beside it, if it does not move."""
    return width > _SMALL_FROM


def picture_address(text: str) -> str:
    """Return the address of a picture, of this blog or of the web; empty where it is none."""
    name = PictureName.at(text.strip())
    return name.address if name else web_url(text)


def markdown_of(address: str, alt: str) -> str:
    """Return the Markdown that shows a picture; ``alt`` says what is to be seen on it."""
    line = " ".join(alt.split())
    return f"![{_MARKS.sub(_escaped, line)}]({address})"


_MARKS: Final = re.compile(r"[\\\[\]<>`*_&]")


def _escaped(mark: re.Match[str]) -> str:
    return {"<": "&lt;", ">": "&gt;", "&": "&amp;"}.get(mark.group(), f"\\{mark.group()}")
