"""From what is typed into the form to a draft, and back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from blog.domain.entry import Draft, Kind, Markup, Status
from blog.domain.entryform import Action, EntryForm, Standing, settled, shared, shown, split_tags

ZONE = ZoneInfo("Europe/London")
NOW = datetime(2026, 11, 25, 12, 0, 7, tzinfo=UTC)
BEGUN = NOW - timedelta(days=2)
LINK = EntryForm(kind="link", url="https://example.com/", title="A page")


def made(form: EntryForm, action: Action = Action.SAVE, standing: Standing | None = None) -> Any:
    return settled(form, action, standing, now=NOW, zone=ZONE, external_id="form:x")


def standing(*, was_public: bool = False, **values: Any) -> Standing:
    """A draft of a link that was begun two days ago, unless told otherwise."""
    known = {"published": BEGUN, "title": "A page", "slug": "a-page", "url": "https://example.com/"}
    draft = Draft(kind=Kind.LINK, external_id="form:x", **{"status": Status.DRAFT, **known, **values})
    return Standing(draft=draft, created=BEGUN, was_public=was_public)


def test_a_form_makes_a_draft() -> None:
    form = EntryForm(
        kind="link",
        title="  A\n page ",
        url="example.com/a b",
        via_url="https://via.example/",
        via_title="Vera",
        body="Some *words*.",
        tags="C++, #python,, c++ , .NET",
        series="My series",
        series_order="3",
        slug="My Slug!",
        date="2026-07-01T09:30",
    )
    assert made(form, Action.PUBLISH) == settled_to(
        Draft(
            kind=Kind.LINK,
            external_id="form:x",
            published=datetime(2026, 7, 1, 8, 30, tzinfo=UTC),
            title="A page",
            url="https://example.com/a%20b",
            via_url="https://via.example/",
            via_title="Vera",
            body="Some *words*.",
            tags=("C++", "python", ".NET"),
            series="My series",
            series_order=3,
            slug="My-Slug",
            status=Status.PUBLISHED,
        )
    )


def settled_to(draft: Draft) -> Any:
    return replace(made(LINK), draft=draft)


@pytest.mark.parametrize(
    ("typed", "errors"),
    [
        ({"url": ""}, {"url": "A link needs the address it leads to. Without one it can be a note."}),
        ({"url": "javascript:alert(1)"}, {"url": "“javascript:alert(1)” is no http or https address."}),
        ({"url": "nonsense"}, {"url": "“nonsense” is no http or https address."}),
        ({"via_url": "ftp://x.example/"}, {"via_url": "“ftp://x.example/” is no http or https address."}),
        ({"image_url": "x"}, {"image_url": "“x” is no http or https address."}),
        ({"kind": "note", "url": "", "title": " ", "body": "\n"}, {"body": "There is nothing here yet."}),
        ({"kind": "poem"}, {"kind": "“poem” is no kind of entry."}),
        ({"tags": "python, !!"}, {"tags": "“!!” has no letter or digit, so no tag can be named that."}),
        (
            {"tags": ",".join(map(str, range(201)))},
            {"tags": "These are 201 tags, and an entry has 200 at most."},
        ),
        ({"series": "!"}, {"series": "A series is named with letters or digits."}),
        ({"series_order": "first"}, {"series_order": "This is no number from 0 to 999999."}),
        ({"slug": "!!"}, {"slug": "An address is made of letters and digits."}),
        ({"date": "soon"}, {"date": "“soon” is no date and time such as 2026-11-29 09:00."}),
        ({"title": "x" * 2001}, {"title": "This title has 2,001 characters, and 2,000 is the most."}),
    ],
)
def test_what_is_wrong_is_said_of_its_field(typed: dict[str, str], errors: dict[str, str]) -> None:
    assert made(replace(LINK, **typed)).errors == errors


@pytest.mark.parametrize(
    ("action", "date", "published", "error"),
    [
        (Action.SAVE, "", NOW, ""),
        (Action.PUBLISH, "", NOW, ""),
        (Action.PUBLISH, "2026-11-25T11:00", NOW.replace(hour=11, second=0), ""),
        (Action.PUBLISH, "2026-11-29T09:00", None, "This time is in the future. Schedule it, or publish it now."),
        (Action.NOW, "2026-11-29T09:00", NOW, ""),
        (Action.SCHEDULE, "2026-11-29T09:00", datetime(2026, 11, 29, 9, tzinfo=UTC), ""),
        (Action.SCHEDULE, "2026-11-20T09:00", None, "This time has passed: a scheduled entry needs one in the future."),
        (Action.SCHEDULE, "", None, "Say when: a scheduled entry needs a time in the future."),
        (Action.DRAFT, "2026-11-29T09:00", datetime(2026, 11, 29, 9, tzinfo=UTC), ""),
    ],
)  # fmt: skip
def test_a_new_entry_is_dated_by_hand_or_now(
    action: Action, date: str, published: datetime | None, error: str
) -> None:
    found = made(replace(LINK, date=date), action)
    assert found.errors.get("date", "") == error
    if published:
        assert found.draft.published == published


@pytest.mark.parametrize(
    ("before", "action", "published"),
    [
        (standing(), Action.PUBLISH, NOW),
        (standing(), Action.SAVE, BEGUN),
        (standing(status=Status.INBOX, published=datetime(2020, 1, 1, tzinfo=UTC)), Action.PUBLISH, NOW),
        (standing(published=datetime(2020, 1, 1, 0, 0, 5, tzinfo=UTC)), Action.PUBLISH, datetime(2020, 1, 1, 0, 0, 5, tzinfo=UTC)),
        (standing(status=Status.HIDDEN, was_public=True, published=BEGUN), Action.PUBLISH, BEGUN),
        (standing(status=Status.PUBLISHED, was_public=True, published=BEGUN), Action.SAVE, BEGUN),
        (standing(status=Status.PUBLISHED, published=NOW + timedelta(days=3)), Action.NOW, NOW),
    ],
)  # fmt: skip
def test_what_is_published_first_is_dated_now_and_what_has_a_date_keeps_it(
    before: Standing, action: Action, published: datetime
) -> None:
    found = made(shown(before, ZONE), action, before)
    assert found.errors == {}
    assert found.draft.published == published


@pytest.mark.parametrize(
    ("before", "typed", "slug"),
    [
        (standing(), {"title": "Another"}, "another"),
        (standing(slug="a-page-2"), {"title": "Another"}, "another"),
        (standing(slug="chosen"), {"title": "Another"}, "chosen"),
        (standing(), {"slug": "by hand"}, "by-hand"),
        (standing(was_public=True), {"title": "Another"}, "a-page"),
        (standing(was_public=True), {"title": "Another", "slug": ""}, "a-page"),
    ],
)
def test_the_slug_follows_the_title_until_the_entry_was_public(
    before: Standing, typed: dict[str, str], slug: str
) -> None:
    form = replace(shown(before, ZONE), **typed)
    assert made(form, Action.SAVE, before).draft.slug == slug


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("markup", list(Markup))
def test_an_entry_that_is_shown_and_saved_is_what_it_was(kind: Kind, markup: Markup) -> None:
    before = standing(
        was_public=True,
        status=Status.PUBLISHED,
        # The second one of two, and its seconds: neither can be typed, and neither is lost.
        published=datetime(2026, 10, 25, 1, 30, 17, 5, tzinfo=UTC),
        body="One\n\nTwo\n",
        markup=markup,
        via_url="https://via.example/",
        citation="Ada",
        context="in a letter",
        image_url="https://example.com/i.png",
        image_alt="An engine",
        tags=("C++", "日本語"),
        series="S",
        series_order=0,
        source="there",
    )
    before = replace(before, draft=replace(before.draft, kind=kind))
    assert made(shown(before, ZONE), Action.SAVE, before) == settled_to(before.draft)


@pytest.mark.parametrize(
    ("brought", "form"),
    [
        ({"url": "https://example.com/x", "title": "A\n title"}, {"kind": "link", "url": "https://example.com/x", "title": "A title"}),
        ({"text": "https://example.com/x"}, {"kind": "link", "url": "https://example.com/x"}),
        ({"text": "A title https://example.com/x"}, {"kind": "link", "url": "https://example.com/x", "title": "A title"}),
        ({"title": "A title", "text": "A title https://example.com/x"}, {"kind": "link", "url": "https://example.com/x", "title": "A title"}),
        ({"title": "A title", "text": "Words\nhttps://example.com/x"}, {"kind": "link", "url": "https://example.com/x", "title": "A title", "body": "> Words"}),
        ({"url": "https://example.com/x", "text": "One\n\nTwo"}, {"kind": "link", "url": "https://example.com/x", "body": "> One\n>\n> Two"}),
        ({"text": "Just a thought"}, {"kind": "note", "body": "Just a thought"}),
        ({"kind": "quotation", "url": "https://example.com/x", "text": "One"}, {"kind": "quotation", "url": "https://example.com/x", "body": "One"}),
        ({"kind": "poem"}, {"kind": "link"}),
        ({}, {"kind": "link"}),
    ],
)  # fmt: skip
def test_what_is_shared_fills_the_form(brought: dict[str, str], form: dict[str, str]) -> None:
    given = {"url": "", "title": "", "text": "", **brought}
    assert shared(**given) == EntryForm(**form)


def test_tags_are_names_with_commas_between_them() -> None:
    assert split_tags("C++, #go,  two  words,,C++\n日本語") == ("C++", "go", "two words", "日本語")


def test_what_a_browser_sends_is_taken_as_text_and_nothing_else() -> None:
    given = {"kind": "", "title": 3, "body": "a\r\nb\rc", "action": "publish", "url": None}
    assert EntryForm.read(given) == EntryForm(body="a\nb\nc")
