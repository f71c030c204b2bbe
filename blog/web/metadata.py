"""What a page says of itself to machines: the Open Graph, and schema.org as JSON-LD.

https://ogp.me/ and https://schema.org/; templates/_meta.html writes it down.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

from blog.domain.dates import MONTH_NAMES
from blog.domain.entry import Kind
from blog.domain.filters import EVERYTHING, Filter
from blog.queries.cards import card_of_blog, card_of_entry, card_of_filter
from blog.queries.entries import beginning
from blog.web.cards import card_url
from blog.web.context import base_url, knows_base_url, services, whole_url

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from blog.queries.browse import Browse
    from blog.queries.entries import EntryView
    from blog.queries.static_pages import PageView

Thing = dict[str, Any]
_DESCRIPTION: Final = 200
# What search engines show of a headline.
_HEADLINE: Final = 110
_QUOTED: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PageMeta:
    """One page. ``type`` is article or website, ``image`` a whole address, ``things`` are of schema.org.

    ``is_card`` tells whether the image is a card of ours, whose size is known.
    """

    title: str
    description: str = ""
    type: str = "website"
    image: str = ""
    is_card: bool = False
    published: datetime | None = None
    updated: datetime | None = None
    tags: tuple[str, ...] = ()
    things: Sequence[Thing] = field(default_factory=tuple)

    @property
    def linked_data(self) -> Thing:
        """The things as one JSON-LD document."""
        return {"@context": "https://schema.org", "@graph": list(self.things)}


def plain_meta(title: str, description: str = "") -> PageMeta:
    """Describe a page of which there is nothing more to say; it has the card of the blog."""
    image = card_of_whole_blog() if knows_base_url() else ""
    return PageMeta(title=title, description=description, image=image, is_card=bool(image))


def card_of_whole_blog() -> str:
    """Return the whole address of the card of pages that have none of their own."""
    return whole_url(card_url(card_of_blog(services().settings), EVERYTHING.feed_url("png")))


def entry_meta(entry: EntryView) -> PageMeta:
    """Describe the page of an entry."""
    card = card_of_entry(services().settings, entry)
    own = whole_url(entry.image_url) if entry.image_url else ""
    image = own or whole_url(card_url(card, f"{entry.permalink.rstrip('/')}.png"))
    description = beginning(entry.text, _DESCRIPTION)
    year, month = EVERYTHING.in_period(entry.day.year), EVERYTHING.in_period(entry.day.year, entry.day.month)
    places = [
        (str(entry.day.year), year.url()),
        (f"{MONTH_NAMES[entry.day.month - 1]} {entry.day.year}", month.url()),
        (entry.name, entry.permalink),
    ]
    return PageMeta(
        title=entry.name,
        description=description,
        type="article",
        image=image,
        is_card=not own,
        published=entry.published,
        updated=entry.updated,
        tags=tuple(tag.label for tag in entry.tags),
        things=(_work(entry, image), _crumbs(places)),
    )


def _work(entry: EntryView, image: str) -> Thing:
    url = whole_url(entry.permalink)
    work: Thing = {
        "@id": url,
        "url": url,
        "datePublished": entry.published.isoformat(timespec="seconds"),
        "dateModified": entry.updated.isoformat(timespec="seconds"),
        "inLanguage": services().settings.language,
        "isPartOf": {"@id": f"{base_url()}/#blog"},
        "image": image,
    }
    if entry.tags:
        work["keywords"] = [tag.label for tag in entry.tags]
    return work | (_quotation(entry) if entry.kind is Kind.QUOTATION else _posting(entry))


def _quotation(entry: EntryView) -> Thing:
    quotation: Thing = {"@type": "Quotation", "text": entry.text[:_QUOTED]}
    if entry.citation:
        quotation["creator"] = {"@type": "Person", "name": entry.citation}
    return quotation | ({"isBasedOn": entry.url} if entry.url else {})


def _posting(entry: EntryView) -> Thing:
    posting: Thing = {
        "@type": "BlogPosting",
        "headline": beginning(entry.name, _HEADLINE),
        "mainEntityOfPage": whole_url(entry.permalink),
        "author": _author(),
        "wordCount": entry.words,
    }
    return posting | ({"sharedContent": {"@type": "WebPage", "url": entry.url}} if entry.url else {})


def _author() -> Thing:
    settings = services().settings
    person: Thing = {"@type": "Person", "name": settings.author or settings.title, "url": f"{base_url()}/"}
    return person | ({"sameAs": profiles} if (profiles := settings.profiles.split()) else {})


def filter_meta(answer: Browse, name: str = "", description: str = "") -> PageMeta:
    """Describe the page of a filter; ``name`` is what the author calls it."""
    settings, wanted = services().settings, answer.wanted
    card = card_of_filter(settings, wanted, answer.title, name)
    title = name or answer.title
    image = whole_url(card_url(card, wanted.feed_url("png"))) if card else card_of_whole_blog()
    url = whole_url(wanted.url())
    thing: Thing = {
        "@type": "CollectionPage",
        "@id": url,
        "url": url,
        "name": title,
        "isPartOf": {"@id": f"{base_url()}/#blog"},
    }
    return PageMeta(
        title=title,
        description=description or f"{answer.title}: {_entries(answer.total)} on {settings.title}.",
        image=image,
        is_card=True,
        things=(thing, _crumbs([*_places_above(wanted), (title, wanted.url())])),
    )


def description_of(html: str) -> str:
    """Return how a text in HTML begins, without its marks."""
    return beginning(Markup(html).striptags(), _DESCRIPTION) if html else ""  # noqa: S704  # only taken apart


def _entries(count: int) -> str:
    return "one entry" if count == 1 else f"{count:,} entries"


def _places_above(wanted: Filter) -> list[tuple[str, str]]:
    """The pages that a filter's page lies below."""
    if wanted.all_tags:
        return [("Tags", "/tags/")]
    if wanted.year is None:
        return []
    above = [("Archive", "/archive/")]
    if wanted.month:
        above.append((str(wanted.year), EVERYTHING.in_period(wanted.year).url()))
    if wanted.month and wanted.day:
        month = EVERYTHING.in_period(wanted.year, wanted.month)
        above.append((f"{MONTH_NAMES[wanted.month - 1]} {wanted.year}", month.url()))
    return above


def home_meta() -> PageMeta:
    """Describe the home page: the blog, who writes it, and how it is searched."""
    settings, base = services().settings, base_url()
    site: Thing = {
        "@type": "WebSite",
        "@id": f"{base}/#site",
        "url": f"{base}/",
        "name": settings.title,
        "potentialAction": {
            "@type": "SearchAction",
            "target": {"@type": "EntryPoint", "urlTemplate": f"{base}/search/?q={{search_term_string}}"},
            "query-input": "required name=search_term_string",
        },
    }
    blog: Thing = {
        "@type": "Blog",
        "@id": f"{base}/#blog",
        "url": f"{base}/",
        "name": settings.title,
        "inLanguage": settings.language,
        "author": _author(),
    }
    return PageMeta(
        title=settings.title,
        description=settings.tagline,
        image=card_of_whole_blog(),
        is_card=True,
        things=(site, blog | ({"description": settings.tagline} if settings.tagline else {})),
    )


def static_page_meta(page: PageView) -> PageMeta:
    """Describe a page that is no entry."""
    return plain_meta(page.title, description_of(page.html))


def _crumbs(places: Sequence[tuple[str, str]]) -> Thing:
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": at, "name": label, "item": whole_url(address)}
            for at, (label, address) in enumerate([(services().settings.title, "/"), *places], start=1)
        ],
    }
