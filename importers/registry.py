"""The formats that can be imported, and which of them some material is.

The built-in ones stand in ``IMPORTERS``. A package adds its own with an entry point in the
group ``crosstag.importers`` that loads to an ``Importer``; those are asked first, because
whoever installed one for WordPress files means it to win over "some kind of RSS".
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Final

from blog.domain.errors import BadImport
from importers import (
    backup,
    chrome,
    delicious,
    feed,
    firefox,
    ghost,
    github,
    instapaper,
    json_feed,
    karakeep,
    linkding,
    linkwarden,
    markdown_files,
    mastodon,
    microformats,
    netscape,
    omnivore,
    opml,
    pinboard,
    pocket,
    raindrop,
    readability,
    readwise,
    wallabag,
    wordpress,
)
from importers.several import Several

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from importlib.metadata import EntryPoint

    from blog.domain.entry import Item
    from importers.material import Material

ENTRY_POINTS: Final = "crosstag.importers"
# What is in every archive that "crosstag export" makes.
_OF_CROSSTAG: Final = {"manifest.json", "tables/entry.ndjson"}


@dataclass(frozen=True, slots=True)
class Importer:
    """One format.

    ``name`` is the word on the command line and ``title`` what people call the format.
    ``detect`` looks at bytes and never raises for material of another format. ``parse``
    yields what it reads, a ``Rejected`` for each item it cannot read, and raises
    ``BadImport`` where nothing at all can be read. ``count`` says cheaply how many entries
    to expect, or None.
    """

    name: str
    title: str
    detect: Callable[[Material], bool]
    parse: Callable[[Material], Iterator[Item]]
    count: Callable[[Material], int | None]


_OF_ONE_THING: Final = (
    Importer("backup", "a blog's database backup (NDJSON)", backup.detect, backup.parse, backup.count),
    Importer("feed", "an RSS or Atom feed", feed.detect, feed.parse, feed.count),
    Importer("json-feed", "a JSON Feed", json_feed.detect, json_feed.parse, json_feed.count),
    Importer("opml", "a list of feeds (OPML)", opml.detect, opml.parse, opml.count),
    Importer("netscape", "a browser's bookmarks (HTML)", netscape.detect, netscape.parse, netscape.count),
    Importer("pinboard", "Pinboard's bookmarks (JSON)", pinboard.detect, pinboard.parse, pinboard.count),
    Importer("delicious", "bookmarks of delicious (JSON)", delicious.detect, delicious.parse, delicious.count),
    Importer("firefox", "a backup of Firefox's bookmarks (JSON)", firefox.detect, firefox.parse, firefox.count),
    Importer("chrome", "the bookmarks file of Chrome (JSON)", chrome.detect, chrome.parse, chrome.count),
    Importer("pocket", "pages of Pocket (CSV or HTML)", pocket.detect, pocket.parse, pocket.count),
    Importer("instapaper", "pages of Instapaper (CSV)", instapaper.detect, instapaper.parse, instapaper.count),
    Importer("raindrop", "bookmarks of Raindrop (CSV)", raindrop.detect, raindrop.parse, raindrop.count),
    Importer("readwise", "highlights of Readwise (CSV)", readwise.detect, readwise.parse, readwise.count),
    Importer("omnivore", "pages of Omnivore (JSON)", omnivore.detect, omnivore.parse, omnivore.count),
    Importer("wallabag", "pages of wallabag (JSON)", wallabag.detect, wallabag.parse, wallabag.count),
    Importer(
        "readability",
        "pages of Readability (JSON)",
        readability.detect,
        readability.parse,
        readability.count,
    ),
    Importer("linkwarden", "links of Linkwarden (JSON)", linkwarden.detect, linkwarden.parse, linkwarden.count),
    Importer("linkding", "bookmarks of linkding (JSON)", linkding.detect, linkding.parse, linkding.count),
    Importer("karakeep", "bookmarks of karakeep (JSON)", karakeep.detect, karakeep.parse, karakeep.count),
    Importer("wordpress", "an export of WordPress (WXR)", wordpress.detect, wordpress.parse, wordpress.count),
    Importer("ghost", "an export of Ghost (JSON)", ghost.detect, ghost.parse, ghost.count),
    Importer("mastodon", "posts of Mastodon (JSON)", mastodon.detect, mastodon.parse, mastodon.count),
    Importer(
        "github-stars",
        "stars on GitHub (JSON)",
        github.detect_stars,
        github.parse_stars,
        github.count_stars,
    ),
    Importer(
        "github-releases",
        "releases on GitHub (JSON)",
        github.detect_releases,
        github.parse_releases,
        github.count_releases,
    ),
    Importer(
        "microformats",
        "a page with entries (h-entry)",
        microformats.detect,
        microformats.parse,
        microformats.count,
    ),
    Importer(
        "markdown",
        "Markdown files with front matter",
        markdown_files.detect,
        markdown_files.parse,
        markdown_files.count,
    ),
)


_several = Several(lambda: (one for one in importers() if one.name != "zip"))
IMPORTERS: Final = (
    *_OF_ONE_THING,
    Importer("zip", "a zip file with several exports", _several.detect, _several.parse, _several.count),
)


def importers() -> tuple[Importer, ...]:
    """Every importer in the order in which they are asked: added ones, then built-in ones.

    Raises:
        BadImport: an installed package offers something that does not load or is no importer.
    """
    return (*_added(), *IMPORTERS)


def by_name(name: str) -> Importer:
    """The importer called ``name``.

    Raises:
        BadImport: there is none; the sentence names those there are.
    """
    for importer in importers():
        if importer.name == name:
            return importer
    raise BadImport(f"There is no importer called “{name}”; there are {_known('name')}.")


def detect(material: Material) -> Importer:
    """The importer of the format that ``material`` is in.

    Raises:
        BadImport: it is in none of the known formats; the sentence names them.
    """
    if material.is_packed and set(material.names()) >= _OF_CROSSTAG:
        raise BadImport(
            f"{material.label} is a complete archive of a blog like this one, which is not imported but "
            "restored, into an empty blog: crosstag --data NEW-DIRECTORY restore FILE."
        )
    for importer in importers():
        if importer.detect(material):
            return importer
    raise BadImport(f"{material.label} is in no format known here. Known are {_known('title')}.")


def _known(field: str) -> str:
    return "; ".join(str(getattr(importer, field)) for importer in importers())


@lru_cache(maxsize=1)
def _offered(path: tuple[str, ...]) -> tuple[EntryPoint, ...]:
    """What installed packages offer; finding out reads a file of each, and a poll asks every time."""
    return tuple(entry_points(group=ENTRY_POINTS))


def _added() -> Iterator[Importer]:
    for point in _offered(tuple(sys.path)):
        try:
            importer = point.load()
        except (ImportError, AttributeError) as error:
            raise BadImport(f"The importer “{point.name}” ({point.value}) does not load: {error}.") from error
        if not isinstance(importer, Importer):
            raise BadImport(f"The importer “{point.name}” ({point.value}) is not an Importer.")
        yield importer
