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
# What an export begins with, an item of it, what stands between items, and what it ends with.
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
    "pocket": (
        "title,url,time_added,tags,status\n",
        f"{PROSE},https://a.example/{{n}},1600322788,,unread\n",
        "",
        "",
    ),
    "linkwarden": (
        '{"collections": [{"id": 1, "name": "C", "links": [',
        f'{{{{"url":"https://a.example/{{n}}","collectionId":1,"textContent":"{PROSE}","createdAt":"2024-01-02T03:04:05Z"}}}}',
        ",",
        "]}]}",
    ),
    "wordpress": (
        "<rss xmlns:wp='http://wordpress.org/export/1.2/' xmlns:content='c'><channel>",
        f"<item><title>T</title><guid>{{n}}</guid><content:encoded><![CDATA[<p>{PROSE}</p>]]></content:encoded>"
        "<wp:post_date_gmt>2010-01-02 03:04:05</wp:post_date_gmt><wp:status>publish</wp:status>"
        "<wp:post_type>post</wp:post_type></item>",
        "\n",
        "</channel></rss>",
    ),
    "ghost": (
        '{"db":[{"meta":{"exported_on":1},"data":{"posts":[',
        f'{{{{"id":"{{n}}","title":"T","html":"<p>{PROSE}</p>","feature_image":null,"meta_description":null,"status":"published","published_at":"2020-01-02T03:04:05Z"}}}}',
        ",",
        "]}}]}",
    ),
    "mastodon": (
        '{"type":"OrderedCollection","orderedItems":[',
        '{{"type":"Create","actor":"x","to":["as:Public"],"object":{{"id":"{n}","type":"Note","content":"'
        + PROSE
        + '","published":"2022-11-05T10:00:00Z"}}}}',
        ",",
        "]}",
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
    large = peak(written(tmp_path / "large", name, 3_000), name, 3_000)
    # Of each address eight bytes, or the id, and a place in a set are kept.
    assert large < small + 3_000 * 300
