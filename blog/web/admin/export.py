"""The complete archive of the blog, to be downloaded: without accounts, whoever asks."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, Final

from flask import Blueprint, send_file

from blog.queries.export import write_archive
from blog.web.context import services

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

export: Final = Blueprint("admin_export", __name__, url_prefix="/admin/export")


@export.post("/")
def download() -> Response:
    """Make the archive, in a file that has no name and goes with the answer, and send it."""
    opened = services()
    file = tempfile.TemporaryFile(dir=opened.settings.data_dir)  # noqa: SIM115  # the answer closes it
    try:
        write_archive(opened, file)
        size = file.tell()
        file.seek(0)
        answer = send_file(
            file,
            mimetype="application/zip",
            as_attachment=True,
            download_name=f"crosstag-{opened.clock():%Y-%m-%d}.zip",
            max_age=0,
        )
    except BaseException:
        file.close()
        raise
    answer.content_length = size
    return answer
