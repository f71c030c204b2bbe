"""The store of pages: bounded, and each page made once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blog.pagecache.store import Page, PageStore

KEY = ("http", "example.com", "/", "")


def page(body: bytes = b"body", *, blog: int = 1, is_kept: bool = True) -> Page:
    headers = [("Content-Type", "text/plain")]
    return Page("200 OK", headers, body, etag="e", blog=blog, parts={}, is_kept=is_kept)


def kept(store: PageStore, key: tuple[str, ...], one: Page) -> Page:
    return store.computed(key, one.blog, lambda: one)


def test_a_hundred_who_ask_at_once_get_what_one_of_them_makes() -> None:
    store = PageStore(1_000_000)
    made: list[Page] = []
    everybody = threading.Barrier(100)

    def make() -> Page:
        made.append(page())
        return made[-1]

    def ask(_number: int) -> Page:
        everybody.wait()
        return store.computed(KEY, 1, make) if store.get(KEY) is None else made[0]

    with ThreadPoolExecutor(100) as threads:
        got = list(threads.map(ask, range(100)))
    assert len(made) == 1
    assert set(map(id, got)) == {id(made[0])}


def test_a_page_that_may_not_be_kept_is_made_for_each_who_asks() -> None:
    store = PageStore(1_000_000)
    numbers = iter(range(100))
    everybody = threading.Barrier(8)

    def make() -> Page:
        return page(str(next(numbers)).encode(), is_kept=False)

    def ask(_number: int) -> bytes:
        everybody.wait()
        return store.computed(KEY, 1, make).body

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(ask, range(8)))) == 8
    assert len(store) == 0


def test_a_failure_is_the_failure_of_the_one_who_made_it() -> None:
    store = PageStore(1_000_000)
    is_made, may_fail = threading.Event(), threading.Event()

    def fail() -> Page:
        is_made.set()
        may_fail.wait(10)
        raise ZeroDivisionError

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(store.computed, KEY, 1, fail)
        assert is_made.wait(10)
        second = threads.submit(store.computed, KEY, 1, page)
        may_fail.set()
        assert second.result(10).body == b"body"
        with pytest.raises(ZeroDivisionError):
            first.result(10)
    assert kept(store, KEY, page(b"later")).body == b"later"


def test_a_page_of_a_newer_state_takes_the_place_of_the_older_one() -> None:
    store = PageStore(1_000_000)
    kept(store, KEY, page(b"old", blog=1))
    kept(store, KEY, page(b"new", blog=2))
    found = store.get(KEY)
    assert found is not None
    assert (found.body, len(store)) == (b"new", 1)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 30_000)), max_size=60))
def test_it_never_takes_more_room_than_it_may_and_counts_what_it_takes(asked: list[tuple[int, int]]) -> None:
    store = PageStore(100_000)
    for number, size in asked:
        key = ("http", "", f"/{number}", "")
        one = kept(store, key, page(b"ab" * size))
        one.variant("gzip")
        store.grown(key, one)
        assert store.size <= 100_000
        assert store.size == sum(one.size for one in store._pages.values())


def test_what_is_asked_for_stays_and_what_is_not_goes() -> None:
    store = PageStore(100_000)
    liked = kept(store, KEY, page(bytes(5_000)))
    for number in range(200):
        kept(store, ("http", "", f"/{number}", ""), page(bytes(5_000)))
        assert store.get(KEY) is liked
    assert store.get(("http", "", "/0", "")) is None


def test_a_page_too_large_for_the_room_is_not_kept_and_drives_nothing_out() -> None:
    store = PageStore(100_000)
    kept(store, KEY, page())
    kept(store, ("http", "", "/large", ""), page(bytes(50_000)))
    assert [key[2] for key in store._pages] == ["/"]


def test_a_store_without_room_keeps_nothing() -> None:
    store = PageStore(0)
    assert kept(store, KEY, page()).body == b"body"
    assert store.get(KEY) is None
