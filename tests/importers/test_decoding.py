"""Bytes in every encoding that exports have, cut anywhere."""

from __future__ import annotations

import codecs

import pytest

from importers import decoding
from importers.decoding import beginning, pieces
from importers.material import Material

TEXT = "<meta charset=%s> “Größe” 日本 €"


@pytest.mark.parametrize("piece", [1, 3, 65_536])
@pytest.mark.parametrize(
    ("data", "text"),
    [
        (TEXT.encode(), TEXT),
        (codecs.BOM_UTF8 + TEXT.encode(), TEXT),
        (TEXT.encode("utf-16"), TEXT),
        (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), TEXT),
        (TEXT.encode("utf-32"), TEXT),
        # What is declared counts only where the bytes do not say otherwise.
        ("<meta charset=windows-1251> ü".encode(), "<meta charset=windows-1251> ü"),
        ("<meta charset=windows-1251> Привет".encode("cp1251"), "<meta charset=windows-1251> Привет"),
        ("<?xml encoding='Shift_JIS'?>日本".encode("shift_jis"), "<?xml encoding='Shift_JIS'?>日本"),
        (b"<meta charset=iso-8859-1>\x93\xfc\x94", "<meta charset=iso-8859-1>“ü”"),
        (b"<meta charset=utf-8>\xfc \xc3\xbc \x93", "<meta charset=utf-8>ü ü “"),
        (b"<meta charset=utf-7>+ADw- \xfc", "<meta charset=utf-7>+ADw- ü"),
        (b"<meta charset=rot13>\xfc", "<meta charset=rot13>ü"),
        (b"<meta charset=no-such>\xfc", "<meta charset=no-such>ü"),
        (b"\xe2\x82", "â‚"),
        (b"\x81", "\ufffd"),
        (b"", ""),
    ],
)
def test_bytes_are_read_as_what_they_are(
    data: bytes, text: str, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "PIECE", piece)
    material = Material.of_bytes(data, "x")
    assert "".join(pieces(material, "x")) == text


def test_the_beginning_tells_the_format_even_if_it_is_cut_within_a_character() -> None:
    assert beginning(Material.of_bytes("aü".encode(), "x"), "x", 2) == "aÃ"
    assert beginning(Material.of_bytes("aü".encode("utf-16"), "x"), "x", 5) == "a\ufffd"
