"""Pictures are kept whole or not at all, each once, and go when they are deleted."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from blog.changes.media import add_picture, delete_picture, set_alt
from blog.domain.errors import NotThere
from blog.domain.pictures import PictureName
from blog.media import BadImage
from blog.queries.media import PAGE, PictureUse, picture, picture_called, pictures, uses_of

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Blog


def image(width: int = 40, height: int = 20, color: str = "red", form: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), color).save(file, form)
    return file.getvalue()


def files(blog: Blog) -> list[str]:
    folder: Path = blog.services.settings.media_dir
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_a_picture_is_kept_with_the_small_one(blog: Blog) -> None:
    name = add_picture(blog.services, image(1600, 900), "  A  heron\n")
    assert files(blog) == sorted([str(name), str(name.small)])
    (known,), more = pictures(blog.services)
    assert more is False
    assert (known.name, known.alt, known.created) == (name, "A heron", blog.clock())
    assert known.size == (blog.services.settings.media_dir / str(name)).stat().st_size
    assert known.markdown == f"![A heron]({name.address})"
    assert PictureName.at(known.thumbnail) == name.small


def test_the_same_picture_twice_is_one_and_keeps_what_is_said_of_it(blog: Blog) -> None:
    said = ["", "A heron", "A stork", ""]
    names = {add_picture(blog.services, image(), alt) for alt in said}
    (name,) = names
    assert [one.alt for one in pictures(blog.services)[0]] == ["A heron"]
    assert picture_called(blog.services, name).alt == "A heron"
    assert files(blog) == [str(name)]


def test_what_is_no_picture_leaves_nothing_behind(blog: Blog) -> None:
    with pytest.raises(BadImage):
        add_picture(blog.services, b"no picture")
    assert (pictures(blog.services), files(blog)) == (([], False), [])


def test_a_deleted_picture_is_gone_and_can_come_again(blog: Blog) -> None:
    stays = add_picture(blog.services, image(color="blue"))
    name = add_picture(blog.services, image(1600))
    delete_picture(blog.services, pictures(blog.services)[0][0].id)
    assert files(blog) == [str(stays)]
    assert [one.name for one in pictures(blog.services)[0]] == [stays]
    assert add_picture(blog.services, image(1600)) == name
    assert len(files(blog)) == 3


def test_a_file_that_could_not_be_written_leaves_no_row_and_no_part_of_itself(
    blog: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError("No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("blog.changes.media.os.fsync", full)
        with pytest.raises(OSError, match="No space left"):
            add_picture(blog.services, image())
    assert (pictures(blog.services), files(blog)) == (([], False), [])


def test_what_is_to_be_seen_can_be_said_later(blog: Blog) -> None:
    add_picture(blog.services, image())
    (known,), _ = pictures(blog.services)
    set_alt(blog.services, known.id, "A heron")
    assert picture(blog.services, known.id).alt == "A heron"


def test_a_picture_that_is_not_there_can_be_neither_described_nor_deleted_nor_read(blog: Blog) -> None:
    with pytest.raises(NotThere):
        set_alt(blog.services, 7, "x")
    with pytest.raises(NotThere):
        delete_picture(blog.services, 7)
    with pytest.raises(NotThere):
        picture(blog.services, 7)


def test_the_entries_that_show_a_picture_are_known(blog: Blog) -> None:
    name = add_picture(blog.services, image())
    first = blog.write("In the text", body=f"Look: ![x]({name.address})")
    second = blog.write("Beside the text", image_url=name.address)
    blog.write("Another", body="![x](/media/0123456789abcdef-1x1.png)")
    assert uses_of(blog.services, name) == [
        PictureUse("Beside the text", f"/admin/entries/{second}/"),
        PictureUse("In the text", f"/admin/entries/{first}/"),
    ]


def test_many_pictures_come_in_pages(blog: Blog) -> None:
    names = [add_picture(blog.services, image(number + 1, 1)) for number in range(PAGE + 2)]
    first, more = pictures(blog.services)
    second, still_more = pictures(blog.services, 2)
    assert (more, still_more) == (True, False)
    assert [one.name for one in [*first, *second]] == names[::-1]
