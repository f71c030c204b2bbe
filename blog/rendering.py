"""From what an author or an importer wrote to HTML that is safe to show, and to plain text.

Everything that is stored as HTML has been through ``render``: Markdown becomes HTML, HTML of
any age is parsed as browsers do, and what is not on a short list of elements, attributes and
URL schemes is dropped (nh3, a binding of ammonia). That comes last, after everything that
makes or rewrites markup, and nothing is marked as safe anywhere else.
"""

from __future__ import annotations

import html
import re
import threading
from typing import TYPE_CHECKING, Final, NamedTuple

import nh3
from markdown import Markdown
from markdown.extensions.codehilite import CodeHiliteExtension
from markdown.extensions.fenced_code import FencedCodeExtension
from markdown.extensions.footnotes import FootnoteExtension
from markdown.extensions.tables import TableExtension

from blog.domain.entry import Markup
from blog.domain.html_depth import levelled
from blog.domain.pictures import SMALL_WIDTH, PictureName

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_TAGS: Final = set(
    "a abbr acronym audio b bdi bdo blockquote br caption center cite code col colgroup dd del details dfn "
    "div dl dt em figcaption figure h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p picture pre q rp rt ruby s "
    "samp small source span strong sub summary sup table tbody td tfoot th thead tr tt u ul var video".split()
)
_ATTRIBUTES: Final = {
    "*": {"title", "lang", "dir", "id"},
    "a": {"href", "hreflang"},
    "blockquote": {"cite"},
    "q": {"cite"},
    "del": {"cite", "datetime"},
    "ins": {"cite", "datetime"},
    "img": {"src", "srcset", "alt", "width", "height"},
    "source": {"src", "srcset", "type", "media"},
    "video": {"src", "poster", "width", "height", "controls", "preload", "loop", "muted", "playsinline"},
    "audio": {"src", "controls", "preload"},
    "col": {"span"},
    "colgroup": {"span"},
    "td": {"colspan", "rowspan", "headers"},
    "th": {"colspan", "rowspan", "headers", "scope"},
    "ol": {"start", "type", "reversed"},
    "li": {"value"},
    "details": {"open"},
}
# The classes that Pygments and the footnotes write, and nobody else's.
_CLASSES: Final = re.compile(r"^(highlight|footnote|footnote-ref|footnote-backref|[a-z][a-z0-9]{0,2})$")
_CLASSED: Final = ("span", "div", "code", "pre", "a", "sup")
_SCHEMES: Final = {"http", "https", "mailto", "tel", "xmpp", "ftp", "geo", "magnet"}
_DROPPED_WHOLE: Final = {"script", "style", "template", "noscript", "iframe", "object", "math", "svg"}

# nh3 writes every attribute in double quotes and escapes those inside, so in its output this
# finds elements and nothing else: a "<" of the text is always "&lt;".
_TAG: Final = re.compile(r"""<(/?)([a-z][a-z0-9]*)((?:\s+[^\s=">]+="[^"]*")*)\s*/?>""")
_VOID: Final = {"area", "br", "col", "hr", "img", "input", "source", "wbr"}
_BLOCKS: Final = set(
    "blockquote br caption dd details div dl dt figcaption figure h2 h3 h4 h5 h6 hr li ol p pre summary table "
    "td th tr ul".split()
)
_WORDS: Final = re.compile(r"[^\W_]+(?:['’.\-][^\W_]+)*")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
# What is longer than this is cut before it is parsed: no author wrote it, and parsing it hurts.
MAX_BODY: Final = 5_000_000


class Unrendered(NamedTuple):
    """What ``render`` is told of a body."""

    body: str
    markup: Markup
    anchor: str
    list_words: int


class Rendered(NamedTuple):
    """A body ready to be stored.

    ``short_html`` is empty unless it is shorter than ``html``; ``words`` counts all of it.
    """

    html: str
    short_html: str
    text: str
    words: int


def render(body: str, markup: Markup, anchor: str = "", list_words: int = 200) -> Rendered:
    """Make the HTML, the form for lists, and the plain text of a body.

    ``anchor`` is put before every ``id`` and every link to one, so that the footnotes of
    two entries on one page do not meet. ``list_words`` is how long the form for lists may be.
    """
    clean = to_html(body, markup, anchor=anchor)
    text = plain_text(clean)
    words = count_words(text)
    return Rendered(clean, shortened(clean, list_words) if words > list_words else "", text, words)


def to_html(body: str, markup: Markup, *, anchor: str = "") -> str:
    """Return a body as safe HTML."""
    return sanitised(_TO_HTML[markup](clean_text(body[:MAX_BODY])), anchor=anchor)


def clean_text(text: str) -> str:
    """Take out control characters, which neither HTML nor XML can hold, and settle line ends."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


class _Tools(threading.local):
    """What costs more to make than a short body costs to render, kept for the next body.

    Neither may be used by two threads at once, so each thread has its own.
    """

    def __init__(self) -> None:
        self.anchor = ""
        self.converter = _converter()
        self.cleaner = nh3.Cleaner(
            tags=_TAGS,
            clean_content_tags=_DROPPED_WHOLE,
            attributes=_ATTRIBUTES | {tag: _ATTRIBUTES.get(tag, set()) | {"class"} for tag in _CLASSED},
            attribute_filter=lambda tag, name, value: _attribute(tag, name, value, self.anchor),
            url_schemes=_SCHEMES,
            link_rel=None,
            strip_comments=True,
        )


def _converter() -> Markdown:
    return Markdown(
        extensions=[
            FencedCodeExtension(),
            CodeHiliteExtension(css_class="highlight", guess_lang=False),
            TableExtension(),
            FootnoteExtension(BACKLINK_TEXT="↩"),
        ],
        output_format="html",
    )


def _markdown(body: str) -> str:
    if not body.strip():
        return ""
    try:
        # The reset forgets the footnotes and the references to links of the body before.
        return _TOOLS.converter.reset().convert(_BLOCK.sub(_tamed, body))
    except RecursionError:
        # Hundreds of lists within lists: nobody wrote this, but nothing of it may be lost either.
        # How deep the converter was is what no reset makes it forget.
        _TOOLS.converter = _converter()
        return _from_text(body)


# Python-Markdown takes time by the square of the number of open brackets in one block (20,000 of
# them: a minute) and one recursion for each ">". Beyond what anybody writes they are just text.
_BLOCK: Final = re.compile(r"(?:[^\n]*[^\s][^\n]*\n?)+")
_MOST_BRACKETS: Final = 1_000
_DEEP_QUOTES: Final = re.compile(r"^[ \t]*(?:>[ \t]?){20,}", re.MULTILINE)


def _tamed(block: re.Match[str]) -> str:
    text = _DEEP_QUOTES.sub(lambda quotes: quotes.group()[:40], block.group())
    return text.replace("[", "\\[") if text.count("[") > _MOST_BRACKETS else text


def _from_text(body: str) -> str:
    """Plain text of old blogs: blank lines part paragraphs, single line ends are kept."""
    paragraphs = re.split(r"\n\s*\n", body.strip())
    return "".join(f"<p>{html.escape(one).replace(chr(10), '<br>')}</p>" for one in paragraphs if one.strip())


_TO_HTML: Final[dict[Markup, Callable[[str], str]]] = {
    Markup.MARKDOWN: _markdown,
    Markup.HTML: lambda body: body,
    Markup.TEXT: _from_text,
}


def sanitised(markup: str, *, anchor: str = "") -> str:
    """Return only what is on the lists above; images load lazily, other people's ids stay apart.

    A page has one ``h1``, its title, so headings of that rank in a body become ``h2``.
    """
    lowered = levelled(_H1.sub(r"<\1h2", markup))
    _TOOLS.anchor = anchor
    clean = _TOOLS.cleaner.clean(lowered).strip()
    return _TAG.sub(_lazily, clean) if "<img" in clean else clean


_H1: Final = re.compile(r"<(/?)h1(?=[\s>])", re.IGNORECASE)
# A form of the sanitiser that reads its lists once: given with each call they cost ten times the cleaning.
_TOOLS: Final = _Tools()


def _lazily(element: re.Match[str]) -> str:
    # nh3 can set attributes, too, but in another order each time: the same body would not be
    # the same HTML.
    if element.group(2) != "img":
        return element.group()
    attributes = element.group(3)
    return f'<img{attributes}{_known_of(attributes)} loading="lazy" decoding="async">'


def _known_of(attributes: str) -> str:
    """What the name of an uploaded picture tells of it, where the author says nothing else.

    With its size the page leaves room for it, and does not jump when it arrives.
    """
    source = _SOURCE.search(attributes)
    name = PictureName.at(source.group(1)) if source else None
    if name is None or _SIZED.search(attributes):
        return ""
    size = f' width="{name.width}" height="{name.height}"'
    if name.small is None:
        return size
    both = f"{name.small.address} {SMALL_WIDTH}w, {name.address} {name.width}w"
    return f'{size} srcset="{both}" sizes="{_SIZES}"'


_SOURCE: Final = re.compile(r'\ssrc="([^"]*)"')
_SIZED: Final = re.compile(r"\s(?:width|height|srcset)=")
# As wide as the column of text in blog/static/style.css.
_SIZES: Final = "(min-width: 40rem) 36.5rem, 100vw"


def _attribute(tag: str, name: str, value: str, anchor: str) -> str | None:
    if name == "class":
        kept = " ".join(word for word in value.split() if _CLASSES.fullmatch(word))
        return kept or None
    if name == "id":
        return f"{anchor}{value}" if anchor and value else None
    if name == "href" and value.startswith("#") and len(value) > 1 and anchor:
        return f"#{anchor}{value[1:]}"
    if name in ("width", "height") and not re.fullmatch(r"\d{1,5}%?", value.strip()):
        return None
    if name == "srcset" and re.search(r"(?i)(javascript|data|vbscript)\s*:", value):
        return None
    return value


_FOOTNOTE_MARKS: Final = re.compile(r'<a class="footnote-(?:back)?ref"[^>]*>[^<]*</a>')


def plain_text(clean: str) -> str:
    """Return the text of sanitised HTML; a block begins a new line."""
    lines = (line.strip() for line in _with_gaps(clean).split("\n"))
    return "\n".join(line for line in lines if line)


def _with_gaps(clean: str) -> str:
    """The text of sanitised HTML with a line end for each beginning and end of a block."""
    return html.unescape(_TAG.sub(_gap, _FOOTNOTE_MARKS.sub("", clean)))


def _gap(found: re.Match[str]) -> str:
    return "\n" if found.group(2) in _BLOCKS else ""


def count_words(text: str) -> int:
    """Count the words; a run of CJK, which writes no spaces, counts one word for two characters."""
    return sum(1 if word.isascii() else _words_of(word) for word in _WORDS.findall(text))


def _words_of(run: str) -> int:
    wide = sum("\u3040" <= character <= "\u9fff" or "\uac00" <= character <= "\ud7a3" for character in run)
    return 1 if wide < 2 else (wide + 1) // 2


def shortened(clean: str, limit: int) -> str:
    """Return the leading whole blocks of sanitised HTML that hold up to ``limit`` words.

    At least the first block is kept, whatever its length, and no heading is left at the end
    with nothing below it. The result is empty when that would be everything.
    """
    start = kept = words = 0
    open_end = ""
    for end in _block_ends(clean):
        # Each block is read once. What stands after the last space may be the beginning of a word
        # that goes on in the next block, so it is counted with that.
        whole, open_end = _parted(open_end + _with_gaps(clean[start:end]))
        words += count_words(whole)
        if kept and words + count_words(open_end) > limit:
            break
        if not _HEADING.match(clean, start):
            kept = end
        start = end
    kept = kept or start
    return clean[:kept].rstrip() if clean[kept:].strip() else ""


_HEADING: Final = re.compile(r"\s*<h[2-6]\b")


def _parted(text: str) -> tuple[str, str]:
    """The text up to its last space, and what follows."""
    if text[-1:].isspace():
        return text, ""
    before, *end = text.rsplit(maxsplit=1) or ("",)
    return (before, end[0]) if end else ("", before)


def _block_ends(clean: str) -> Iterator[int]:
    """Where each outermost element ends."""
    depth = 0
    for found in _TAG.finditer(clean):
        closing, name = found.group(1), found.group(2)
        if name in _VOID:
            continue
        depth += -1 if closing else 1
        if closing and depth == 0:
            yield found.end()


def absolute(clean: str, base_url: str, page_url: str) -> str:
    """Make the addresses in sanitised HTML absolute, as a feed needs them.

    ``base_url`` is the blog's, without a slash at its end; ``page_url`` the entry's own page,
    which links within the page and relative ones start from.
    """

    def join(address: str) -> str:
        return _joined(address, base_url, page_url)

    def whole(found: re.Match[str]) -> str:
        tag = _RELATIVE.sub(lambda one: f'{one.group(1)}"{join(one.group(2))}"', found.group())
        return _SRCSET.sub(
            lambda one: _CANDIDATE.sub(lambda part: part.group(1) + join(part.group(2)), one.group()), tag
        )

    return _TAG.sub(whole, clean) if _RELATIVE.search(clean) or _SRCSET.search(clean) else clean


_RELATIVE: Final = re.compile(r'(\s(?:href|src|poster|cite)=)"(?![a-zA-Z][a-zA-Z0-9+.\-]*:)([^"]*)"')

_SRCSET: Final = re.compile(r'\ssrcset="[^"]*"')
# The address at the beginning of each candidate; addresses may hold commas of their own.
_CANDIDATE: Final = re.compile(r'(="\s*|,\s+|(?<=\d[wx]),)(?![a-zA-Z][a-zA-Z0-9+.\-]*:)([^\s"]+?)(?=,?[\s"])')


def _joined(address: str, base_url: str, page_url: str) -> str:
    if address.startswith("//"):
        return f"{base_url.partition(':')[0]}:{address}"
    if address.startswith("/"):
        return f"{base_url}{address}"
    return (
        f"{page_url}{address}" if address.startswith(("#", "?")) else f"{page_url.rpartition('/')[0]}/{address}"
    )
