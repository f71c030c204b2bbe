"""Obsidian's own signs: what becomes of each, and that code keeps them."""

from __future__ import annotations

import time

import pytest

from importers.obsidian import has_links, read_note


@pytest.mark.parametrize(
    ("note", "text", "tags"),
    [
        ("[[Note]], [[Folder/Note|said]], ![[a.png]]", "Note, said, a.png", []),
        ("[[Note#Place]] [[#Place]] [[Note#^block]]", "Note > Place Place Note > block", []),
        (r"| [[Note\|in a table]] |", "| in a table |", []),
        ("[[1]](https://a.example/) [[^1]] [[1, 2], [3]] [[12]]", "[[1]](https://a.example/) [[^1]] [[1, 2], [3]] [[12]]", []),
        ("#tag and (#two) #3 #4th a#b #a/b #日本", "\\#tag and (#two) #3 #4th a#b #a/b #日本", ["tag", "two", "4th", "a/b", "日本"]),
        ("# Heading\n#tag", "# Heading\n\\#tag", ["tag"]),
        ("a %%hidden #no%% b %%\nlines\n%%\nc 50% d", "a  b c 50% d", []),
        ("`[[code]] #no` ``a ` b``", "`[[code]] #no` ``a ` b``", []),
        ("```\n[[code]]\n```\n[[text]]\n~~~\n#no", "```\n[[code]]\n```\ntext\n~~~\n#no", []),
    ],
)  # fmt: skip
def test_a_note_is_read_as_other_markdown(note: str, text: str, tags: list[str]) -> None:
    assert read_note(note) == (text, tags)


@pytest.mark.parametrize("text", ["`[[x]]`", "[[1]](x)", "[[1, 2]]", "```\n[[x]]\n```", "no link"])
def test_what_only_looks_like_a_link_is_none(text: str) -> None:
    assert not has_links(text)


@pytest.mark.parametrize(
    "sign", ["[[", "[[a", "[[a|", "![[", "`", "`a", "``a`", "```\n", "~~~\n", "%%", "% %", "#a", "(#", "[[1]]"]
)
def test_a_hostile_note_is_read_in_linear_time(sign: str) -> None:
    def seconds(size: int) -> float:
        note = f"[[a]] {sign * (size // len(sign))}"
        start = time.process_time()
        has_links(note)
        read_note(note)
        return time.process_time() - start

    # The best of a few: the machine may be busy with something else.
    assert min(seconds(200_000) for _ in range(3)) < 20 * max(seconds(20_000), 0.01)
