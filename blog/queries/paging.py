"""The way through the pages of anything that has many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from blog.domain.errors import NotThere

if TYPE_CHECKING:
    from collections.abc import Callable

_NEIGHBOURS: Final = 2


class NoSuchPage(NotThere):
    """A page past the last one."""


@dataclass(frozen=True, slots=True)
class PageLinks:
    """The way through the pages; an empty address means there is no such page.

    ``numbers`` are page numbers with their addresses; a None stands for the gap between two.
    """

    previous_url: str
    next_url: str
    numbers: tuple[tuple[int, str] | None, ...]


def count_pages(total: int, size: int, page: int) -> int:
    """Return how many pages so many things fill, one at the least.

    Raises:
        NoSuchPage: ``page`` is past the last one.
    """
    pages = max(1, -(-total // size))
    if page > pages:
        raise NoSuchPage(f"There is no page {page}: this has {'one page' if pages == 1 else f'{pages} pages'}.")
    return pages


def page_links(url_of: Callable[[int], str], page: int, pages: int) -> PageLinks:
    """Return the links around a page: the first, the last, and those near it."""
    near = range(max(1, page - _NEIGHBOURS), min(pages, page + _NEIGHBOURS) + 1)
    shown = sorted({1, *near, pages})
    numbers: list[tuple[int, str] | None] = []
    for last, number in zip([0, *shown], shown, strict=False):
        if last and number - last > 1:
            # A gap of one is that one page, which takes no more room than the dots.
            numbers.append((last + 1, url_of(last + 1)) if number - last == 2 else None)
        numbers.append((number, url_of(number)))
    return PageLinks(
        previous_url=url_of(page - 1) if page > 1 else "",
        next_url=url_of(page + 1) if page < pages else "",
        numbers=tuple(numbers) if pages > 1 else (),
    )
