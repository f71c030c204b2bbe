"""Settings: where each comes from, and every mistake at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from blog.config import load
from blog.db import Sessions, migrate
from blog.domain.errors import BadSettings

if TYPE_CHECKING:
    from pathlib import Path


def write(data: Path, text: str) -> None:
    (data / "settings.toml").write_text(text, encoding="utf-8")


def test_without_a_file_and_an_environment_there_are_defaults(tmp_path: Path) -> None:
    found = load(tmp_path, {})
    assert (found.title, found.page_size, found.port, found.base_url) == ("My linkblog", 20, 8000, "")
    assert found.database_url == f"sqlite:///{tmp_path / 'blog.db'}"
    assert found.authority == "localhost"


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(tmp_path: Path) -> None:
    write(tmp_path, 'title = "From the file"\npage_size = 40\nbase_url = "https://example.com/"\n')
    found = load(tmp_path, {"CROSSTAG_PAGE_SIZE": "50", "CROSSTAG_DATA": "ignored", "HOME": "/root"})
    assert (found.title, found.page_size, found.feed_size) == ("From the file", 50, 30)
    assert (found.base_url, found.authority) == ("https://example.com", "example.com")


def test_the_standard_name_of_the_databases_address_is_understood(tmp_path: Path) -> None:
    url = "postgresql+psycopg://somebody@localhost/blog"
    assert load(tmp_path, {"DATABASE_URL": url}).database_url == url
    ours = "sqlite:////tmp/other.db"
    assert load(tmp_path, {"DATABASE_URL": url, "CROSSTAG_DATABASE_URL": ours}).database_url == ours


def test_all_mistakes_are_reported_at_once(tmp_path: Path) -> None:
    write(
        tmp_path,
        'titel = "x"\npage_size = 0\ntime_zone = "Mars/Olympus"\ntitle = 7\nfetch_private = "perhaps"\n',
    )
    environment = {
        "CROSSTAG_PORT": "http",
        "CROSSTAG_BASE_URL": "example.com/blog",
        "CROSSTAG_NONSENSE": "1",
        "CROSSTAG_SEARCH_ENGINE": "lucene",
        "DATABASE_URL": "mysql://x",
    }
    with pytest.raises(BadSettings) as caught:
        load(tmp_path, environment)
    said = caught.value.sentence
    for words in (
        "sets “titel”, which is no setting. Is title meant?",
        "page_size is 0; it goes from 1 to 200",
        "time_zone is “Mars/Olympus”",
        "takes text in quotes",
        "takes true or false",
        "CROSSTAG_PORT is 'http'; it takes a whole number",
        "base_url is “example.com/blog”",
        "sets “nonsense”, which is no setting",
        "search_engine is “lucene”; it takes whoosh or tantivy",
        "database_url begins with",
    ):
        assert words in said
    assert len(caught.value.mistakes) == 10


def test_a_directory_may_have_any_name(tmp_path: Path) -> None:
    for name in ("a?b", "a%41b", "a#b", "ü @:b"):
        data = tmp_path / name
        data.mkdir()
        sessions = Sessions(load(data, {}).database_url)
        migrate(sessions)
        sessions.close()
        assert (data / "blog.db").exists()


@pytest.mark.parametrize("broken", ["title = ", "\x00", "[[["])
def test_a_file_that_is_not_toml_is_named(tmp_path: Path, broken: str) -> None:
    write(tmp_path, broken)
    with pytest.raises(BadSettings, match=r"settings\.toml is not TOML"):
        load(tmp_path, {})


@pytest.mark.parametrize(
    ("given", "read"), [("true", True), ("1", True), ("Yes", True), ("off", False), ("0", False)]
)
def test_yes_and_no_have_many_spellings(tmp_path: Path, given: str, read: bool) -> None:
    assert load(tmp_path, {"CROSSTAG_FETCH_PRIVATE": given}).fetch_private is read
