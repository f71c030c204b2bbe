"""JSON read an element at a time is what it is when it is read whole, wherever it is cut."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blog.domain.errors import BadImport
from importers import decoding, json_stream
from importers.breakage import BrokenFile
from importers.json_stream import elements, shape, whole
from importers.material import Material

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


def material(text: str | bytes) -> Material:
    return Material.of_bytes(text.encode(errors="surrogatepass") if isinstance(text, str) else text, "x")


@given(
    before=VALUES,
    found=st.lists(VALUES, max_size=5),
    piece=st.integers(1, 20),
    indent=st.sampled_from([None, 1]),
)
def test_elements_are_those_of_the_array(before: Any, found: list[Any], piece: int, indent: int | None) -> None:
    document = {"before": before, "in": [{"other": before, "the list": found, "behind": before}]}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decoding, "PIECE", piece)
        source = material(json.dumps(document, indent=indent))
        assert list(elements(source, "in", "the list")) == found
        assert list(elements(source, "in")) == document["in"]
        assert list(elements(source, "nowhere")) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[]", []),
        ("\ufeff [1,\n2]", [1, 2]),
        ('["\t\x07"]', ["\t\x07"]),
        (f"[{'9' * 5_000}]", [0]),
        ("[1e999]", [float("inf")]),
        ('"text"', []),
        ("{}", []),
        ('[{"a":1,"a":2}]', [{"a": 2}]),
    ],
)
def test_odd_json_is_read(text: str, found: list[object]) -> None:
    assert list(elements(material(text))) == found


@pytest.mark.parametrize(
    ("text", "found", "reason"),
    [
        ("[1, 2", [1, 2], "character 5: there is no “,” where one must stand"),
        ("[1 2]", [1], "character 3: there is no “,” where one must stand"),
        ("[1, x]", [1], "character 4: this is not JSON, or it breaks off"),
        ("[" * 100_000, [], "character 1: it is nested too deeply"),
        ("", [], "character 0: this is not JSON, or it breaks off"),
    ],
)
def test_broken_json_is_read_as_far_as_it_goes(text: str, found: list[object], reason: str) -> None:
    read: list[object] = []
    with pytest.raises(BrokenFile) as caught:
        read.extend(elements(material(text)))
    assert (read, str(caught.value)) == (found, reason)


def test_what_is_passed_over_may_be_nested_as_deeply_as_it_likes() -> None:
    deep = "[" * 100_000 + "]" * 100_000
    assert list(elements(material(f'{{"deep": {deep}, "found": [1]}}'), "found")) == [1]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_the_paths_of_a_file_tell_its_format(encoding: str) -> None:
    text = '{"version": 1, "a": [{"b": "ü", "tags": ["x"], "c": {"d": null}}, {"e": []}], "cut": {"off'
    assert shape(material(text.encode(encoding))) == {
        "version": "1",
        "a": "",
        "a[].b": "ü",
        "a[].tags": "",
        "a[].tags[]": "x",
        "a[].c": "",
        "a[].c.d": "null",
        "a[].e": "",
        "cut": "",
    }


@pytest.mark.parametrize("text", ["", "nothing", "<html>", "\0\0"])
def test_what_is_no_json_has_no_paths(text: str) -> None:
    assert shape(material(text)) == {}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "x is broken: character 1: "),
        ("[" * 100_000, "x is broken: "),
        ("[" + "1," * 60, "x has over 100 characters"),
    ],
)
def test_a_file_that_cannot_be_read_whole_is_a_sentence(
    text: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "over" in sentence:
        monkeypatch.setattr(json_stream, "LARGEST_WHOLE", 100)
    with pytest.raises(BadImport, match=sentence):
        whole(material(text))
