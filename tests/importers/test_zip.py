"""Zip files: what is read out of them, and everything in them that is refused."""

from __future__ import annotations

import io
import stat
import zipfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blog.domain.entry import Draft, Item, LeftOut, Rejected
from blog.domain.errors import BadImport
from importers import registry, zip_archive
from importers.material import Material

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DATA = Path(__file__).parent / "data"
POCKET = b"title,url,time_added,tags,status\n"
ROW = b"A,https://a.example/,1600322788,,unread\n"
RSS = b"<rss version='2.0'><channel><title>T</title></channel></rss>"


def packed(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return target.getvalue()


def material(files: Mapping[str, bytes]) -> Material:
    return Material.of_bytes(packed(files), "export.zip")


def parsed(source: Material) -> list[Item]:
    return list(registry.detect(source).parse(source))


@pytest.mark.parametrize("case", sorted(DATA.glob("*/*")), ids=lambda path: path.relative_to(DATA).as_posix())
def test_a_packed_export_is_what_it_is_unpacked(case: Path) -> None:
    if case.name.endswith(".expected.json"):
        return
    plain = Material.of_path(case)
    source = material({f"folder/{name}": plain.read(name) for name in plain.names()})
    importer = registry.detect(source)
    assert (importer.name, source.names()) == (case.parent.name, plain.names())
    assert list(importer.parse(source)) == list(importer.parse(plain))


def test_a_zip_file_on_the_disk_is_told_by_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "export").write_bytes(packed({"posts/2009-05-25-a.md": b"A", "posts/b/c.md": b"---\n---\n"}))
    source = Material.of_path(tmp_path / "export")
    assert (source.is_packed, source.names()) == (True, ["2009-05-25-a.md", "b/c.md"])
    assert registry.detect(source).name == "markdown"
    assert list(source.lines("b/c.md")) == [b"---", b"---"]


def test_each_of_several_exports_is_read_as_what_it_is() -> None:
    source = material(
        {
            "part_000000.csv": POCKET + ROW + b"B,https://b.example/,1600322789,,unread\n",
            "part_000001.csv": POCKET + b"A again,https://A.example:443,1600322788,,unread\n",
            "media/a.png": b"\x89PNG\r\n\x1a\n\0\0\0",
            "page.html": b"<html><p class='h-entry'>Saved from elsewhere</p></html>",
            "nested.zip": packed({"feed.xml": RSS}),
            "broken.json": b'[{"href":"x","description":"","time":""',
            "README.txt": b"Read me.",
        }
    )
    items = parsed(source)
    assert registry.detect(source).name == "zip"
    assert [item for item in items if isinstance(item, Rejected)] == [
        Rejected(
            external_id="broken.json",
            reason="broken.json cannot be read: character 1: this is not JSON, or it breaks off.",
        ),
        Rejected(external_id="bookmark:https://a.example/", reason="It is in part_000000.csv already."),
    ]
    assert [item.title for item in items if isinstance(item, Draft)] == ["A", "B"]
    assert items[-1] == LeftOut(
        external_id="export.zip", reason="4 other files in it are in no format known here."
    )
    assert registry.detect(source).count(source) == 4


def test_pages_are_read_where_there_is_nothing_else() -> None:
    page = (
        b"<div class='h-entry'><p class='e-content'>Mine</p><time class='dt-published'>2020-01-02</time></div>"
    )
    assert Counter(type(item) for item in parsed(material({"a.html": page, "b.txt": b""}))) == {
        Draft: 1,
        LeftOut: 1,
    }


def test_a_zip_file_with_nothing_that_is_known_is_refused() -> None:
    with pytest.raises(BadImport, match=r"export\.zip is in no format known here"):
        registry.detect(material({"a.txt": b"", "b.bin": b"\0"}))


def test_hidden_files_links_and_what_macos_adds_are_left_out() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in ("x/a.md", "x/.obsidian/app.json", "__MACOSX/x/._a.md", "x/._b.md", ".hidden"):
            archive.writestr(name, b"")
        link = zipfile.ZipInfo("x/link.md")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.mkdir("x/empty")
    assert Material.of_bytes(target.getvalue(), "x").names() == ["a.md"]


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["a/b/c.md", "a/b/d.md"], ["b/c.md", "b/d.md"]),
        (["a/b.md", "c.md"], ["a/b.md", "c.md"]),
        (["a/b.md", "ab/c.md"], ["a/b.md", "ab/c.md"]),
        (["_drafts/a.md"], ["_drafts/a.md"]),
        (["a\\b.md", "a\\c.md"], ["b.md", "c.md"]),
    ],
)
def test_the_folder_that_all_is_in_is_no_part_of_the_names(names: list[str], found: list[str]) -> None:
    assert material(dict.fromkeys(names, b"")).names() == found


def with_flag(data: bytes, flag: int) -> bytes:
    """The same archive, of which every file is said to be encrypted."""
    local, central = data.index(b"PK\x03\x04") + 6, data.index(b"PK\x01\x02") + 8
    changed = bytearray(data)
    changed[local] |= flag
    changed[central] |= flag
    return bytes(changed)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (packed({"../a.md": b""}), r"a file whose name leads out of it: \.\./a\.md"),
        (packed({"a/../../b.md": b""}), "leads out of it"),
        (packed({"/etc/passwd": b""}), "leads out of it"),
        (packed({"..\\a.md": b""}), "leads out of it"),
        (packed({"C:\\a.md": b""}), "leads out of it"),
        (packed({}), "a zip file with no files"),
        (packed({"a.csv": POCKET + ROW})[:-10], "is a broken zip file"),
        (b"PK\x03\x04 and nothing else", "is a broken zip file"),
        (packed({"a.csv": bytes(60_000_000)}), "x unpacks to 60,000,000 bytes; unpack it yourself"),
    ],
)
def test_what_nobody_would_make_is_refused(data: bytes, sentence: str) -> None:
    with pytest.raises(BadImport, match=sentence):
        Material.of_bytes(data, "x")


def test_there_is_an_end_to_how_many_files_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_archive, "MOST_FILES", 2)
    with pytest.raises(BadImport, match="x has 3 files, and no more than 2 are read"):
        Material.of_bytes(packed({"a": b"", "b": b"", "c": b""}), "x")


def spoiled(data: bytes) -> bytes:
    at = data.index(b"a.csv") + 20
    return data[:at] + b"\xff\xff\xff" + data[at + 3 :]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda data: with_flag(data, 1), r"a\.csv is encrypted"),
        (spoiled, r"a\.csv in the archive cannot be read"),
    ],
)
def test_a_file_that_cannot_be_unpacked_is_a_sentence(change: Callable[[bytes], bytes], sentence: str) -> None:
    source = Material.of_bytes(change(packed({"a.csv": POCKET + ROW * 100})), "x")
    with pytest.raises(BadImport, match=sentence):
        source.read("a.csv")


def test_a_packed_file_is_not_read_whole_when_it_is_huge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_archive, "LARGEST_IN_MEMORY", 10)
    source = material({"a.md": b"more than ten bytes"})
    assert source.head("a.md", 4) == b"more"
    with pytest.raises(BadImport, match=r"a\.md is too large to be read out of a zip file"):
        source.read("a.md")
