"""A large export needs no more memory than a small one."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING

import pytest

from blog.domain.entry import Draft
from importers import registry
from importers.material import Material

if TYPE_CHECKING:
    from pathlib import Path

ICON = "A" * 2_000
PROSE = "word " * 200
EXPORTS = {
    "netscape": (
        "<!DOCTYPE NETSCAPE-Bookmark-file-1>\n<DL><p>\n",
        f'<DT><A HREF="https://a.example/{{n}}" ADD_DATE="1463686918" ICON="{ICON}">T</A>\n<DD>{PROSE}\n',
        "",
        "</DL>",
    ),
    "pinboard": (
        "[",
        f'{{{{"href":"https://a.example/{{n}}","description":"T","extended":"{PROSE}","time":"2016-10-31T15:57:56Z"}}}}',
        ",",
        "]",
    ),
}


def written(path: Path, name: str, size: int) -> Material:
    head, item, between, tail = EXPORTS[name]
    with path.open("w", encoding="utf-8") as file:
        file.write(head)
        file.writelines((between if n else "") + item.format(n=n) for n in range(size))
        file.write(tail)
    return Material.of_path(path)


def peak(material: Material, name: str, size: int) -> int:
    tracemalloc.start()
    try:
        importer = registry.by_name(name)
        assert importer.detect(material)
        assert importer.count(material) == size
        assert sum(isinstance(item, Draft) for item in importer.parse(material)) == size
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", EXPORTS)
def test_memory_does_not_grow_with_the_file(name: str, tmp_path: Path) -> None:
    small = peak(written(tmp_path / "small", name, 300), name, 300)
    large = peak(written(tmp_path / "large", name, 4_000), name, 4_000)
    # Eight bytes and a place in a set of each address are kept.
    assert large < small + 4_000 * 300
