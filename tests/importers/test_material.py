"""Material: what is read of a file, a folder and bytes, and what is not."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from blog.domain.errors import BadImport
from importers.material import Material

if TYPE_CHECKING:
    from pathlib import Path


def write(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())


def test_a_file_has_one_name(tmp_path: Path) -> None:
    write(tmp_path, "feed.xml", "other.xml")
    material = Material.of_path(tmp_path / "feed.xml")
    assert (material.names(), material.read("feed.xml")) == (["feed.xml"], b"feed.xml")


def test_a_folder_has_all_its_files_sorted_but_hidden_ones(tmp_path: Path) -> None:
    write(tmp_path, "b.md", "a/z.md", "a/b/c.md", ".git/config", "a/.cache/x.md", "._b.md", "_blog.yaml")
    assert Material.of_path(tmp_path).names() == ["_blog.yaml", "a/b/c.md", "a/z.md", "b.md"]


def test_links_count_as_what_they_lead_to_unless_they_leave_the_folder(tmp_path: Path) -> None:
    write(tmp_path, "secret.md", "in/real.md", "elsewhere/x.md")
    folder = tmp_path / "in"
    (folder / "near.md").symlink_to("real.md")
    (folder / "far.md").symlink_to(tmp_path / "secret.md")
    (folder / "broken.md").symlink_to("nowhere.md")
    (folder / "loop.md").symlink_to("loop.md")
    (folder / "round").symlink_to(folder)
    (folder / "away").symlink_to(tmp_path / "elsewhere")
    material = Material.of_path(folder)
    assert material.names() == ["near.md", "real.md"]
    assert material.read("near.md") == b"in/real.md"


def test_a_link_to_the_folder_itself_may_be_given(tmp_path: Path) -> None:
    write(tmp_path, "in/real.md")
    (tmp_path / "link").symlink_to(tmp_path / "in")
    assert Material.of_path(tmp_path / "link").names() == ["real.md"]


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("https://blog.example/feed.atom", "feed.atom"),
        ("https://blog.example/", "blog.example"),
        ("pasted", "pasted"),
    ],
)
def test_bytes_are_one_file_named_by_the_end_of_their_label(label: str, name: str) -> None:
    material = Material.of_bytes(b"one\r\ntwo\n\nthree", label)
    assert (material.label, material.names()) == (label, [name])
    assert list(material.lines(name)) == [b"one", b"two", b"", b"three"]
    assert material.head(name, 3) == b"one"


def test_nothing_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadImport, match=r"There is nothing at .*/gone"):
        Material.of_path(tmp_path / "gone")


def test_an_empty_folder_is_a_sentence(tmp_path: Path) -> None:
    write(tmp_path, ".hidden/file")
    with pytest.raises(BadImport, match="has no files to import"):
        Material.of_path(tmp_path)


def test_a_loop_of_links_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(BadImport, match="cannot be read"):
        Material.of_path(tmp_path / "loop")


def test_a_pipe_is_neither_a_file_nor_a_folder(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadImport, match="neither a file nor a folder"):
        Material.of_path(tmp_path / "pipe")


def test_a_file_that_is_gone_when_it_is_read_is_a_sentence(tmp_path: Path) -> None:
    write(tmp_path, "a.md")
    material = Material.of_path(tmp_path)
    (tmp_path / "a.md").unlink()
    with pytest.raises(BadImport, match=r"a\.md cannot be read: No such file"):
        material.read("a.md")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_a_sentence(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "closed/b.md")
    (tmp_path / "closed").chmod(0)
    with pytest.raises(BadImport, match="cannot be read: Permission denied"):
        Material.of_path(tmp_path)
    (tmp_path / "closed").chmod(0o700)


def test_only_its_own_names_can_be_read(tmp_path: Path) -> None:
    write(tmp_path, "secret.md", "in/a.md")
    with pytest.raises(BadImport, match=r"has no file \.\./secret\.md"):
        Material.of_path(tmp_path / "in").read("../secret.md")
