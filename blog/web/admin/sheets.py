"""What the entry form shows: the sheet that one writes on, and what a browser sent of it."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from flask import request

from blog.changes.autosaves import Typed
from blog.changes.previews import DAYS
from blog.domain.diffs import field_diffs
from blog.domain.entry import Kind, Markup, Status
from blog.domain.entryform import FIELDS, Action, EntryForm, shown, split_tags
from blog.domain.errors import NotThere
from blog.domain.times import spoken_distance, spoken_when
from blog.queries.links import all_before
from blog.queries.mentions import sent_mentions
from blog.queries.previews import preview_links
from blog.queries.same import also_in
from blog.queries.tag_reasons import tag_reasons
from blog.queries.writing import last_edit, open_entry, series_titles
from blog.web.admin.pages import admin_page
from blog.web.context import services
from blog.web.sessions import author

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Response

    from blog.domain.diffs import FieldDiff
    from blog.queries.autosaves import KeptTyping
    from blog.queries.links import FoundPage
    from blog.queries.suggestions import LinkedBefore, Suggestion
    from blog.queries.writing import Edit, OpenEntry

_FORM_ID: Final = re.compile(r"[A-Za-z0-9_-]{8,60}")
_NUMBER: Final = re.compile(r"[0-9]{1,9}")
# The way back from a preview, or from a link made by the way: what was typed is shown again.
AGAIN: Final = "again"
_LABELS: Final = {
    Kind.LINK: "Link",
    Kind.QUOTATION: "Quotation",
    Kind.NOTE: "Note",
    Kind.ARTICLE: "Article",
    Kind.ACTIVITY: "Activity",
}


@dataclass(frozen=True, slots=True)
class Conflict:
    """What another save made of the entry: from what it says now to what is in the form."""

    action: str
    edit: Edit | None
    diffs: list[FieldDiff]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A form as it is shown: what was typed, into which form, and what there is to say about it.

    ``saved`` names the form that was saved and led here, and ``is_again`` says that it came back as sent.
    """

    typed: Typed
    entry: OpenEntry | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    wrong: str = ""
    offered: KeptTyping | None = None
    conflict: Conflict | None = None
    new_link: str = ""
    found: FoundPage | None = None
    suggestions: tuple[Suggestion, ...] | None = None
    remark: str = ""
    saved: str = ""
    is_again: bool = False

    @property
    def is_unsaved(self) -> bool:
        """Whether what is shown is what somebody typed, and nobody has kept for sure."""
        return bool(self.is_again or self.errors or self.wrong or self.conflict)

    @property
    def form(self) -> EntryForm:
        """The fields."""
        return self.typed.form

    @property
    def address(self) -> str:
        """Where the form is sent to."""
        return f"/admin/entries/{self.entry.id}/" if self.entry else "/admin/new"

    @property
    def kinds(self) -> list[tuple[str, str]]:
        """The tabs: a kind that only importers make is offered where the entry is of it."""
        is_activity = self.form.kind == Kind.ACTIVITY
        return [
            (kind.value, name) for kind, name in _LABELS.items() if kind is not Kind.ACTIVITY or is_activity
        ]

    @property
    def status(self) -> str:
        """The word that says which buttons there are."""
        if self.entry is None:
            return "new"
        return "scheduled" if self.entry.is_scheduled else self.entry.draft.status.value

    @property
    def standing(self) -> str:
        """What the entry is now, in words."""
        if self.entry is None:
            return "Not saved yet"
        now, zone, draft = services().clock(), services().settings.zone, self.entry.draft
        if self.entry.is_scheduled:
            return f"Scheduled: {spoken_when(draft.published, now, zone)}"
        if draft.status is Status.DRAFT:
            return f"Draft, begun {spoken_distance(self.entry.standing.created, now, zone)}"
        words = {
            Status.PUBLISHED: "Published",
            Status.HIDDEN: "Hidden, dated",
            Status.INBOX: "In the inbox, dated",
        }
        return f"{words[draft.status]} {spoken_distance(draft.published, now, zone)}"


def sheet_page(sheet: Sheet, status: int = 200) -> Response:
    """Show the form."""
    return admin_page(
        "entry.html",
        status=status,
        sheet=sheet,
        form=sheet.form,
        entry=sheet.entry,
        errors=dict.fromkeys(FIELDS, "") | dict(sheet.errors),
        markups=[(Markup.MARKDOWN, "Markdown"), (Markup.HTML, "HTML"), (Markup.TEXT, "Plain text")],
        series=series_titles(services()),
        reasons=tag_reasons(services(), sheet.entry.id) if sheet.entry else [],
        links=preview_links(services(), sheet.entry.id) if sheet.entry else [],
        days=DAYS,
        before=before_of(sheet),
        also=also_in(services(), sheet.entry.id) if sheet.entry else [],
        told=sent_mentions(services(), sheet.entry.id) if sheet.entry else [],
        zone=services().settings.time_zone,
    )


def with_problem(sheet: Sheet, sentence: str) -> Sheet:
    """Return the sheet as it was sent, with why nothing was done."""
    return replace(sheet, wrong=sentence, is_again=True)


def before_of(sheet: Sheet) -> tuple[LinkedBefore, ...]:
    """Return the entries that link to the same page already."""
    urls = (sheet.form.url, sheet.found.better_url if sheet.found else "")
    return all_before(services(), urls, sheet.typed.entry_id)


def new_form_id() -> str:
    """Return a name for a form that is opened for a new entry."""
    return secrets.token_urlsafe(12)


def form_id_of(entry_id: int) -> str:
    """Return the name of the form in which this author edits an entry."""
    return f"entry-{entry_id}-{author().id}"


def known_form_id(text: str) -> str:
    """Return a form's name if it may be one, else an empty text."""
    return text if _FORM_ID.fullmatch(text) else ""


def sent_sheet(entry: OpenEntry | None) -> Sheet:
    """Return the sheet that a browser sent, of an entry or of a new one; ticked tags are taken up."""
    form = EntryForm.read(request.form)
    if ticked := request.form.getlist("suggested"):
        form = replace(form, tags=", ".join([*split_tags(form.tags), *ticked]))
    return Sheet(typed=typed_from(request.form, form, entry), entry=entry)


def typed_from(given: Mapping[str, object], form: EntryForm, entry: OpenEntry | None) -> Typed:
    """Return what a form holds, with the versions that it says it has seen."""
    form_id = form_id_of(entry.id) if entry else known_form_id(str(given.get("form", ""))) or new_form_id()
    return Typed(
        form_id=form_id,
        user_id=author().id,
        form=form,
        entry_id=entry.id if entry else None,
        version=_number(given.get("version")),
        seen=_number(given.get("seen")),
    )


def asked_action() -> Action:
    """Return what the pressed button asks for; any other word just saves."""
    text = request.form.get("action", "")
    return Action(text) if text in {one.value for one in Action} else Action.SAVE


def conflicting(sheet: Sheet, entry_id: int, action: Action) -> Sheet:
    """Return the sheet with what the entry says now beside it, to be saved over that or not."""
    entry = open_entry(services(), entry_id)
    theirs = shown(entry.standing, services().settings.zone).fields()
    edit = last_edit(services(), entry_id)
    typed = replace(sheet.typed, entry_id=entry_id, form_id=form_id_of(entry_id), seen=entry.version)
    conflict = Conflict(action.value, edit, field_diffs(theirs, sheet.form.fields()))
    return replace(sheet, typed=typed, entry=entry, conflict=conflict)


def orphaned(sheet: Sheet) -> Sheet:
    """Return the sheet of an entry that was deleted meanwhile, as one for a new entry."""
    typed = replace(sheet.typed, entry_id=None, seen=0)
    wrong = "This entry was deleted meanwhile. What you typed is still here; saving makes a new entry of it."
    return replace(sheet, typed=typed, entry=None, wrong=wrong)


def found_entry(entry_id: int) -> OpenEntry | None:
    """Return the entry, or None where it is gone."""
    try:
        return open_entry(services(), entry_id)
    except NotThere:
        return None


def says_the_same(form: EntryForm, entry: OpenEntry) -> bool:
    """Tell whether a form holds what its entry says already; a date and a slug may have followed."""
    stored = shown(entry.standing, services().settings.zone)
    return _words(form) == _words(stored)


def _words(form: EntryForm) -> EntryForm:
    tags = ",".join(sorted(split_tags(form.tags)))
    return replace(form, tags=tags, date="", slug="", title=" ".join(form.title.split()))


def _number(value: object) -> int:
    text = str(value)
    return int(text) if _NUMBER.fullmatch(text) else 0
