"""``_blog.yaml``: what a folder of Markdown files says about the blog as a whole.

tags:
  python: {name: Python, description: The language.}
aliases: {py: python}
series:
  bitmaps: {title: All about bitmaps, description: In three parts.}
sources:
  releases: {name: Releases, url: "https://example.org/releases"}
redirects: {"/old/": "/new/", "https://old.example.org/a": "/2009/"}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from blog.domain.entry import AliasDraft, Item, RedirectDraft, Rejected, SeriesDraft, SourceDraft, TagDraft
from importers.front_matter import BrokenFrontMatter, read_yaml
from importers.text import clean, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SIDECAR: Final = "_blog.yaml"


def read_sidecar(data: bytes) -> Iterator[Item]:
    """Yield tags, aliases, series, sources and redirects; ``Rejected`` for what is no such thing."""
    try:
        sections = read_yaml(clean(data.decode("utf-8-sig")))
    except BrokenFrontMatter as error:
        yield Rejected(external_id=SIDECAR, reason=f"{SIDECAR}: {error}.")
        return
    except UnicodeDecodeError:
        yield Rejected(external_id=SIDECAR, reason=f"{SIDECAR} is not UTF-8; save it as UTF-8.")
        return
    for section, read in _SECTIONS.items():
        yield from _section(section, sections.pop(section, None), read)
    for section in sections:
        known = ", ".join(_SECTIONS)
        yield _rejected(section, f"there is no such section; there are {known}")


def _section(section: str, values: object, read: Callable[[str, object], Item]) -> Iterator[Item]:
    if values is None:
        return
    if not isinstance(values, dict):
        yield _rejected(section, "it is no list of keys and values")
        return
    for key, value in values.items():
        try:
            yield read(_line(key), value)
        except ValueError as error:
            yield _rejected(f"{section}, {str(key)[:80]}", str(error))


def _rejected(where: str, reason: str) -> Rejected:
    return Rejected(external_id=f"{SIDECAR}: {where}", reason=f"{SIDECAR}, {where}: {reason}.")


def _tag(slug: str, value: object) -> TagDraft:
    said = _fields(value, "description")
    return TagDraft(
        name=one_line(said.get("name", "")) or slug, slug=slug, description=said.get("description", "")
    )


def _alias(old: str, value: object) -> AliasDraft:
    return AliasDraft(old=old, tag=_line(value))


def _series(slug: str, value: object) -> SeriesDraft:
    said = _fields(value, "title")
    title = one_line(said.get("title", "")) or slug
    return SeriesDraft(slug=slug, title=title, description=said.get("description", ""))


def _source(slug: str, value: object) -> SourceDraft:
    said = _fields(value, "name")
    return SourceDraft(
        slug=slug, name=one_line(said.get("name", "")) or slug, url=one_line(said.get("url", ""))
    )


def _redirect(old: str, value: object) -> RedirectDraft:
    target, address = _line(value), urlsplit(old)
    if not (target.startswith("/") or urlsplit(target).scheme in {"http", "https"}):
        raise ValueError("its target is neither a path that begins with / nor an address")
    if address.scheme not in {"", "http", "https"} or not (old.startswith("/") or address.hostname):
        raise ValueError("it is neither a path that begins with / nor an address")
    path = address.path + (f"?{address.query}" if address.query else "")
    return RedirectDraft(path=path or "/", target=target, host=address.hostname or "")


def _fields(value: object, single: str) -> dict[str, str]:
    """The fields of one thing; a plain value stands for the field ``single``."""
    fields = value if isinstance(value, dict) else {single: value}
    return {str(key).lower(): _text(part) for key, part in fields.items() if part is not None}


def _text(value: object) -> str:
    if not isinstance(value, str | int | float):
        raise ValueError("a value in it is not a single text")
    return clean(str(value)).strip()


def _line(value: object) -> str:
    line = one_line(_text(value))
    if not line:
        raise ValueError("it is empty")
    return line


_SECTIONS: Final[dict[str, Callable[[str, object], Item]]] = {
    "tags": _tag,
    "aliases": _alias,
    "series": _series,
    "sources": _source,
    "redirects": _redirect,
}
