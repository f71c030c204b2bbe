"""The form that entries are written in: what is typed, and the draft that it makes.

``EntryForm`` holds text and nothing else, whatever was typed, so nothing of it can be lost. ``settled``
is the one place where that becomes a ``Draft``: it makes the best of it, and says of each field
what is wrong, for a preview can show a draft that could not be saved.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from blog.domain.entry import Draft, Kind, Markup, Status
from blog.domain.errors import BadTag
from blog.domain.pictures import picture_address
from blog.domain.slugs import clean_slug, is_made, slug_of
from blog.domain.tags import slugify
from blog.domain.times import BadTime, read_local, typed_local
from blog.domain.urls import web_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from zoneinfo import ZoneInfo

_MOST_TAGS: Final = 200
_MOST_TITLE: Final = 2_000
_MOST_BODY: Final = 5_000_000
_ORDER: Final = re.compile(r"[0-9]{1,6}")
_URL_AT_END: Final = re.compile(r"(?:^|\s)(https?://\S+)\s*$", re.IGNORECASE)


class Action(StrEnum):
    """What the author asks for, by a button: each but ``SAVE`` says what the entry is to be."""

    SAVE = "save"
    DRAFT = "draft"
    PUBLISH = "publish"
    NOW = "now"
    SCHEDULE = "schedule"
    HIDE = "hide"


_STATUS: Final = {
    Action.DRAFT: Status.DRAFT,
    Action.HIDE: Status.HIDDEN,
    Action.PUBLISH: Status.PUBLISHED,
    Action.NOW: Status.PUBLISHED,
    Action.SCHEDULE: Status.PUBLISHED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryForm:
    """The fields as typed. ``tags`` have commas between them, ``date`` is on the blog's clock."""

    kind: str = Kind.LINK.value
    title: str = ""
    url: str = ""
    via_url: str = ""
    via_title: str = ""
    citation: str = ""
    context: str = ""
    body: str = ""
    tags: str = ""
    markup: str = Markup.MARKDOWN.value
    image_url: str = ""
    image_alt: str = ""
    series: str = ""
    series_order: str = ""
    slug: str = ""
    date: str = ""

    @classmethod
    def read(cls, given: Mapping[str, object]) -> EntryForm:
        """Take the fields from what a browser sent; what is not there, or is no text, is empty."""
        texts = {name: value for name in FIELDS if isinstance(value := given.get(name), str)}
        kept = {name: text.replace("\r\n", "\n").replace("\r", "\n") for name, text in texts.items()}
        return cls(**{name: text for name, text in kept.items() if text or name not in ("kind", "markup")})

    def fields(self) -> dict[str, str]:
        """Return every field by its name."""
        return asdict(self)

    @property
    def is_blank(self) -> bool:
        """Whether nothing was typed that would be missed."""
        return not any(text.strip() for name, text in self.fields().items() if name not in ("kind", "markup"))


FIELDS: Final = tuple(field.name for field in fields(EntryForm))


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An entry as it is, before the form changes it; tags and series are by their names.

    ``created`` is when it was begun, and ``was_public`` tells whether it is public, or ever was.
    """

    draft: Draft
    created: datetime
    was_public: bool

    @property
    def is_dated(self) -> bool:
        """Whether it has a date of its own: what was never public may only have that of its beginning."""
        if self.was_public or self.draft.status in (Status.PUBLISHED, Status.HIDDEN):
            return True
        apart = abs((self.draft.published - self.created).total_seconds())
        return self.draft.status is Status.DRAFT and apart >= _SAME_MINUTE


_SAME_MINUTE: Final = 60


@dataclass(frozen=True, slots=True)
class Settled:
    """The draft that a form makes, with what is wrong by field, and what is to be said all the same."""

    draft: Draft
    errors: Mapping[str, str]
    remark: str = ""


def shared(url: str, title: str, text: str, kind: str = "") -> EntryForm:
    """Return a form filled in with what a bookmarklet, a phone or a link brought along.

    Phones put the address into the text, alone or at its end.
    """
    if not url and (found := _URL_AT_END.search(text)):
        url, text = found[1], text[: found.start()].strip()
        title, text = (title, "" if text == title else text) if title else (text, "")
    known = kind if kind in {one.value for one in Kind} else ""
    kind = known or (Kind.LINK if url or not (title or text) else Kind.NOTE).value
    if text and kind == Kind.LINK.value:
        text = "\n".join(f"> {line}".rstrip() for line in text.strip().splitlines())
    return EntryForm(kind=kind, url=url.strip(), title=" ".join(title.split()), body=text)


def shown(standing: Standing, zone: ZoneInfo) -> EntryForm:
    """Return the form that an entry is edited in: what follows from the rest is left empty."""
    draft = standing.draft
    form = written(draft, zone)
    follows = not standing.was_public and is_made(draft.slug, draft)
    return replace(form, slug="" if follows else form.slug, date=form.date if standing.is_dated else "")


def written(draft: Draft, zone: ZoneInfo) -> EntryForm:
    """Return everything that a draft says, as text."""
    same = {name: str(getattr(draft, name)) for name in FIELDS if name not in ("tags", "date", "series_order")}
    order = "" if draft.series_order is None else str(draft.series_order)
    return EntryForm(
        **same, tags=", ".join(draft.tags), series_order=order, date=typed_local(draft.published, zone)
    )


def settled(
    form: EntryForm,
    action: Action,
    standing: Standing | None,
    *,
    now: datetime,
    zone: ZoneInfo,
    external_id: str = "",
) -> Settled:
    """Return the draft that the form makes of what there is, None where that is nothing yet."""
    errors: dict[str, str] = {}
    published, remark = _published(form, action, standing, now, zone, errors)
    known = standing.draft if standing else None
    draft = Draft(
        kind=_one_of(Kind, form.kind, Kind.NOTE),
        external_id=known.external_id if known else external_id,
        published=published,
        title=" ".join(form.title.split()),
        slug=clean_slug(form.slug),
        body=form.body,
        url=_address(form.url, "url", errors),
        via_url=_address(form.via_url, "via_url", errors),
        image_url=picture_address(form.image_url) or _address(form.image_url, "image_url", errors),
        markup=_one_of(Markup, form.markup, Markup.MARKDOWN),
        via_title=form.via_title.strip(),
        citation=form.citation.strip(),
        context=form.context.strip(),
        image_alt=form.image_alt.strip(),
        tags=_tags(form.tags, errors),
        series=_series(form.series, errors),
        series_order=_order(form.series_order, errors),
        source=known.source if known else "",
        status=_STATUS.get(action) or (known.status if known else Status.DRAFT),
    )
    if form.slug.strip() and not draft.slug:
        errors["slug"] = "An address is made of letters and digits."
    return Settled(_with_slug(draft, standing), errors | _missing(draft, form, errors), remark)


def _with_slug(draft: Draft, standing: Standing | None) -> Draft:
    """The slug follows the words until the entry has been public, unless the author chose one."""
    if draft.slug or standing is None:
        return draft
    return replace(draft, slug=standing.draft.slug if standing.was_public else slug_of(draft))


def _published(
    form: EntryForm,
    action: Action,
    standing: Standing | None,
    now: datetime,
    zone: ZoneInfo,
    errors: dict[str, str],
) -> tuple[datetime, str]:
    """When the entry is, or was, or will be published, and what is to be said of that time."""
    fallback = standing.draft.published if standing else now
    if action is Action.NOW:
        return now, ""
    if not form.date.strip():
        if action is Action.SCHEDULE:
            errors["date"] = "Say when: a scheduled entry needs a time in the future."
        return _undated(action, standing, now), ""
    if standing and standing.is_dated and form.date.strip() == typed_local(fallback, zone):
        moment, remark = fallback, ""  # with its seconds, and the one of two that it is
    else:
        try:
            read = read_local(form.date, zone)
        except BadTime as error:
            errors["date"] = error.sentence
            return fallback, ""
        moment, remark = read.moment, read.remark
    if action is Action.SCHEDULE and moment <= now:
        errors["date"] = "This time has passed: a scheduled entry needs one in the future."
    if action is Action.PUBLISH and moment > now:
        errors["date"] = "This time is in the future. Schedule it, or publish it now."
    return moment, remark


def _undated(action: Action, standing: Standing | None, now: datetime) -> datetime:
    if standing is None:
        return now
    if standing.was_public:
        return standing.draft.published
    return now if _STATUS.get(action) is Status.PUBLISHED else standing.created


def _one_of(words: Any, text: str, otherwise: Any) -> Any:
    return words(text) if text in {one.value for one in words} else otherwise


def _address(text: str, name: str, errors: dict[str, str]) -> str:
    """An address as typed; ``example.com/page`` is understood, too."""
    typed = text.strip()
    if not typed:
        return ""
    bare = "" if ":" in typed.split("/")[0] or "." not in typed else web_url(f"https://{typed}")
    url = web_url(typed) or bare
    if not url:
        errors[name] = f"“{typed[:100]}” is no http or https address."
    return url


def split_tags(text: str) -> tuple[str, ...]:
    """Return the names in a line of tags, each once, as typed."""
    names = [" ".join(name.split()).removeprefix("#") for name in text.replace("\n", ",").split(",")]
    return tuple(dict.fromkeys(name for name in names if name))


def _tags(text: str, errors: dict[str, str]) -> tuple[str, ...]:
    good: dict[str, str] = {}
    for name in split_tags(text):
        try:
            good.setdefault(slugify(name), name)
        except BadTag as error:
            errors["tags"] = error.sentence
    if len(good) > _MOST_TAGS:
        errors["tags"] = f"These are {len(good)} tags, and an entry has {_MOST_TAGS} at most."
    return tuple(good.values())


def _series(text: str, errors: dict[str, str]) -> str:
    name = " ".join(text.split())
    try:
        return name if not name or slugify(name) else ""
    except BadTag:
        errors["series"] = "A series is named with letters or digits."
        return ""


def _order(text: str, errors: dict[str, str]) -> int | None:
    if not text.strip():
        return None
    if not _ORDER.fullmatch(text.strip()):
        errors["series_order"] = "This is no number from 0 to 999999."
        return None
    return int(text)


def _missing(draft: Draft, form: EntryForm, errors: Mapping[str, str]) -> dict[str, str]:
    """What the entry cannot be without, and what it has too much of."""
    found: dict[str, str] = {}
    if form.kind not in {one.value for one in Kind}:
        found["kind"] = f"“{form.kind[:40]}” is no kind of entry."
    if draft.kind is Kind.LINK and not draft.url and "url" not in errors:
        found["url"] = "A link needs the address it leads to. Without one it can be a note."
    elif not (draft.title or draft.body.strip() or draft.url or "url" in errors):
        found["body"] = "There is nothing here yet."
    if len(draft.title) > _MOST_TITLE:
        found["title"] = f"This title has {len(draft.title):,} characters, and {_MOST_TITLE:,} is the most."
    if len(draft.body) > _MOST_BODY:
        found["body"] = f"This text has {len(draft.body):,} characters, and {_MOST_BODY:,} is the most."
    return found


def joined_tags(names: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Return tags, given as (slug, name), as the form spells them."""
    # What has a comma in it would be read as two.
    return tuple(slug if "," in name else spelled(slug, name) for slug, name in sorted(names))


def spelled(slug: str, name: str) -> str:
    """Return how the form spells what is called so: by its slug, where its name would be read as another.

    A name may be shown that is not the slug's own ("C++" for ``cpp``), and what is typed is read as a name.
    """
    try:
        return name if slugify(name) == slug else slug
    except BadTag:
        return slug
