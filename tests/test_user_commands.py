"""``crosstag user``: authors on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from blog.cli import cli
from blog.config import load
from blog.domain.errors import CrosstagError
from blog.queries.users import authenticate
from blog.services import open_services

if TYPE_CHECKING:
    from pathlib import Path


def user(data: Path, *words: str, password: str = "correct horse battery") -> str:
    answer = CliRunner().invoke(
        cli,
        ["--data", str(data), "user", *words],
        env={"CROSSTAG_USER_PASSWORD": password},
        catch_exceptions=False,
    )
    assert answer.exit_code == 0, answer.output
    return answer.output


def knows(data: Path, name: str, password: str) -> bool:
    services = open_services(load(data, {}))
    found = authenticate(services, name, password) is not None
    services.close()
    return found


def test_an_author_is_added_listed_and_given_a_new_password(tmp_path: Path) -> None:
    assert "There are no authors yet." in user(tmp_path, "list")
    assert "Ada may write now." in user(tmp_path, "add", "Ada")
    assert "ada" in user(tmp_path, "list")
    assert knows(tmp_path, "ada", "correct horse battery")
    user(tmp_path, "password", "ada", password="another horse staple")
    assert knows(tmp_path, "ada", "another horse staple")
    assert not knows(tmp_path, "ada", "correct horse battery")


@pytest.mark.parametrize(
    ("words", "password", "sentence"),
    [
        (("add", "a b"), "correct horse battery", "letters, digits"),
        (("add", "ada"), "short", "at least 10 characters"),
        (("password", "nobody"), "correct horse battery", "no author called"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_sentence(
    tmp_path: Path, words: tuple[str, ...], password: str, sentence: str
) -> None:
    with pytest.raises(CrosstagError) as caught:
        user(tmp_path, *words, password=password)
    assert sentence in caught.value.sentence


def test_nobody_is_added_twice(tmp_path: Path) -> None:
    user(tmp_path, "add", "ada")
    with pytest.raises(CrosstagError, match="already"):
        user(tmp_path, "add", "ADA")
