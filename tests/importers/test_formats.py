"""Every format against files of it: what is read of each, and that no other importer claims it.

A case is a file or a folder in ``data/FORMAT/`` with what it becomes beside it, in
``NAME.expected.json``; a new one needs no Python. ``python -m tests.importers.test_formats``
writes the expectations that are missing, to be read before they are kept.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blog.domain.entry import Draft, Item
from blog.domain.errors import BadImport
from importers import decoding, registry
from importers.material import Material

if TYPE_CHECKING:
    from importers.registry import Importer

DATA = Path(__file__).parent / "data"
EXPECTED = ".expected.json"
CASES = sorted(path for path in DATA.glob("*/*") if not path.name.endswith(EXPECTED))
FILES = [path for path in CASES if path.is_file()]


def name_of(case: Path) -> str:
    return case.relative_to(DATA).as_posix()


def importer_of(case: Path) -> Importer:
    return registry.by_name(case.parent.name)


def spelled(item: Item) -> dict[str, Any]:
    """Everything an item says that goes without saying for no other, as JSON has it."""
    values = {field.name: (getattr(item, field.name), field.default) for field in fields(item)}
    said = {name: value for name, (value, default) in values.items() if value != default}
    return {"item": type(item).__name__} | {
        name: value.isoformat() if isinstance(value, datetime) else list(value) if name == "tags" else value
        for name, value in said.items()
    }


def read(case: Path) -> list[dict[str, Any]]:
    return [spelled(item) for item in importer_of(case).parse(Material.of_path(case))]


def expectation(case: Path) -> Path:
    return case.with_name(case.name + EXPECTED)


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_a_file_becomes_what_stands_beside_it(case: Path) -> None:
    assert read(case) == json.loads(expectation(case).read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", FILES, ids=name_of)
def test_where_a_file_is_cut_into_pieces_makes_no_difference(
    case: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "PIECE", 7)
    assert read(case) == json.loads(expectation(case).read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_a_file_is_claimed_by_its_own_importer_and_by_no_other(case: Path) -> None:
    material = Material.of_path(case)
    claims = [importer.name for importer in registry.IMPORTERS if importer.detect(material)]
    assert claims == [case.parent.name]


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_a_name_tells_nothing(case: Path, tmp_path: Path) -> None:
    if case.is_file():
        (tmp_path / "x").write_bytes(case.read_bytes())
        assert registry.detect(Material.of_path(tmp_path / "x")).name == case.parent.name


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_the_ids_of_the_entries_of_a_file_are_different(case: Path) -> None:
    ids = [item["external_id"] for item in read(case) if item["item"] == Draft.__name__]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_a_file_has_about_as_many_entries_as_it_is_said_to_have(case: Path) -> None:
    said = importer_of(case).count(Material.of_path(case))
    found = sum(item["item"] in {"Draft", "Rejected", "LeftOut", "SourceDraft"} for item in read(case))
    assert said is None or abs(said - found) <= 3


def mutated(source: bytes, changes: list[tuple[int, bytes]], end: int) -> bytes:
    data = bytearray(source)
    for at, new in changes:
        place = at % (len(data) + 1)
        data[place : place + len(new) // 2] = new
    return bytes(data[: len(data) - end % (len(data) + 1)])


SNIPPETS = [
    b"<",
    b">",
    b'"',
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\\",
    b"\0",
    b"\xff",
    b"\n",
    b"<!--",
    b"<!ENTITY a 'b'>",
]


@pytest.mark.parametrize("case", FILES, ids=name_of)
@settings(max_examples=25, deadline=None)
@given(
    changes=st.lists(
        st.tuples(st.integers(0, 10**6), st.sampled_from(SNIPPETS) | st.binary(max_size=6)), max_size=5
    ),
    end=st.just(0) | st.integers(0, 10**6),
)
def test_damaged_bytes_raise_nothing_but_a_bad_import(
    case: Path, changes: list[tuple[int, bytes]], end: int
) -> None:
    try:
        material = Material.of_bytes(mutated(case.read_bytes(), changes, end), "x")
    except BadImport:
        # What begins like a zip archive is taken for one.
        return
    for importer in registry.IMPORTERS:
        importer.detect(material)
    with suppress(BadImport):
        list(importer_of(case).parse(material))
    importer_of(case).count(material)


if __name__ == "__main__":
    for one in CASES:
        if not expectation(one).exists():
            text = json.dumps(read(one), ensure_ascii=False, indent=1)
            expectation(one).write_text(f"{text}\n", encoding="utf-8")
