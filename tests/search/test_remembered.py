"""What a text found is remembered, as long as it can be asked for, and only so much of it."""

from __future__ import annotations

from pyroaring import BitMap

from blog.search.remembered import RememberedMatches


def test_the_same_is_found_once_and_something_else_anew() -> None:
    remembered = RememberedMatches()
    finds: list[str] = []

    def ask(key: str) -> BitMap:
        def find() -> BitMap:
            finds.append(key)
            return BitMap([len(finds)])

        return remembered.get(key, find)

    assert [ask("a"), ask("a"), ask("b"), ask("a")] == [BitMap([1]), BitMap([1]), BitMap([2]), BitMap([1])]
    for number in range(100):
        ask("a")
        ask(str(number))
    assert finds.count("a") == 1
    assert len(remembered._found) == 64
    remembered.clear()
    assert ask("a") == BitMap([len(finds)])
