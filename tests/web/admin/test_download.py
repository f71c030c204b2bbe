"""The complete archive is downloaded by who is signed in, and by nobody else."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

from signing import at_desk

from blog.changes.archive import restore_archive
from blog.queries.overview import overview

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Blog


def test_an_author_downloads_an_archive_that_can_be_restored(
    make_blog: Callable[..., Blog], tmp_path: Path
) -> None:
    blog = make_blog()
    blog.write("One", "python web")
    desk = at_desk(blog)
    assert 'action="/admin/export/"' in desk.get("/admin/imports/").text
    answer = desk.post("/admin/export/")
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    assert answer.headers["Content-Disposition"] == "attachment; filename=crosstag-2026-11-23.zip"
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    (tmp_path / "blog.zip").write_bytes(answer.data)
    answer.close()
    with zipfile.ZipFile(tmp_path / "blog.zip") as files:
        assert "tables/user.ndjson" not in files.namelist()
    new = make_blog()
    restore_archive(new.services, tmp_path / "blog.zip")
    assert overview(new.services).entries == 1


def test_a_stranger_gets_none(make_blog: Callable[..., Blog]) -> None:
    answer = make_blog().client().post("/admin/export/")
    assert (answer.status_code, answer.mimetype) != (200, "application/zip")
    assert answer.data[:2] != b"PK"
