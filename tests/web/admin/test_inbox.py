"""The inbox: what becomes of each item, and that nothing of it is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from reading import Element, read
from signing import Desk, at_desk
from sqlalchemy import select

from blog.domain.entry import Status
from blog.models import Entry

if TYPE_CHECKING:
    from conftest import Blog

INBOX = "/admin/inbox/"


@pytest.fixture
def desk(blog: Blog) -> Desk:
    return at_desk(blog)


@pytest.fixture
def ids(blog: Blog) -> dict[str, int]:
    """Three items that wait, and one entry that does not."""
    blog.write("Published", day="2020-01-01")
    days = {"One": "2020-01-01", "Two": "2020-01-02", "Three": "2020-01-03"}
    return {
        name: blog.write(name, "python", day=day, status=Status.INBOX, body=f"*{name}*.")
        for name, day in days.items()
    }


def waiting(page: Element) -> list[str]:
    return [one.one("h2").text() for one in page.one(cls="waiting").children if isinstance(one, Element)]


def statuses(blog: Blog) -> dict[str, str]:
    with blog.services.sessions.read() as session:
        return dict(session.execute(select(Entry.title, Entry.status)).all())


def test_what_waits_is_shown_newest_first_with_its_words(desk: Desk, ids: dict[str, int]) -> None:
    page = read(desk.get(INBOX))
    assert waiting(page) == ["Three", "Two", "One"]
    assert [one.text() for one in page.all(cls="body")] == ["Three.", "Two.", "One."]
    assert f"/admin/entries/{ids['One']}/" in page.links(), "to write about it"
    assert "python" in page.one(cls="waiting").text()


def test_an_empty_inbox_says_so(desk: Desk) -> None:
    assert "Nothing waits." in read(desk.get(INBOX)).text()


@pytest.mark.parametrize(
    ("button", "became"), [("publish", "published"), ("draft", "draft"), ("discard", None)]
)
def test_one_item_becomes_what_its_button_says_and_it_can_be_undone(
    desk: Desk, blog: Blog, ids: dict[str, int], button: str, became: str | None
) -> None:
    before = statuses(blog)
    answer = desk.post(INBOX, {button: str(ids["Two"])})
    assert answer.status_code == 303
    assert (
        statuses(blog) == {name: (became if name == "Two" else status) for name, status in before.items()}
        if became
        else {name: status for name, status in before.items() if name != "Two"}
    )
    page = read(desk.get(answer.location))
    assert waiting(page) == ["Three", "One"]
    undo = page.one(cls="said").one("form")
    desk.post(undo["action"], {"back": INBOX})
    assert statuses(blog) == before


def test_all_that_are_ticked_become_what_the_button_says(desk: Desk, blog: Blog, ids: dict[str, int]) -> None:
    desk.post(INBOX, {"id": [str(ids["One"]), str(ids["Three"])], "do": "publish"})
    assert statuses(blog) == {
        "Published": "published",
        "One": "published",
        "Two": "inbox",
        "Three": "published",
    }
    desk.post(INBOX, {"all": "yes", "do": "discard"})
    assert set(statuses(blog)) == {"Published", "One", "Three"}


WRONG = [
    ({"do": "publish"}, "Tick the items first that are meant."),
    ({"do": "burn", "all": "yes"}, "Say what is to be done with them."),
    ({"do": "discard", "id": ["1"]}, "Tick the items first that are meant."),
    ({"publish": "1"}, "That is how they all are already."),
]


@pytest.mark.parametrize(("fields", "sentence"), WRONG)
def test_nothing_is_done_with_what_does_not_wait(
    desk: Desk, blog: Blog, ids: dict[str, int], fields: dict[str, object], sentence: str
) -> None:
    before = statuses(blog)
    page = read(desk.post(INBOX, fields), 422)
    assert page.one(role="alert").text() == sentence
    assert statuses(blog) == before
    assert len(ids) == 3


def test_a_page_past_the_last_one_leads_to_the_first(desk: Desk, ids: dict[str, int]) -> None:
    assert desk.get(f"{INBOX}?page=9").location == INBOX
    assert len(ids) == 3
