"""Files that the author sends to be imported: written to disk as they come in, and kept until they are.

Each lies in a folder of its own below ``uploads`` in the data directory, named by a random word, with what
is known of it beside it. So another process of this machine can show it and import it, and nothing of a
file's name ever becomes a path. What nobody has imported within a day is thrown away.
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, cast

from flask import Request, request
from flask.json.provider import DefaultJSONProvider
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser

from blog.domain.errors import NotThere
from blog.importlock import is_held
from blog.web.context import services
from blog.web.sessions import current_author
from importers.material import Material

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.datastructures import FileStorage, MultiDict

    from blog.services import Services

ENDPOINT: Final = "admin_imports.receive"
_DAY: Final = 86_400
_TOKEN: Final = re.compile(r"[\w-]{10,40}")
_CONTENT: Final = "content"
_ABOUT: Final = "about.json"
# What any other form may send; those for pictures say their own.
_MOST_ELSEWHERE: Final = 16_000_000
# Of who is not signed in, no more is read than a long text that was open when the session ended.
_MOST_OF_STRANGERS: Final = 600_000
_MOST_PARTS: Final = 500
# Limits by itself what it reads, and is not to know who is signed in.
_LOOKS_AT_NO_SESSION: Final = frozenset({"websub"})
_READS_NO_BODY: Final = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that waits to be imported. ``label`` is its name, or the address that it was fetched from."""

    token: str
    label: str
    name: str

    def material(self, services: Services) -> Material:
        """Return it as what importers read."""
        return Material(self.label, {self.name: _folder(services) / self.token / _CONTENT})


class CleanForms(FormDataParser):
    """Reads forms without NUL: nobody types it, and PostgreSQL takes no text that has one."""

    def parse(
        self,
        stream: IO[bytes],
        mimetype: str,
        content_length: int | None,
        options: dict[str, str] | None = None,
    ) -> tuple[IO[bytes], MultiDict[str, str], MultiDict[str, FileStorage]]:
        """Read a form as Flask does."""
        stream, form, files = super().parse(stream, mimetype, content_length, options)
        return stream, self.cls((name, text.replace("\0", "")) for name, text in form.items(multi=True)), files


class UploadRequest(Request):
    """A request whose files are written into the data directory, where they stay, and not into ``/tmp``."""

    form_data_parser_class = CleanForms

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        if self.endpoint != ENDPOINT:
            return super()._get_file_stream(total_content_length, content_type, filename, content_length)
        # Only the owner may read it, and it is gone when nobody has kept it.
        return cast("IO[bytes]", tempfile.NamedTemporaryFile(dir=_made_folder(services())))


class ShallowJson(DefaultJSONProvider):
    """JSON that is nested too deeply to be read is no JSON, as what breaks off is none."""

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Read it."""
        try:
            return super().loads(s, **kwargs)
        except RecursionError as error:
            raise ValueError("This is nested too deeply.") from error


def attach(app: Flask) -> None:
    """Limit what is read of a request, before anything reads it: the guard of the author's pages, too."""
    app.request_class = UploadRequest
    app.json = ShallowJson(app)
    # A text of half a megabyte, which is Flask's limit for a form without files, is long and no attack.
    app.config.update(
        MAX_CONTENT_LENGTH=_MOST_ELSEWHERE,
        MAX_FORM_MEMORY_SIZE=_MOST_ELSEWHERE,
        MAX_FORM_PARTS=_MOST_PARTS,
    )
    app.before_request(_limit)


def _limit() -> None:
    """Limit what is sent; what programs send, their own views limit anew, by the token that comes with it."""
    if request.method in _READS_NO_BODY or request.blueprint in _LOOKS_AT_NO_SESSION:
        return
    megabytes, is_stranger = services().settings.upload_megabytes, current_author() is None
    most = _MOST_OF_STRANGERS if is_stranger else megabytes * 1_000_000
    if is_stranger or request.endpoint == ENDPOINT:
        request.max_content_length = most
    if request.endpoint == ENDPOINT and (request.content_length or 0) > most:
        raise RequestEntityTooLarge(
            f"The file has more than {megabytes:,} MB. The setting upload_megabytes says how much is taken."
        )


def keep(services: Services, file: FileStorage) -> Upload:
    """Keep a file that was sent, under its own name."""
    name = Path((file.filename or "").replace("\\", "/")).name[:200] or "file"
    upload, path = _begun(services, name, name)
    file.stream.flush()
    try:
        # It lies on the same disk already: another name for it is all there is to do.
        path.hardlink_to(str(file.stream.name))
    except OSError:
        path.touch(mode=0o600)
        with path.open("wb") as kept:
            file.stream.seek(0)
            shutil.copyfileobj(file.stream, kept, 1 << 20)
    return upload


def keep_bytes(services: Services, data: bytes, address: str) -> Upload:
    """Keep what was fetched from an address."""
    upload, path = _begun(services, address, address.rstrip("/").rpartition("/")[2] or address)
    path.touch(mode=0o600)
    path.write_bytes(data)
    return upload


def _begun(services: Services, label: str, name: str) -> tuple[Upload, Path]:
    """A folder for one upload, with what is known of it, and where its content goes."""
    _sweep(services)
    upload = Upload(secrets.token_urlsafe(12), label, name)
    folder = _made_folder(services) / upload.token
    folder.mkdir(mode=0o700)
    (folder / _ABOUT).write_text(json.dumps(asdict(upload)), encoding="utf-8")
    return upload, folder / _CONTENT


def uploaded(services: Services, token: str) -> Upload:
    """Return what was uploaded.

    Raises:
        NotThere: there is nothing of this name, or not any more.
    """
    path = _folder(services) / token / _ABOUT
    if not _TOKEN.fullmatch(token) or not path.is_file():
        raise NotThere("This file is not here any more. Choose it once more.")
    return Upload(**json.loads(path.read_text(encoding="utf-8")))


def uploaded_as(services: Services, label: str) -> Upload | None:
    """Return what was uploaded last under this label, if it is still here."""
    abouts = sorted(_folder(services).glob(f"*/{_ABOUT}"), key=lambda path: path.stat().st_mtime, reverse=True)
    found = (Upload(**json.loads(path.read_text(encoding="utf-8"))) for path in abouts)
    return next((one for one in found if one.label == label), None)


def discard(services: Services, upload: Upload) -> None:
    """Delete what was uploaded."""
    shutil.rmtree(_folder(services) / upload.token, ignore_errors=True)


def _sweep(services: Services) -> None:
    """Delete what nobody has imported within a day; not while something is imported, which may be old."""
    if is_held(services.settings.data_dir):
        return
    for path in _folder(services).glob("*"):
        if time.time() - path.stat().st_mtime > _DAY:
            shutil.rmtree(path, ignore_errors=True)
            path.unlink(missing_ok=True)


def _folder(services: Services) -> Path:
    return services.settings.data_dir / "uploads"


def _made_folder(services: Services) -> Path:
    folder = _folder(services)
    folder.mkdir(exist_ok=True, mode=0o700)
    return folder
