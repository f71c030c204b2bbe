"""From the bytes somebody uploaded to a picture that is safe, small and says nothing about its maker.

What a picture is, its content tells and not its name. It is decoded and written anew: that leaves
behind where a photograph was taken, what else was hidden in the file, and most of its size. Only
animated GIFs are not decoded; of them the parts that are the animation are kept, just as they are.
The same bytes become the same picture, whose name is made of its content.
"""

from __future__ import annotations

import hashlib
import io
import re
import struct
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from PIL import ExifTags, Image, ImageCms, UnidentifiedImageError

from blog.domain.errors import CrosstagError
from blog.domain.pictures import MAX_WIDTH, SMALL_WIDTH, PictureName, has_small_of

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES: Final = 20_000_000
MAX_PIXELS: Final = 52_000_000
"""What cameras in phones take, with a little to spare; decoded, it is some 200 MB."""
# JPEG knows none longer; the others do, and lines of millions of pixels take memory of their own.
_MAX_SIDE: Final = 65_535
# WebP knows no side longer than 16,383.
_MAX_HEIGHT: Final = 16_000
_FORMATS: Final = ("JPEG", "PNG", "GIF", "WEBP", "AVIF")
_SVG: Final = re.compile(rb"\s*(?:<\?xml|<!--|<!DOCTYPE\s+svg|<svg)", re.IGNORECASE)
_KNOWN: Final = "JPEG, PNG, GIF, WebP and AVIF"


class BadImage(CrosstagError):
    """The bytes are no picture that the blog takes; the sentence says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture as it is stored: ``name`` is made of its content, ``type`` is its media type."""

    data: bytes
    type: str
    extension: str
    width: int
    height: int

    @property
    def name(self) -> PictureName:
        """A name that no other picture has."""
        digest = hashlib.blake2b(self.data, digest_size=8).hexdigest()
        return PictureName(digest, self.width, self.height, self.extension)


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedImage(Picture):
    """A picture, and the smaller one for small screens, where that is much smaller."""

    small: Picture | None = None


class _Form(NamedTuple):
    """How pictures of a format are written: the format, the file's names for it, and how."""

    format: str
    type: str
    extension: str
    modes: tuple[str, ...]
    options: dict[str, Any]


_PHOTO: Final = {"quality": 85, "optimize": True, "progressive": True}
_AS_JPEG: Final = _Form("JPEG", "image/jpeg", "jpg", ("RGB", "L"), _PHOTO)
_AS_PNG: Final = _Form("PNG", "image/png", "png", ("RGB", "RGBA", "L", "LA", "P", "1"), {"optimize": True})
_AS_WEBP: Final = _Form("WEBP", "image/webp", "webp", ("RGB", "RGBA"), {"quality": 82, "method": 4})
# Writing AVIF takes ten times as long as WebP, for a tenth fewer bytes.
_FORMS: Final = {"JPEG": _AS_JPEG, "MPO": _AS_JPEG, "PNG": _AS_PNG, "GIF": _AS_PNG} | {
    "WEBP": _AS_WEBP,
    "AVIF": _AS_WEBP,
}


def prepare_image(data: bytes, *, max_width: int = MAX_WIDTH) -> PreparedImage:
    """Return the picture in these bytes, ready to be stored and shown.

    Raises:
        BadImage: it is no picture, or one that is too large, broken, or drawn by a program (SVG).
    """
    if len(data) > MAX_BYTES:
        raise BadImage(f"The picture has more than {MAX_BYTES // 1_000_000} MB.")
    if _SVG.match(data.removeprefix(b"\xef\xbb\xbf")):
        raise BadImage(f"SVG pictures can hold programs, so they are not taken; {_KNOWN} are.")
    with _refusals(), Image.open(io.BytesIO(data), formats=_FORMATS) as image:
        if image.width * image.height > MAX_PIXELS:
            raise BadImage(f"The picture has more than {MAX_PIXELS // 1_000_000} million pixels.")
        if max(image.size) > _MAX_SIDE:
            raise BadImage(f"A side of the picture has more than {_MAX_SIDE:,} pixels.")
        if getattr(image, "is_animated", False) and image.format != "MPO":
            return _animation(data, image)
        return _still(image, max_width)


@contextmanager
def _refusals() -> Iterator[None]:
    """Turn what Pillow raises, for broken pictures nearly anything, into sentences."""
    try:
        yield
    except UnidentifiedImageError as error:
        raise BadImage(f"This is no picture that browsers show; {_KNOWN} are taken.") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise BadImage(f"The picture has more than {MAX_PIXELS // 1_000_000} million pixels.") from error
    except MemoryError as error:
        raise BadImage("The picture takes more memory than there is.") from error
    except _BROKEN as error:
        raise BadImage("The picture is broken: it breaks off, or holds what its format does not.") from error


_BROKEN: Final = (
    OSError,
    SyntaxError,
    ValueError,
    LookupError,
    TypeError,
    EOFError,
    OverflowError,
    RuntimeError,
    struct.error,
    zlib.error,
)


# --- Pictures that stand still


def _still(image: Image.Image, max_width: int) -> PreparedImage:
    form = _FORMS[str(image.format)]
    _decode_less(image, max_width)
    upright = _in_srgb(_upright(image))
    full = _written(_shrunk(upright, max_width), form)
    small = _written(_shrunk(upright, SMALL_WIDTH), form) if has_small_of(full.width) else None
    return PreparedImage(
        data=full.data,
        type=full.type,
        extension=full.extension,
        width=full.width,
        height=full.height,
        small=small,
    )


def _decode_less(image: Image.Image, max_width: int) -> None:
    """Have a JPEG decoded at a half, a quarter or an eighth, as long as twice as much as needed is left."""
    width = image.height if _orientation(image) > 4 else image.width
    if (ratio := width // (2 * max_width)) > 1:
        image.draft(image.mode, (image.width // ratio, image.height // ratio))


def _orientation(image: Image.Image) -> int:
    """How the camera was held, as 1 to 8; from 5 on it lay on its side."""
    try:
        said = image.getexif().get(ExifTags.Base.Orientation, 1)
    except _BROKEN:
        return 1
    return said if isinstance(said, int) else 1


def _upright(image: Image.Image) -> Image.Image:
    turn = _TURNS.get(_orientation(image))
    return image.transpose(turn) if turn is not None else image


_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def _in_srgb(image: Image.Image) -> Image.Image:
    """The picture in the colours that are meant where nothing is said, as what says so is not kept."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "RGBA", "L", "CMYK"):
        return image
    mode, srgb = "RGBA" if image.mode == "RGBA" else "RGB", ImageCms.createProfile("sRGB")
    try:
        meant = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(image, meant, srgb, outputMode=mode) or image
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image  # a profile that cannot be read cannot be meant


def _shrunk(image: Image.Image, max_width: int) -> Image.Image:
    """The picture no wider than that, and no higher than any format can be."""
    scale = min(1.0, max_width / image.width, _MAX_HEIGHT / image.height)
    if scale == 1.0:
        return image
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return _in_mode(image, ("RGB", "RGBA", "L", "LA")).resize(size, Image.Resampling.LANCZOS)


def _in_mode(image: Image.Image, modes: tuple[str, ...]) -> Image.Image:
    """The picture in a mode that can be resized, or written; what is transparent stays so where it can."""
    if image.mode.startswith("I;16"):
        image = image.convert("I").point([value >> 8 for value in range(65_536)], "L")
    plain = image.mode == "P" or not isinstance(image.info.get("transparency"), int | bytes | tuple)
    if image.mode in modes and plain:
        return image
    if not image.has_transparency_data:
        return image.convert("RGB" if image.mode not in ("1", "LA") or "L" not in modes else "L")
    if "RGBA" in modes:
        return image.convert("RGBA")
    # JPEG: what is transparent is white.
    alpha = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", alpha.size, "white"), alpha).convert("RGB")


def _written(image: Image.Image, form: _Form) -> Picture:
    image = _in_mode(image, form.modes).copy()
    # Pillow would write some of it: comments, the profile of the colours.
    image.info = {name: value for name, value in image.info.items() if name == "transparency"}
    file = io.BytesIO()
    image.save(file, form.format, **form.options)
    return Picture(
        data=file.getvalue(), type=form.type, extension=form.extension, width=image.width, height=image.height
    )


# --- Pictures that move

_MOST_FRAMES: Final = 1_000
_LOOPS: Final = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
_EXTENSION, _FRAME, _END, _CONTROL, _APPLICATION = 0x21, 0x2C, 0x3B, 0xF9, 0xFF


def _animation(data: bytes, image: Image.Image) -> PreparedImage:
    if image.format != "GIF":
        raise BadImage(f"Of animated pictures only GIFs are taken, and this is {image.format}.")
    image.load()  # one frame is decoded, to know that it is what it says
    kept = b"".join(_animated_parts(data))
    return PreparedImage(data=kept, type="image/gif", extension="gif", width=image.width, height=image.height)


def _animated_parts(data: bytes) -> Iterator[bytes]:
    """The parts of a GIF that are the animation: no comments, no metadata, nothing after its end."""
    at = 13 + _table_size(data[10])
    yield data[:at]
    frames = 0
    while data[at] != _END:
        start = at
        if data[at] == _EXTENSION:
            label, at = data[at + 1], _after_blocks(data, at + 2)
            if label == _CONTROL or (label == _APPLICATION and data[start + 3 : start + 14] in _LOOPS):
                yield data[start:at]
        elif data[at] == _FRAME:
            frames += 1
            at = _after_blocks(data, at + 11 + _table_size(data[at + 9]))
            yield data[start:at]
        else:
            raise BadImage("The picture is broken: it breaks off, or holds what its format does not.")
        if frames > _MOST_FRAMES:
            raise BadImage(f"The animation has more than {_MOST_FRAMES:,} frames.")
    yield bytes([_END])


def _table_size(flags: int) -> int:
    """The bytes of the table of colours, by the flags of what it belongs to."""
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _after_blocks(data: bytes, at: int) -> int:
    """Where a chain of blocks ends: each begins with its length, and the last is empty."""
    while data[at]:
        at += 1 + data[at]
    return at + 1
