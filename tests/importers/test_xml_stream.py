"""XML read an event at a time: what is mended, what is refused, and that nothing is fetched or expanded."""

from __future__ import annotations

import pytest

from blog.domain.errors import BadImport
from importers import decoding
from importers.breakage import BrokenFile
from importers.material import Material
from importers.xml_stream import End, Start, events, root_of

LAUGHS = """<!DOCTYPE a [<!ENTITY l "ha"><!ENTITY m "&l;&l;&l;&l;"><!ENTITY n "&m;&m;&m;&m;">]><a>&n;</a>"""
OUTSIDE = """<!DOCTYPE a [<!ENTITY secret SYSTEM "file:///etc/passwd">]><a>&secret;</a>"""
PARAMETER = """<!DOCTYPE a [<!ENTITY % more SYSTEM "http://127.0.0.1/x.dtd"> %more;]><a/>"""


def material(text: str | bytes) -> Material:
    return Material.of_bytes(text.encode() if isinstance(text, str) else text, "x")


def read(text: str | bytes) -> str:
    """All the text in it, with what it stands in."""
    found = ""
    for event in events(material(text)):
        match event:
            case Start(name, attributes):
                found += f"<{name}{''.join(f' {key}={value!r}' for key, value in attributes.items())}>"
            case End(name):
                found += f"</{name}>"
            case str():
                found += event
    return found


@pytest.mark.parametrize("piece", [1, 2, 7, 65_536])
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<?xml version='1.0' encoding='utf-16'?>\n<a>ü</a>", "<a>ü</a>"),
        (
            "<a>R & B &nbsp;&eacute;&unknown; &amp;lt; &#8217;&#x41;&#0;&#xffffffff;</a>",
            "<a>R & B \xa0é&unknown; &lt; ’A</a>",
        ),
        ("<a b='1&2'/>", "<a b='1&2'></a>"),
        ("<a><![CDATA[R & B &nbsp; <b>]]>&lt;</a>", "<a>R & B &nbsp; <b><</a>"),
        ("<a>\0\x07\x0b</a>", "<a></a>"),
        ("<!DOCTYPE a SYSTEM 'http://127.0.0.1/never.dtd'><a/>", "<a></a>"),
        ("\ufeff \n<x:a xmlns:y='z'><y:b/></x:a>", "<x:a xmlns:y='z'><y:b></y:b></x:a>"),
    ],
)
def test_what_is_wrong_in_most_files_is_mended(
    text: str, found: str, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "PIECE", piece)
    assert read(text) == found


@pytest.mark.parametrize("text", [LAUGHS, OUTSIDE, PARAMETER])
def test_a_file_that_declares_entities_is_refused(text: str) -> None:
    with pytest.raises(BadImport, match="declares entities"):
        read(text)


def test_what_comes_before_the_breakage_is_read() -> None:
    found: list[Start | End | str] = []
    with pytest.raises(BrokenFile, match="line 2: mismatched tag"):
        found.extend(events(material("<a>\n<b/>1</c></a>")))
    assert found == [Start("a", {}), "\n", Start("b", {}), End("b")]


@pytest.mark.parametrize(
    ("text", "root"),
    [
        ("<?xml version='1.0'?>\n<!-- <rss> -->\n<!DOCTYPE opml [ <!-- > --> ]>\n<OPML version='1'>", "opml"),
        ("<x:y/>", "x:y"),
        ("text <a>", ""),
        ("<!-- never closed <a>", ""),
        ("", ""),
    ],
)
def test_the_root_element_tells_the_format(text: str, root: str) -> None:
    assert root_of(material(text)) == root
