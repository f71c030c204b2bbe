"""One entry is saved in another process: how long until the server shows it on its own page, on its tag's
page and feed, and finds it by a word.

It is done on a copy of the blog. The four are asked in turn, over and over, on one connection, so each may
seem later by what the answers to the others take.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.generate import home
from benchmarks.measuring import milliseconds, summed_up
from benchmarks.sample import Sample
from benchmarks.server import ask, serving
from benchmarks.subject import opened
from blog.changes.entries import save_entry
from blog.domain.dates import day_path
from blog.domain.entry import Draft, Kind
from blog.domain.filters import Filter

if TYPE_CHECKING:
    import http.client
    from collections.abc import Iterator, Mapping

    from benchmarks.grounds import Ground
    from benchmarks.measuring import Measured
    from benchmarks.server import Server

_ENTRIES: Final = 8
_PATIENCE: Final = 120.0
_LOOK_EVERY: Final = 0.001


def run(ground: Ground) -> Iterator[Measured]:
    """Publish some entries, one after the other."""
    with tempfile.TemporaryDirectory(dir=home()) as folder:
        data = Path(folder) / "copy"
        shutil.copytree(ground.data, data, ignore=shutil.ignore_patterns("benchmark-*"))
        with opened(data) as services:
            tags = sorted(Sample(services).tags(2))
        saved: list[float] = []
        shown: dict[str, list[float]] = {}
        with serving(data, {}) as server, opened(data) as services:
            # The first write opens files and fills caches, here and there; it does not count.
            for number in range(_ENTRIES + 1):
                draft = _draft(number, tags)
                took = milliseconds(partial(save_entry, services, draft))
                times = _until_shown(server, _questions(draft, tags), f"/{draft.slug}/".encode())
                if number:
                    saved.append(took)
                    for name, one in times.items():
                        shown.setdefault(name, []).append(one)
    yield summed_up("saving it", "ms", saved)
    for name, times_of in shown.items():
        yield summed_up(name, "ms", times_of)


def _draft(number: int, tags: list[str]) -> Draft:
    word = _word(number)
    return Draft(
        kind=Kind.LINK,
        external_id=f"benchmark:{word}",
        published=datetime.now(UTC),
        title=f"About {word}",
        slug=word,
        body=f"A link that says **{word}**, and nothing else.",
        url=f"https://{word}.example/",
        tags=tuple(tags),
    )


def _word(number: int) -> str:
    """A word that no text holds yet."""
    return "zq" + "".join(chr(ord("a") + int(digit)) for digit in f"{number:03}") + "qz"


def _questions(draft: Draft, tags: list[str]) -> Mapping[str, str]:
    """Where the entry must turn up."""
    both = Filter(tags=frozenset(tags))
    return {
        "until its page is there": f"/{day_path(draft.published.date())}/{draft.slug}/",
        "until its tags' page shows it": both.url(),
        "until its tags' feed has it": both.feed_url("atom"),
        "until a search finds it": Filter(text=draft.slug).url(),
    }


def _until_shown(server: Server, questions: Mapping[str, str], needle: bytes) -> dict[str, float]:
    """Ask, all questions in turn, until each was answered with the entry in it; return milliseconds."""
    start = time.perf_counter()
    found: dict[str, float] = {}
    with server.connection() as connection:
        while len(found) < len(questions):
            for name in [one for one in questions if one not in found]:
                if _shows(connection, questions[name], needle):
                    found[name] = (time.perf_counter() - start) * 1_000
            if time.perf_counter() - start > _PATIENCE:
                raise SystemExit(f"Not shown within {_PATIENCE:.0f} seconds: {questions.keys() - found.keys()}")
            time.sleep(_LOOK_EVERY)
    return {name: found[name] for name in questions}


def _shows(connection: http.client.HTTPConnection, address: str, needle: bytes) -> bool:
    answer = ask(connection, address)
    return answer.status == 200 and needle in answer.body
