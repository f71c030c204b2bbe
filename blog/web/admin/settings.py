"""The settings that the author may set; those that the operator has set are shown, with where."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import available_timezones

from flask import Blueprint, flash, redirect, request

from blog.changes.settings import save_settings
from blog.config import AMENDABLE
from blog.domain.errors import BadSettings
from blog.web.admin.pages import admin_page
from blog.web.context import services

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Response

settings: Final = Blueprint("admin_settings", __name__, url_prefix="/admin/settings")
# More than this is no name and no line, and nothing that anybody would want in every page.
_LONGEST: Final = 20_000


@dataclass(frozen=True, slots=True)
class Field:
    """A setting as the form asks for it; ``kind`` is text, number, tick, zone, url, language or html."""

    name: str
    label: str
    hint: str = ""
    kind: str = "text"
    least: int = 0
    most: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """Settings that belong together."""

    title: str
    fields: tuple[Field, ...]


GROUPS: Final = (
    Group(
        "The blog",
        (
            Field("title", "Name of the blog"),
            Field("tagline", "A line below it", "On the home page and in the feed."),
            Field("author", "Who writes it", "What the feeds say. Empty: the name of the blog."),
            Field(
                "base_url",
                "Its address",
                "Such as https://example.com. Feeds and the ids of entries need it: set it before you publish.",
                "url",
            ),
        ),
    ),
    Group(
        "Language and time",
        (
            Field("language", "Language", "A code such as en, de or pt-BR."),
            Field(
                "time_zone",
                "Time zone",
                "Which day an entry belongs to. Entries that are there keep theirs.",
                "zone",
            ),
        ),
    ),
    Group(
        "Pages and feeds",
        (
            Field("page_size", "Entries on a page", "1 to 200.", "number", 1, 200),
            Field("feed_size", "Entries in a feed", "1 to 200.", "number", 1, 200),
            Field(
                "list_words",
                "Words of an entry that lists show",
                "20 to 5,000. It counts when an entry is saved.",
                "number",
                20,
                5_000,
            ),
        ),
    ),
    Group(
        "You, and what you read",
        (
            Field(
                "profiles",
                "Your profiles elsewhere",
                "Such as https://social.example/@ada, several with a space between. Sites that check it see "
                "that the blog is yours.",
            ),
            Field(
                "blogroll",
                "Show what you read at /blogroll/",
                "The sources that are polled, with their feeds. Which of them, the page of sources says.",
                "tick",
            ),
        ),
    ),
    Group(
        "Other sites",
        (
            Field(
                "webmention",
                "Send and take webmentions",
                "Sites that you link to are told, and you decide what others say below your entries. It needs "
                "the blog's address. What was published before is not told of.",
                "tick",
            ),
            Field(
                "hub",
                "WebSub hub",
                "Such as https://pubsubhubbub.appspot.com/: it tells readers at once. Empty: none is told.",
                "url",
            ),
        ),
    ),
    Group(
        "HTML of yours",
        (
            Field(
                "head_html",
                "In the head of every page",
                "As it is, but not while you are signed in. Scripts run only from where is said below.",
                "html",
            ),
            Field("footer_html", "In the foot of every page", "Put in as it is.", "html"),
            Field(
                "script_hosts",
                "Where scripts may come from",
                "Such as https://stats.example, several with a space between. Empty: none but the blog's own.",
            ),
        ),
    ),
)
FIELDS: Final = {field.name: field for group in GROUPS for field in group.fields}


@settings.get("/")
def show() -> Response:
    """Show the settings as they are now."""
    now = services().settings
    return _form({name: _as_typed(getattr(now, name)) for name in AMENDABLE}, {})


@settings.post("/")
def save() -> Response:
    """Save the settings; what cannot be one is said beside its field, and nothing is saved."""
    typed = {name: _tidied(request.form.get(name, ""), field) for name, field in FIELDS.items()}
    free = {name: value for name, value in typed.items() if name not in services().site.given.given}
    values, errors = _read(free)
    if not errors:
        try:
            changed = save_settings(services(), values)
        except BadSettings as error:
            errors = _by_field(error.mistakes)
        else:
            flash("The settings are saved." if changed else "Nothing was changed.")
            return redirect("/admin/settings/", 303)
    return _form(typed, errors, status=422)


def _as_typed(value: object) -> str:
    """A setting as a form sends it: that of a tick is "yes" or nothing."""
    if isinstance(value, bool):
        return "yes" if value else ""
    return str(value)


def _tidied(value: str, field: Field) -> str:
    return value.replace("\r\n", "\n")[:_LONGEST] if field.kind == "html" else " ".join(value.split())


def _read(typed: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """The values as the settings have them, and what is wrong with those that are none."""
    values: dict[str, Any] = {}
    errors = {}
    for name, text in typed.items():
        if FIELDS[name].kind == "tick":
            values[name] = text == "yes"
        elif FIELDS[name].kind != "number":
            values[name] = text
        elif re.fullmatch("[0-9]{1,9}", text):
            values[name] = int(text)
        else:
            errors[name] = "It takes a whole number."
    if not typed.get("title", "x"):
        errors["title"] = "A blog needs a name."
    if not re.fullmatch(r"[a-zA-Z]{2,8}(-[a-zA-Z0-9]{1,8})*", typed.get("language", "en")):
        errors["language"] = "It takes a code such as en, de or pt-BR."
    return values, errors


def _by_field(mistakes: list[str]) -> dict[str, str]:
    """What is wrong, by the setting that each sentence begins with; the field says its name already."""
    found = {}
    for mistake in mistakes:
        name, _, rest = mistake.partition(" ")
        found[name] = f"It {rest}"
    return found


def _form(values: Mapping[str, str], errors: Mapping[str, str], status: int = 200) -> Response:
    given = services().site.given
    fixed = {name: given.given[name] for name in AMENDABLE if name in given.given}
    shown = {name: _as_typed(getattr(given, name)) if name in fixed else values[name] for name in AMENDABLE}
    return admin_page(
        "settings.html",
        status=status,
        groups=GROUPS,
        values=shown,
        errors=errors,
        fixed=fixed,
        zones=sorted(available_timezones()),
    )
