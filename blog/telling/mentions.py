"""Webmentions: those that are due are sent, and pages that say they link here are looked at."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from blog.changes.mentions import claim_mentions, note_failure, note_gone, note_said
from blog.changes.sent_mentions import (
    FAILED,
    NAME,
    NONE,
    SENT,
    Told,
    claim_tellings,
    follow_links,
    note_told,
    stop_following,
)
from blog.domain.errors import BadStatus, FetchRefused
from blog.domain.webmention import endpoint_of
from blog.pagefacts import decoded
from blog.telling.outside import MOST_OF_MENTION, Outside
from blog.telling.reading import read_said

if TYPE_CHECKING:
    from blog.changes.mentions import ToVerify
    from blog.changes.sent_mentions import Telling
    from blog.services import Services

# At a time, every two seconds: so that nobody is asked in a hurry, and nothing else waits for long.
_AT_ONCE: Final = 4
_GONE: Final = {404, 410}
# Come again later, they say: too many, or something is wrong with the server.
_LATER: Final = 429
_LONGEST_PIECES: Final = 100
_OUR_MISTAKE: Final = "This is a mistake of the blog's own; what the server has logged says which."
log = logging.getLogger(__name__)


def do_mentions(services: Services, outside: Outside | None = None) -> None:
    """Look at what was written, tell some of the sites that are due, and look at some that mention us."""
    settings = services.site.follow()
    if not (settings.webmention and settings.base_url):
        stop_following(services, NAME)
        return
    reach = outside or Outside(settings=settings)
    for _ in range(_LONGEST_PIECES):
        if not follow_links(services, settings.base_url):
            break
    for telling in claim_tellings(services, _AT_ONCE):
        _tell(services, telling, reach)
    for mention in claim_mentions(services, _AT_ONCE):
        _verify(services, mention, reach)


def _tell(services: Services, telling: Telling, reach: Outside) -> None:
    """Tell a site, and note how it went."""
    try:
        note_told(services, telling, _told(telling, reach))
    except Exception:  # an answer may have found a mistake of ours; the others go on, and this is a try
        log.exception("%s could not be told", telling.target)
        note_told(services, telling, Told(state=FAILED, note=_OUR_MISTAKE, again=True))


def _told(telling: Telling, reach: Outside) -> Told:
    """Tell a site, if it wants to be told."""
    try:
        page = reach.page(telling.target)
    except BadStatus as error:
        if _is_for_good(error):
            return Told(state=NONE, note=error.sentence)
        return Told(state=FAILED, note=error.sentence, again=True)
    except FetchRefused as error:
        return Told(state=FAILED, note=error.sentence, again=True)
    kind, _, parameters = page.content_type.lower().partition(";")
    text = decoded(page.data, parameters) if "html" in kind else ""
    endpoint = endpoint_of(page.url, page.link, text)
    return _sent(telling, endpoint, reach) if endpoint else Told(state=NONE)


def _sent(telling: Telling, endpoint: str, reach: Outside) -> Told:
    try:
        reach.send(endpoint, [("source", telling.source), ("target", telling.target)])
    except BadStatus as error:
        again = not _is_for_good(error)
        return Told(state=FAILED, endpoint=endpoint, note=error.sentence, again=again)
    except FetchRefused as error:
        return Told(state=FAILED, endpoint=endpoint, note=error.sentence, again=True)
    return Told(state=SENT, endpoint=endpoint)


def _is_for_good(error: BadStatus) -> bool:
    return error.status < 500 and error.status != _LATER


def _verify(services: Services, mention: ToVerify, reach: Outside) -> None:
    """Look at a page that says it links here (section 3.2.2)."""
    try:
        page = reach.page(mention.source, MOST_OF_MENTION)
        said = read_said(page, mention.target)
        if said is None:
            note_gone(services, mention)
        else:
            note_said(services, mention, said, page.url)
    except BadStatus as error:
        (note_gone if error.status in _GONE else note_failure)(services, mention)
    except FetchRefused:
        note_failure(services, mention)
    except Exception:  # a page may have found a mistake of ours; the others go on, and this is a try
        log.exception("What %s says could not be read, or not be kept", mention.source)
        note_failure(services, mention)
