"""The rules: listed in their order, written with errors said beside the line, tried, and applied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Blueprint, flash, redirect, request

from blog.changes.plans import carry_out
from blog.changes.rulebook import StoredRule
from blog.changes.rules import add_rule, change_rule, delete_rule, enable_rule, move_rule
from blog.changes.rules_applied import ApplyRules, preview_line, preview_rules
from blog.domain.errors import BadRule, CrosstagError, NotThere
from blog.domain.rule_grammar import parse_rule
from blog.queries.history import operation
from blog.queries.rules import rule_row, rules_by_place
from blog.queries.sources import source, sources
from blog.web.admin.pages import admin_page
from blog.web.context import row_number, services
from blog.web.sessions import author

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from blog.changes.rules_applied import RulesPreview

rules_of_author: Final = Blueprint("admin_rules", __name__, url_prefix="/admin/rules")
_HOME: Final = "/admin/rules/"
_TRY: Final = "try"


@rules_of_author.get("/")
def index() -> Response:
    """List the rules, or those that the items of one source go through."""
    return _list()


def _list(
    line: str = "", error: CrosstagError | None = None, tried: RulesPreview | None = None, status: int = 200
) -> Response:
    """The list, with what was typed in the field for a new one."""
    given = request.args.get("source", 0, type=row_number) or request.form.get("source", 0, type=row_number)
    here = source(services(), given) if given else None
    return admin_page(
        "rules.html",
        status=status,
        places=rules_by_place(services(), here.id if here else None),
        here_source=here,
        sources=sources(services()),
        line=line,
        error=_said(error, line),
        tried=tried,
        done=_done(),
    )


def _said(error: CrosstagError | None, line: str) -> dict[str, str]:
    """What is wrong with a line, and the line up to there and from there on."""
    if error is None:
        return {}
    # The parser counts in a line with one space between words.
    tidy, at = " ".join(line.split()), error.position if isinstance(error, BadRule) else 0
    return {"sentence": error.sentence, "before": tidy[:at], "behind": tidy[at:]}


def _done() -> object:
    """What was just done, to be told with a way to undo it."""
    said = request.args.get("done", "")
    return operation(services(), int(said)) if said.isdecimal() and len(said) < 10 else None


@rules_of_author.post("/")
def add() -> Response:
    """Add a rule, or say what it would do."""
    line = request.form.get("line", "")
    source_id = request.form.get("source", 0, type=row_number) or None
    try:
        if request.form.get("action") == _TRY:
            slug = source(services(), source_id).slug if source_id else None
            return _list(line, tried=preview_line(services(), StoredRule(0, slug, parse_rule(line))))
        add_rule(services(), line, source_id)
    except CrosstagError as problem:
        return _list(line, problem, status=422)
    flash("The rule is for what comes in from now on.")
    return redirect(_back(source_id), 303)


def _back(source_id: int | None) -> str:
    return f"{_HOME}?source={source_id}" if source_id else _HOME


@rules_of_author.get("/<int:rule_id>/")
def edit(rule_id: int) -> Response:
    """Show a rule in a form."""
    return _form(rule_id, rule_row(services(), rule_id).line)


def _form(rule_id: int, line: str, error: CrosstagError | None = None, status: int = 200) -> Response:
    row = rule_row(services(), rule_id)
    return admin_page("rule.html", status=status, rule=row, line=line, error=_said(error, line))


@rules_of_author.post("/<int:rule_id>/")
def save(rule_id: int) -> Response:
    """Let a rule say something else."""
    line = request.form.get("line", "")
    try:
        change_rule(services(), rule_id, line)
    except NotThere:
        raise
    except CrosstagError as problem:
        return _form(rule_id, line, problem, 422)
    flash("The rule is saved. Entries that are there stay as they are until you apply it to them.")
    return redirect(_back(rule_row(services(), rule_id).source_id), 303)


@rules_of_author.post("/<int:rule_id>/<any(up, down, pause, resume, delete):what>")
def tend(rule_id: int, what: str) -> Response:
    """Move a rule, pause it, let it be in force again, or delete it."""
    row = rule_row(services(), rule_id)
    match what:
        case "up" | "down":
            move_rule(services(), rule_id, -1 if what == "up" else 1)
        case "delete":
            delete_rule(services(), rule_id)
            flash(f"Deleted: {row.line}")
        case _:
            enable_rule(services(), rule_id, enabled=what == "resume")
    return redirect(_back(request.form.get("source", 0, type=row_number)), 303)


@rules_of_author.get("/preview")
def preview() -> Response:
    """Show what a rule, or all that are in force, would do to the entries there are."""
    return _preview(_ids())


def _ids() -> tuple[int, ...]:
    return tuple(request.values.getlist("rule", type=row_number))


def _preview(ids: tuple[int, ...], *, has_changed: bool = False) -> Response:
    shown = preview_rules(services(), ids)
    return admin_page("rules_preview.html", shown=shown, ids=ids, has_changed=has_changed)


@rules_of_author.post("/apply")
def apply() -> Response:
    """Apply what was shown; if that is not any more what would be done, show it again."""
    ids = _ids()
    if preview_rules(services(), ids).seen != request.form.get("seen"):
        return _preview(ids, has_changed=True)
    try:
        done = carry_out(services(), ApplyRules(ids), author().name)
    except NotThere:
        raise
    except CrosstagError as problem:
        flash(problem.sentence, "error")
        return redirect(_HOME, 303)
    return redirect(f"{_HOME}?done={done.operation}", 303)
