"""A zip file with several exports in it, or with one among other files: each is read as what it is.

Exports come so: Pocket's list in parts, Mastodon's posts beside their pictures, Omnivore's
metadata beside the pages. Pages are taken for a blog's own only where nothing else is found,
because some services pack the pages that were saved.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from blog.domain.entry import Draft, Item, LeftOut, Rejected
from blog.domain.errors import BadImport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from importers.material import Material
    from importers.registry import Importer

_SNIFFED: Final = 512
_WIDE: Final = (b"\xff\xfe", b"\xfe\xff")
_PAGES: Final = "microformats"


class Several:
    """The importer of archives, which knows all the others."""

    def __init__(self, others: Callable[[], Iterable[Importer]]) -> None:
        self._others = others

    def detect(self, material: Material) -> bool:
        """Tell whether it is an archive with a file in it that another importer knows."""
        return material.is_packed and len(material.names()) > 1 and bool(next(self._known(material), None))

    def count(self, material: Material) -> int | None:
        """How many entries all of them have, if each can say."""
        counts = [importer.count(material.only(name)) for importer, name in self._chosen(material)]
        return None if None in counts else sum(count for count in counts if count is not None)

    def parse(self, material: Material) -> Iterator[Item]:
        """Yield what is in each file; what another file had already is rejected."""
        chosen = self._chosen(material)
        seen: dict[bytes, str] = {}
        for importer, name in chosen:
            yield from _once(_read(importer, material.only(name)), name, seen)
        if others := len(material.names()) - len(chosen):
            reason = f"{others:,} other files in it are in no format known here."
            yield LeftOut(external_id=material.label, reason=reason)

    def _chosen(self, material: Material) -> list[tuple[Importer, str]]:
        known = list(self._known(material))
        exports = [pair for pair in known if pair[0].name != _PAGES]
        return exports or known

    def _known(self, material: Material) -> Iterator[tuple[Importer, str]]:
        importers = list(self._others())
        for name in material.names():
            if _could_be_text(material.head(name, _SNIFFED)):
                part = material.only(name)
                found = next((importer for importer in importers if importer.detect(part)), None)
                if found:
                    yield found, name


def _could_be_text(head: bytes) -> bool:
    return b"\0" not in head or head.startswith(_WIDE) or head[:4].count(0) in {2, 3}


def _read(importer: Importer, part: Material) -> Iterator[Item]:
    try:
        yield from importer.parse(part)
    except BadImport as error:
        yield Rejected(external_id=part.names()[0], reason=error.sentence)


def _once(items: Iterator[Item], name: str, seen: dict[bytes, str]) -> Iterator[Item]:
    for item in items:
        if isinstance(item, Draft):
            key = hashlib.blake2b(
                f"{item.source} {item.external_id}".encode(errors="replace"), digest_size=8
            ).digest()
            earlier = seen.setdefault(key, name)
            if earlier != name:
                yield Rejected(external_id=item.external_id, reason=f"It is in {earlier} already.")
                continue
        yield item
