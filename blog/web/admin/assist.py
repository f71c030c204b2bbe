"""What helps while an entry is written: facts of a link, tags that fit, pictures.

A script asks for JSON. Without one the same buttons send the whole form, which comes back filled in; what
was typed stays as it was.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, jsonify, render_template, request

from blog.changes.media import add_picture
from blog.changes.same_links import note_moved
from blog.domain.entry import Kind, Markup
from blog.domain.entryform import EntryForm, split_tags
from blog.domain.errors import FetchRefused
from blog.domain.pictures import PictureName, markdown_of
from blog.media import BadImage
from blog.queries.chosen import chosen_tags
from blog.queries.links import all_before, look_up
from blog.queries.suggestions import complete_tag, suggest_tags
from blog.web.admin.media import sent_picture
from blog.web.admin.sheets import found_entry, sent_sheet, sheet_page
from blog.web.context import row_number, services

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Response

    from blog.queries.links import FoundPage
    from blog.web.admin.sheets import Sheet

assist: Final = Blueprint("admin_assist", __name__, url_prefix="/admin")
# What is read of a text to suggest tags by; an entry rarely has more, and nobody waits for the rest.
_MOST_TEXT: Final = 50_000
_LABELS: Final = {"title": "the title", "citation": "whose words they are", "context": "where they stand"}
_NO_ADDRESS: Final = "There is no address to look up yet."


# --- Facts of a link


@assist.post("/facts")
def facts() -> Response:
    """Ask the page at the address what it is, and fill in what is empty."""
    if request.is_json:
        return _facts_as_json(_text("url"), _number("entry"))
    sheet = _sheet()
    try:
        found = _looked_up(sheet.form.url)
    except FetchRefused as error:
        return _shown(sheet, remark=error.sentence)
    fields = {
        name: value
        for name, value in found.fields(sheet.form.kind).items()
        if not sheet.form.fields()[name].strip()
    }
    return _shown(_with(sheet, **fields), found=found, remark=_filled_in(fields))


@assist.post("/facts/use")
def use() -> Response:
    """Take up what a page says: its own address, or its description as a quotation."""
    sheet = _sheet()
    if url := request.form.get("use_url", ""):
        sheet = _with(sheet, url=url)
    if quotation := request.form.get("use_quotation", ""):
        sheet = _with(sheet, body=_with_quotation(sheet.form, quotation))
    return sheet_page(sheet)


@assist.get("/linked-before")
def before() -> Response:
    """Say which entries link to an address already. Nobody is asked for that but the database."""
    known = all_before(services(), [request.args.get("url", "")], request.args.get("entry", type=row_number))
    return jsonify(html=render_template("admin/_before.html", before=known))


def _facts_as_json(url: str, entry_id: int | None) -> Response:
    try:
        found = _looked_up(url)
    except FetchRefused as error:
        answer = jsonify(error=error.sentence)
        answer.status_code = 422
        return answer
    known = all_before(services(), (url, found.better_url), entry_id)
    return jsonify(
        fields={kind.value: found.fields(kind.value) for kind in Kind},
        html=render_template("admin/_found.html", found=found),
        before=render_template("admin/_before.html", before=known),
    )


def _looked_up(url: str) -> FoundPage:
    """What the page says of itself; if it has moved for good, that is remembered."""
    found = look_up(services(), _wanted(url))
    note_moved(services(), found.asked, found.moved_to)
    return found


def _wanted(url: str) -> str:
    """The address as somebody types it: ``example.com/page`` is understood, too."""
    typed = url.strip()
    if not typed:
        raise FetchRefused(_NO_ADDRESS)
    return typed if "://" in typed else f"https://{typed}"


def _filled_in(fields: Mapping[str, str]) -> str:
    names = [_LABELS[name] for name in fields]
    return f"Filled in: {', '.join(names)}." if names else "What there was to fill in is filled in already."


def _with_quotation(form: EntryForm, quotation: str) -> str:
    line = " ".join(quotation.split())
    if form.kind != Kind.QUOTATION and form.markup == Markup.MARKDOWN:
        line = f"> {line}"
    return _at_end(form.body, line)


def _at_end(body: str, block: str) -> str:
    return f"{body.rstrip()}\n\n{block}" if body.strip() else block


# --- Tags


@assist.route("/tags.json", methods=["GET", "POST"])
def completions() -> Response:
    """Return the tags that what was typed may become."""
    found = complete_tag(services(), _text("typed"), _text("text")[:_MOST_TEXT], split_tags(_text("chosen")))
    return jsonify(completions=found)


@assist.post("/tags/suggest")
def suggestions() -> Response:
    """Suggest tags, with reasons; to a script, say also what the chosen ones are."""
    if not request.is_json:
        sheet = _sheet()
        return _shown(sheet, suggestions=_suggested(sheet.form))
    form = EntryForm.read({name: _text(name) for name in ("title", "url", "body", "tags")})
    return jsonify(chosen=chosen_tags(services(), split_tags(form.tags)), suggestions=_suggested(form))


def _suggested(form: EntryForm) -> tuple[Any, ...]:
    return suggest_tags(services(), form.title, form.body[:_MOST_TEXT], form.url, split_tags(form.tags))


# --- Pictures


@assist.post("/picture")
def picture() -> Response:
    """Keep a picture that came with the form, and show it in the text or as the picture of the entry."""
    sheet = _sheet()
    is_text = request.form.get("to") == "text"
    alt = request.form.get("text_alt", "") if is_text else sheet.form.image_alt
    try:
        name = add_picture(services(), sent_picture("text_picture" if is_text else "picture"), alt)
    except BadImage as error:
        return _shown(sheet, wrong=error.sentence)
    return _shown(_in_text(sheet, name, alt) if is_text else _beside(sheet, name))


def _in_text(sheet: Sheet, name: PictureName, alt: str) -> Sheet:
    return _with(sheet, body=_at_end(sheet.form.body, markdown_of(name.address, alt)))


def _beside(sheet: Sheet, name: PictureName) -> Sheet:
    return _with(sheet, image_url=name.address)


# --- The form that comes and goes


def _sheet() -> Sheet:
    entry_id = request.form.get("entry", type=row_number)
    return replace(sent_sheet(found_entry(entry_id) if entry_id else None), is_again=True)


def _with(sheet: Sheet, **fields: str) -> Sheet:
    form = replace(sheet.form, **fields)
    return replace(sheet, typed=replace(sheet.typed, form=form))


def _shown(sheet: Sheet, **values: Any) -> Response:
    return sheet_page(replace(sheet, **values))


def _text(name: str) -> str:
    """A text that a script sent, or that stands in the address."""
    given: Any = request.get_json(silent=True) if request.is_json else request.args
    value = given.get(name) if isinstance(given, dict) else None
    return value if isinstance(value, str) else ""


def _number(name: str) -> int | None:
    text = _text(name)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None
