"""The redirects of a backup, which kept every address of a quarter of a century working.

The table does not say which host is the blog itself; the commonest host among the targets
is. Its rows lose their host, and a redirect from one of its tags to another is an alias.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, urlsplit

from blog.domain.entry import AliasDraft, RedirectDraft
from importers.backup_tables import BadRow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from importers.backup_tables import Row, Tables

REDIRECTS: Final = "redirects_redirect"
_TAG_PATH = re.compile(r"/tags/([^/+,?#]+)/?")


def own_host(tables: Tables) -> str:
    """The blog's own host: the commonest among redirect targets, "" where there is none."""
    hosts = Counter(_host_of(row.text("target")) for row in tables.rows(REDIRECTS))
    del hosts[""]
    return hosts.most_common(1)[0][0] if hosts else ""


def redirects(tables: Tables) -> Iterator[RedirectDraft]:
    """Every old address once, in the order of the table; the first row for it counts."""
    own, seen = own_host(tables.look_ahead()), set()
    for row in tables.rows(REDIRECTS):
        try:
            draft = _redirect(row, own)
        except BadRow as error:
            tables.reject(f"redirect:{row.text('id')}", str(error))
            continue
        if (draft.host, draft.path) not in seen:
            seen.add((draft.host, draft.path))
            yield draft


def as_alias(redirect: RedirectDraft, living_tag: Callable[[str], str | None]) -> AliasDraft | None:
    """The alias a redirect is if it leads from a dead tag of the blog to a living one.

    ``living_tag`` gives the name of the tag that an old or present name leads to.
    """
    old, new = _TAG_PATH.fullmatch(redirect.path), _TAG_PATH.fullmatch(redirect.target)
    if redirect.host or not old or not new or living_tag(old[1]) == old[1]:
        return None
    tag = living_tag(new[1])
    return AliasDraft(old=old[1], tag=tag) if tag else None


def _redirect(row: Row, own: str) -> RedirectDraft:
    path = "/" + row.text("path").lstrip("/")
    host = row.text("domain").lower()
    draft = RedirectDraft(path=path, target=_target(row.text("target"), own), host="" if host == own else host)
    if not draft.host and draft.path == draft.target:
        raise BadRow("it leads to itself")
    return draft


def _target(target: str, own: str) -> str:
    parts = _split(target)
    if not target or parts.scheme not in {"", "http", "https"}:
        raise BadRow(f"“{target[:80]}” is nowhere to lead to")
    if parts.netloc and (parts.hostname or "") != own:
        return target
    path = SplitResult("", "", parts.path, parts.query, parts.fragment).geturl()
    return "/" + path.lstrip("/")


def _host_of(target: str) -> str:
    try:
        return _split(target).hostname or ""
    except BadRow:
        return ""


def _split(target: str) -> SplitResult:
    try:
        return urlsplit(target)
    except ValueError as error:
        raise BadRow(f"“{target[:80]}” is no address") from error
