"""Pictures are what their content says, small, upright and without a word about their maker."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageCms, PngImagePlugin

from blog.domain.pictures import PictureName
from blog.media import MAX_BYTES, BadImage, PreparedImage, prepare_image

RED, BLUE, CLEAR = (220, 20, 20), (20, 20, 220), (0, 0, 0, 0)
SECRET = b"SECRET-PLACE"


def halves(width: int = 40, height: int = 20, mode: str = "RGB") -> Image.Image:
    """A picture whose left half is red and whose right half is blue."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(BLUE, (width // 2, 0, width, height))
    return image.convert(mode)


def encoded(image: Image.Image, format: str, **options: Any) -> bytes:  # noqa: A002  as Pillow calls it
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def shown(picture: Any) -> Image.Image:
    image = Image.open(io.BytesIO(picture.data))
    image.load()
    assert image.size == (picture.width, picture.height)
    return image


def color_at(picture: Any, x: float, y: float) -> str:
    """Return the name of the color at a place, given as parts of the width and the height."""
    image = shown(picture).convert("RGB")
    pixel = image.getpixel((int(x * (image.width - 1)), int(y * (image.height - 1))))
    assert isinstance(pixel, tuple)
    red, _, blue = pixel
    return "red" if red > blue else "blue"


FORMATS = {
    "JPEG": ("image/jpeg", "jpg"),
    "PNG": ("image/png", "png"),
    "GIF": ("image/png", "png"),
    "WEBP": ("image/webp", "webp"),
    "AVIF": ("image/webp", "webp"),
}


@pytest.mark.parametrize(("format_", "found"), FORMATS.items())
def test_every_format_becomes_a_picture_of_the_same_size_and_colors(
    format_: str, found: tuple[str, str]
) -> None:
    picture = prepare_image(encoded(halves(), format_))
    assert (picture.type, picture.extension) == found
    assert (picture.width, picture.height, picture.small) == (40, 20, None)
    assert (color_at(picture, 0.1, 0.5), color_at(picture, 0.9, 0.5)) == ("red", "blue")


@pytest.mark.parametrize("format_", FORMATS)
def test_the_same_bytes_become_the_same_picture_by_the_same_name(format_: str) -> None:
    data = encoded(halves(2000, 20), format_)
    assert prepare_image(data) == prepare_image(data)
    picture = prepare_image(data)
    assert picture.name != prepare_image(encoded(halves(2000, 22), format_)).name
    assert PictureName.parse(str(picture.name)) == picture.name
    assert (picture.name.width, picture.name.height) == (picture.width, picture.height)
    assert (picture.name.type, picture.name.small is not None) == (picture.type, picture.small is not None)


@pytest.mark.parametrize(
    ("width", "height", "full", "small"),
    [
        (4000, 1000, (1600, 400), (800, 200)),
        (1600, 100, (1600, 100), (800, 50)),
        (1000, 100, (1000, 100), None),
        (1001, 100, (1001, 100), (800, 80)),
        (3, 40_000, (1, 16_000), None),
        (4000, 1, (1600, 1), (800, 1)),
    ],
)
def test_a_wide_picture_is_shrunk_and_has_a_small_one(
    width: int, height: int, full: tuple[int, int], small: tuple[int, int] | None
) -> None:
    picture = prepare_image(encoded(halves(width, height), "PNG"))
    assert shown(picture).size == full
    assert (shown(picture.small).size if picture.small else None) == small


def test_the_width_can_be_another() -> None:
    assert prepare_image(encoded(halves(), "PNG"), max_width=10).width == 10


@pytest.mark.parametrize(
    ("orientation", "top_left", "bottom_right", "size"),
    [
        (1, "red", "blue", (40, 20)),
        (2, "blue", "red", (40, 20)),
        (3, "blue", "red", (40, 20)),
        (4, "red", "blue", (40, 20)),
        (5, "red", "blue", (20, 40)),
        (6, "red", "blue", (20, 40)),
        (7, "blue", "red", (20, 40)),
        (8, "blue", "red", (20, 40)),
        (9, "red", "blue", (40, 20)),
    ],
)
@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
def test_a_picture_stands_upright(
    format_: str, orientation: int, top_left: str, bottom_right: str, size: tuple[int, int]
) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    picture = prepare_image(encoded(halves(), format_, exif=exif))
    assert shown(picture).size == size
    assert (color_at(picture, 0.05, 0.05), color_at(picture, 0.95, 0.95)) == (top_left, bottom_right)


def test_a_large_photograph_that_lies_on_its_side_keeps_what_it_needs() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    picture = prepare_image(encoded(halves(6000, 3400), "JPEG", exif=exif))
    assert shown(picture).size == (1600, round(1600 * 6000 / 3400))
    assert (color_at(picture, 0.5, 0.1), color_at(picture, 0.5, 0.9)) == ("red", "blue")


def telling(format_: str) -> bytes:
    """A picture that tells all that its format can tell."""
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = SECRET.decode()
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSDateStamp] = SECRET.decode()
    options: dict[str, Any] = {"exif": exif}
    if format_ == "JPEG":
        options |= {"comment": SECRET, "xmp": SECRET, "icc_profile": SECRET}
    elif format_ == "PNG":
        options["pnginfo"] = PngImagePlugin.PngInfo()
        options["pnginfo"].add_text("Comment", SECRET.decode())
        options["pnginfo"].add_itxt("XML:com.adobe.xmp", SECRET.decode())
    elif format_ in ("WEBP", "AVIF"):
        options["xmp"] = SECRET
    else:
        options = {"comment": SECRET}
    return encoded(halves(), format_, **options) + SECRET


@pytest.mark.parametrize("format_", FORMATS)
def test_nothing_is_left_that_tells_of_the_maker(format_: str) -> None:
    data = telling(format_)
    picture = prepare_image(data)
    assert data.count(SECRET) > 1
    assert SECRET not in picture.data
    assert not shown(picture).getexif()
    assert set(shown(picture).info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "progressive", "progression", "loop", "background", "timestamp", "duration"}  # fmt: skip


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_a_photograph_may_say_nonsense_of_itself() -> None:
    data = telling("JPEG").replace(b"Exif\0\0MM\0*\0\0\0\x08", b"Exif\0\0MM\0*\0\0\1\x08")
    picture = prepare_image(data)
    assert (color_at(picture, 0.1, 0.5), color_at(picture, 0.9, 0.5)) == ("red", "blue")


def test_the_colors_of_another_profile_are_kept_without_it() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    assert color_at(prepare_image(encoded(halves(), "PNG", icc_profile=profile)), 0.1, 0.5) == "red"
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for mode in ("RGB", "L"):
        picture = prepare_image(encoded(halves(mode=mode), "PNG", icc_profile=srgb))
        assert "icc_profile" not in shown(picture).info


@pytest.mark.parametrize("format_", ["PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize("width", [20, 3000])
def test_what_is_transparent_stays_so(format_: str, width: int) -> None:
    image = Image.new("RGBA", (width, 20), CLEAR)
    image.paste((*RED, 255), (0, 0, width // 2, 20))
    alpha = shown(prepare_image(encoded(image, format_))).convert("RGBA").getchannel("A")
    assert (alpha.getpixel((2, 10)), alpha.getpixel((alpha.width - 3, 10))) == (255, 0)


@pytest.mark.parametrize("width", [20, 3000])
def test_a_transparent_color_stays_so(width: int) -> None:
    image = Image.new("P", (width, 20), 1)
    image.putpalette([0, 0, 0, *RED])
    image.paste(0, (width // 2, 0, width, 20))
    for data in (encoded(image, "GIF", transparency=0), encoded(image, "PNG", transparency=0)):
        found = shown(prepare_image(data)).convert("RGBA")
        assert found.getpixel((2, 10)) == (*RED, 255)
        assert found.getpixel((found.width - 3, 10))[3] == 0  # type: ignore[index]  # RGBA has four


MODES = ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("width", [40, 2000])
def test_every_kind_of_pixel_is_read(mode: str, width: int) -> None:
    dark, light = (0, 255) if mode == "1" else (20, 200)
    image = Image.new("L", (width, 20), dark)
    image.paste(light, (width // 2, 0, width, 20))
    if mode == "I;16":
        # The high byte comes second.
        wide = Image.frombytes(
            "I;16", image.size, bytes(one for value in image.tobytes() for one in (7, value))
        )
    else:
        wide = image.convert(mode)
    found = shown(prepare_image(encoded(wide, "PNG"))).convert("L")
    assert (found.getpixel((2, 10)), found.getpixel((found.width - 3, 10))) == (dark, light)


def test_a_photograph_for_print_is_read() -> None:
    picture = prepare_image(encoded(halves(mode="CMYK"), "JPEG"))
    assert shown(picture).mode == "RGB"
    assert (color_at(picture, 0.1, 0.5), color_at(picture, 0.9, 0.5)) == ("red", "blue")


def animation(format_: str = "GIF", frames: int = 3, **options: Any) -> bytes:
    images = [
        halves(),
        *(Image.new("RGB", (40, 20), (0, 80 * number % 256, number % 256)) for number in range(1, frames)),
    ]
    return encoded(images[0], format_, save_all=True, append_images=images[1:], duration=50, **options)


def test_an_animated_gif_is_kept_as_it_is_but_for_what_is_said_in_it() -> None:
    data = animation(loop=0, comment=SECRET)
    picture = prepare_image(data + SECRET)
    assert data.count(SECRET) == 1
    assert SECRET not in picture.data
    assert (picture.type, picture.extension, picture.small) == ("image/gif", "gif", None)
    assert picture.data == prepare_image(animation(loop=0)).data
    found, before = Image.open(io.BytesIO(picture.data)), Image.open(io.BytesIO(data))
    assert (found.size, getattr(found, "n_frames", 1), found.info["loop"]) == ((40, 20), 3, 0)
    for frame in range(3):
        found.seek(frame)
        before.seek(frame)
        assert found.convert("RGB").tobytes() == before.convert("RGB").tobytes()


def test_what_is_prepared_can_be_prepared_again() -> None:
    for data in (animation(), encoded(halves(), "PNG")):
        once = prepare_image(data)
        assert prepare_image(once.data) == once


def huge_png(width: int, height: int) -> bytes:
    """A PNG that says it is that large; its pixels are missing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    )


def text_bomb() -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "x" * 50_000_000, zip=True)
    return encoded(halves(), "PNG", pnginfo=info)


REFUSED = {
    "nothing": (b"", "no picture that browsers show"),
    "text": (b"Hello", "no picture that browsers show"),
    "BMP": (encoded(halves(), "BMP"), "no picture that browsers show"),
    "TIFF": (encoded(halves(), "TIFF"), "no picture that browsers show"),
    "SVG": (b'\xef\xbb\xbf <svg xmlns="http://www.w3.org/2000/svg">', "SVG pictures can hold programs"),
    "SVG with a head": (b"<?xml version='1.0'?><!DOCTYPE svg><svg/>", "SVG pictures can hold programs"),
    "long": (b"\xff\xd8" + bytes(MAX_BYTES), "more than 20 MB"),
    "wide": (huge_png(8_000, 6_501), "more than 52 million pixels"),
    "wider": (huge_png(10_000, 10_000), "more than 52 million pixels"),
    "widest": (huge_png(60_000, 60_000), "more than 52 million pixels"),
    "a line": (huge_png(50_000_000, 1), "A side of the picture has more than 65,535 pixels"),
    "a column": (huge_png(1, 65_536), "A side of the picture has more than 65,535 pixels"),
    "cut JPEG": (encoded(halves(400, 400), "JPEG")[:-500], "is broken"),
    "cut PNG": (encoded(halves(), "PNG")[:-30], "is broken"),
    "cut GIF": (animation()[:-30], "is broken"),
    "no pixels": (huge_png(100, 100), "is broken"),
    "text bomb": (text_bomb(), "is broken"),
    "animated WebP": (animation("WEBP"), "only GIFs are taken, and this is WEBP"),
    "animated PNG": (animation("PNG"), "only GIFs are taken, and this is PNG"),
    "long animation": (animation(frames=1_001), "more than 1,000 frames"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_picture_for_a_page_is_refused_with_a_sentence(what: str) -> None:
    data, sentence = REFUSED[what]
    with pytest.raises(BadImage, match=sentence):
        prepare_image(data)


def test_what_there_is_no_memory_for_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def too_much(*_: object) -> None:
        raise MemoryError

    data = encoded(halves(), "PNG")
    monkeypatch.setattr(Image.Image, "copy", too_much)
    with pytest.raises(BadImage, match="more memory than there is"):
        prepare_image(data)


def test_a_bomb_takes_no_memory() -> None:
    data = huge_png(60_000, 60_000)
    tracemalloc.start()
    try:
        with pytest.raises(BadImage):
            prepare_image(data)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


SAMPLES = [*(telling(format_) for format_ in FORMATS), animation(), encoded(halves(mode="P"), "PNG")]


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@given(
    st.sampled_from(SAMPLES),
    st.lists(st.tuples(st.integers(0, 5_000), st.binary(min_size=1, max_size=4)), max_size=6),
    st.integers(0, 5_000),
)
def test_broken_bytes_are_a_picture_or_a_sentence(
    sample: bytes, edits: list[tuple[int, bytes]], cut: int
) -> None:
    data = bytearray(sample)
    for place, change in edits:
        at = place % len(data)
        data[at : at + len(change)] = change
    try:
        picture = prepare_image(bytes(data[: len(data) - cut % 50]))
    except BadImage:
        return
    assert isinstance(picture, PreparedImage)
