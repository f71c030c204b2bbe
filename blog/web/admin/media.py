"""The author's pictures: uploading them, saying what is to be seen on them, and taking them away."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Final

from flask import Blueprint, flash, jsonify, redirect, request
from werkzeug.exceptions import RequestEntityTooLarge

from blog.changes.media import add_picture, delete_picture, set_alt
from blog.media import MAX_BYTES, BadImage
from blog.queries.media import picture, picture_called, pictures, uses_of
from blog.web.admin.pages import admin_page
from blog.web.context import services

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.wrappers import Response

    from blog.queries.media import KnownPicture

media: Final = Blueprint("admin_media", __name__, url_prefix="/admin/media")
UPLOADS: Final = frozenset({"admin_media.upload", "admin_assist.picture"})
# Beside the picture goes what else stands in the form, the text of an entry above all.
_MOST: Final = MAX_BYTES + 6_000_000
_TOO_LARGE: Final = f"The picture has more than {MAX_BYTES // 1_000_000} MB."


def attach(app: Flask) -> None:
    """Refuse what is too large before anything reads it; before the check of forms, which reads all."""
    app.before_request(_refuse_too_large)


def _refuse_too_large() -> Response | None:
    if request.endpoint not in UPLOADS:
        return None
    request.max_content_length = request.max_form_memory_size = _MOST
    if (request.content_length or 0) <= _MOST:
        return None
    if _wants_json():
        return _refused(_TOO_LARGE, 413)
    raise RequestEntityTooLarge(_TOO_LARGE)


@media.get("/")
def index(status: int = 200, error: str = "") -> Response:
    """Show the pictures, the newest first."""
    page = request.args.get("page", 1, type=int)
    known, has_more = pictures(services(), page)
    return admin_page("media.html", status=status, error=error, pictures=known, page=page, has_more=has_more)


@media.post("")
def upload() -> Response:
    """Keep a picture; answer as was asked, with a page or with what a script needs of it."""
    try:
        name = add_picture(services(), sent_picture(), request.form.get("alt", ""))
    except BadImage as error:
        return _refused(error.sentence, 422) if _wants_json() else index(422, error.sentence)
    if not _wants_json():
        flash("The picture is kept.")
        return redirect("/admin/media/", 303)
    return _told(picture_called(services(), name), 201)


@media.post("/<int:picture_id>")
def describe(picture_id: int) -> Response:
    """Say what is to be seen on a picture."""
    set_alt(services(), picture_id, request.form.get("alt", ""))
    if _wants_json():
        return _told(picture(services(), picture_id), 200)
    flash("It says now what is to be seen on the picture.")
    return redirect("/admin/media/", 303)


@media.get("/<int:picture_id>/delete")
def ask(picture_id: int) -> Response:
    """Ask whether to delete a picture, and name what shows it."""
    known = picture(services(), picture_id)
    return admin_page("media_delete.html", picture=known, uses=uses_of(services(), known.name))


@media.post("/<int:picture_id>/delete")
def delete(picture_id: int) -> Response:
    """Delete a picture."""
    delete_picture(services(), picture_id)
    flash("The picture is deleted.")
    return redirect("/admin/media/", 303)


def sent_picture(field: str = "picture") -> bytes:
    """Return the bytes of the picture that came with a form, by the name of its field.

    Raises:
        BadImage: there is none, or it is too large.
    """
    file = request.files.get(field)
    if file is None:
        raise BadImage("Choose a picture first.")
    with closing(file):
        data = file.stream.read(MAX_BYTES + 1)
    if not data:
        raise BadImage("Choose a picture first.")
    if len(data) > MAX_BYTES:
        raise BadImage(_TOO_LARGE)
    return data


def _wants_json() -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


def _told(known: KnownPicture, status: int) -> Response:
    answer = jsonify(
        id=known.id,
        address=known.name.address,
        alt=known.alt,
        width=known.name.width,
        height=known.name.height,
        markdown=known.markdown,
    )
    answer.status_code = status
    return answer


def _refused(sentence: str, status: int) -> Response:
    answer = jsonify(error=sentence)
    answer.status_code = status
    return answer
