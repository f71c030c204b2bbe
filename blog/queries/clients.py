"""What an app says of itself at the address that is its id: its name, and where it wants its answers."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin

from blog.auth.indieauth import is_on_this_machine, is_same_place
from blog.domain.errors import FetchRefused
from blog.fetch import fetch
from blog.pagefacts import page_facts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from blog.fetch import Fetched
    from blog.services import Services

_SECONDS: Final = 5.0
_CAP: Final = 1_000_000
_LONGEST_NAME: Final = 100
_LINK: Final = re.compile(r'<([^<>]*)>\s*;[^,<]*?\brel="?([^",;]*)"?')


@dataclass(frozen=True, slots=True)
class ClientFacts:
    """What is said at a client's address; ``problem`` is why nothing is known, where that is so."""

    name: str = ""
    redirect_uris: frozenset[str] = frozenset()
    problem: str = ""


def client_facts(services: Services, client: str) -> ClientFacts:
    """Return what a client says of itself; never raises. One on the author's machine is not asked."""
    if is_on_this_machine(client):
        return ClientFacts()
    settings = services.settings
    timeout = min(_SECONDS, settings.fetch_timeout)
    try:
        found = fetch(client, timeout=timeout, cap=_CAP, allow_private=settings.fetch_private)
    except FetchRefused as error:
        return ClientFacts(problem=error.sentence)
    if not is_same_place(client, found.url):
        # What another site says is not said by the client, however one gets there.
        return ClientFacts(problem=f"{client} leads to another site, and what that says is not used.")
    return facts_in(found, client)


def facts_in(found: Fetched, client: str) -> ClientFacts:
    """Read what was fetched: a client's metadata in JSON, or a page with links."""
    if found.content_type.lower().partition(";")[0].strip().endswith("json"):
        return _of_json(found, client)
    linked = {urljoin(found.url, address) for address in (*_in_header(found.link), *_in_page(found.data))}
    name = page_facts(found.data, found.url, found.content_type).title
    return ClientFacts(name[:_LONGEST_NAME], frozenset(linked))


def _of_json(found: Fetched, client: str) -> ClientFacts:
    try:
        said = json.loads(found.data)
    except (ValueError, RecursionError):
        return ClientFacts(problem=f"What {client} says of itself is not JSON.")
    # The document has to be about who was asked for, or anybody's would do (section 4.2.1).
    if not isinstance(said, dict) or said.get("client_id") != client:
        return ClientFacts(problem=f"What is at {client} is about another client.")
    name, listed = said.get("client_name"), said.get("redirect_uris")
    uris = [one for one in listed if isinstance(one, str)] if isinstance(listed, list) else []
    spelled = " ".join(name.split())[:_LONGEST_NAME] if isinstance(name, str) else ""
    return ClientFacts(spelled, frozenset(urljoin(found.url, one) for one in uris))


def _in_header(link: str) -> Iterator[str]:
    for address, relations in _LINK.findall(link):
        if "redirect_uri" in relations.split():
            yield address


def _in_page(data: bytes) -> Iterable[str]:
    reader = _Links()
    reader.feed(data.decode("utf-8", "replace"))
    return reader.found


class _Links(HTMLParser):
    """Collects the addresses of ``<link rel="redirect_uri">``."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at one element."""
        named = {name: value or "" for name, value in attrs}
        if tag in ("link", "a") and "redirect_uri" in named.get("rel", "").split() and named.get("href"):
            self.found.append(named["href"])
