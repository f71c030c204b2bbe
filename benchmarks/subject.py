"""What is measured, in the one place where its names are known.

Benchmarks are run on old commits and on branches, too: a setting that this version of Crosstag
does not have yet is left out, and everything of Crosstag's inside that is timed by itself is
named here and nowhere else.
"""

from __future__ import annotations

import os
import sys
from contextlib import closing, contextmanager
from dataclasses import fields
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from blog.app import create_app
from blog.config import Settings, cores, load
from blog.domain.textquery import parse
from blog.facets.count import count_months
from blog.facets.select import matching
from blog.queries.browse import browse, text_matches
from blog.queries.choices import facets
from blog.services import open_services

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from flask.testing import FlaskClient

    from blog.domain.filters import Filter
    from blog.queries.browse import Browse
    from blog.services import Services

TANTIVY: Final = "tantivy"
CACHE_OFF: Final = {"cache_megabytes": "0"}
LOG_OFF: Final = {"access_log": "false"}
ONE_THREAD: Final = {"workers": "1", "threads": "1"}
_ENGINE: Final = "search_engine"
_KNOWN: Final = {field.name for field in fields(Settings)}


def environment(wanted: Mapping[str, str]) -> dict[str, str]:
    """Settings as the environment gives them; those that this version does not have are left out."""
    return {f"CROSSTAG_{name.upper()}": value for name, value in wanted.items() if name in _KNOWN}


def clean_environment(wanted: Mapping[str, str]) -> dict[str, str]:
    """The environment for a process of Crosstag's: this one's, with these settings and no others."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("CROSSTAG_")}
    return inherited | environment(wanted)


def command(data: Path, *words: str) -> list[str]:
    """The command line ``crosstag --data DATA …``, in this very Python."""
    return [sys.executable, "-m", "blog", "--data", str(data), *words]


@contextmanager
def opened(data: Path, wanted: Mapping[str, str] = CACHE_OFF) -> Iterator[Services]:
    """Open a blog in this process."""
    with closing(open_services(load(data, environment(wanted)))) as services:
        yield services


def client(services: Services) -> FlaskClient:
    """The web application without a server, and without the page cache if the blog was opened so."""
    return create_app(services).test_client()


def workers(settings: Settings) -> int:
    """How many processes ``crosstag serve`` starts for this blog."""
    return int(getattr(settings, "workers", 1)) or cores()


def engines() -> list[str]:
    """The search engines that this version of Crosstag can use here."""
    if _ENGINE not in _KNOWN:
        return ["whoosh"]
    return ["whoosh", *(name for name in (TANTIVY,) if find_spec(name))]


def with_engine(name: str) -> dict[str, str]:
    """The setting that chooses an engine."""
    return {_ENGINE: name}


def _forget(services: Services) -> None:
    """Let a text be found anew: both the blog and tantivy remember what they found last."""
    services.search.remembered.clear()
    forget = getattr(services.search.engine, "forget", None)
    if forget is not None:
        forget()


def page_of(services: Services, wanted: Filter, page: int = 1) -> Browse:
    """Everything a filter's page shows, as values; what its text finds is found anew."""
    _forget(services)
    return browse(services, wanted, page)


def matches_of(services: Services, wanted: Filter) -> object:
    """The entries that a filter without a text means."""
    return matching(services.facets.current(), wanted)


def facets_of(services: Services, wanted: Filter) -> object:
    """All facets of a filter without a text, with counts and addresses."""
    snapshot = services.facets.current()
    matches = matching(snapshot, wanted)
    return facets(snapshot, wanted, matches, count_months(snapshot, matches))


def found_by(services: Services, text: str) -> object:
    """All entries that a text finds."""
    _forget(services)
    return text_matches(services, services.facets.current(), parse(text))


def best_of(services: Services, text: str, limit: int) -> list[int]:
    """All entries that a text finds, and of these the best."""
    _forget(services)
    query = parse(text)
    snapshot = services.facets.current()
    return services.search.engine.best(query, text_matches(services, snapshot, query), limit)
