"""HTML read a token at a time, as browsers cut it, from text that comes in pieces.

The standard library's parser takes 27 seconds for 50 kB of ``<a <a <a``. Here every
character is looked at a bounded number of times: a tag is found by one expression that
never goes back, and one that does not end within ``LONGEST_TAG`` characters ends the reading.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from importers.text import unescape

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Icons stand in attributes, as images in base 64.
LONGEST_TAG: Final = 8_000_000

_TAG: Final = re.compile(
    r"""</?([a-zA-Z][^\s/>]*+)          # its name
    (?: [^>=]++                         # names of attributes, and values without quotes
      | =\s*+(?: "[^"]*+" | '[^']*+' | (?=[^\s"']) )
    )*+ >""",
    re.VERBOSE,
)
_ATTRIBUTE: Final = re.compile(r"""([^\s/>="']++)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s>"']*+))""")
_UNSEEN: Final = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in ("script", "style")}
_COULD_BE_TAG: Final = re.compile(r"</?[a-zA-Z]|<[!?]|</?\Z")


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag: its name in lower case, with a slash before it where it ends an element."""

    name: str
    source: str

    def attributes(self) -> dict[str, str]:
        """The values by name in lower case; of a name that stands twice, the first counts."""
        found: dict[str, str] = {}
        for match in _ATTRIBUTE.finditer(self.source):
            found.setdefault(match[1].lower(), unescape(match[2] or match[3] or match[4] or ""))
        return found


class BreaksOff(ValueError):
    """The text ends within a tag, or a tag does not end; what stood there is ``args[0]``."""


class _Buffer:
    """The text that was not read yet, as far as it came."""

    def __init__(self, pieces: Iterable[str]) -> None:
        self._pieces = iter(pieces)
        self.text = ""
        self.at = 0

    def more(self) -> bool:
        """Take in at least as much as is there; tell whether anything came."""
        wanted = max(len(self.text) - self.at, 1)
        parts = [self.text[self.at :]]
        while wanted > 0 and (piece := next(self._pieces, None)) is not None:
            parts.append(piece)
            wanted -= len(piece)
        self.text, self.at = "".join(parts), 0
        return any(parts[1:])


def tokens(pieces: Iterable[str]) -> Iterator[Tag | str]:
    """Yield tags, and the text between them as it is written; comments, scripts and styles are left out.

    Raises:
        BreaksOff: the text ends in the middle of a tag.
    """
    buffer = _Buffer(pieces)
    while buffer.at < len(buffer.text) or buffer.more():
        start = _COULD_BE_TAG.search(buffer.text, buffer.at)
        end = start.start() if start else len(buffer.text)
        if end > buffer.at:
            yield buffer.text[buffer.at : end]
            buffer.at = end
        elif buffer.text.startswith(("<!", "<?"), buffer.at):
            _skip_declaration(buffer)
        elif buffer.text.startswith(("<", "</"), buffer.at):
            found = _tag(buffer)
            yield found
            if isinstance(found, Tag) and found.name in _UNSEEN:
                _skip_to(buffer, _UNSEEN[found.name])


def _tag(buffer: _Buffer) -> Tag | str:
    while not (found := _TAG.match(buffer.text, buffer.at)):
        if len(buffer.text) - buffer.at > LONGEST_TAG or not buffer.more():
            return _end(buffer)
    buffer.at = found.end()
    name = found[1].lower()
    return Tag(f"/{name}" if found.group().startswith("</") else name, found.group())


def _end(buffer: _Buffer) -> str:
    """What cannot be a tag because the text ends: a lone ``<`` is text, anything else is broken."""
    rest = buffer.text[buffer.at :]
    if rest.strip() in {"<", "</"}:
        buffer.at = len(buffer.text)
        return rest
    raise BreaksOff(rest[:2_000])


def _skip_declaration(buffer: _Buffer) -> None:
    """Go behind a comment, a document type or a processing instruction."""
    while len(buffer.text) - buffer.at < 4 and buffer.more():
        pass
    end = "-->" if buffer.text.startswith("<!--", buffer.at) else ">"
    _skip_to(buffer, re.compile(end))
    buffer.at = min(buffer.at + len(end), len(buffer.text))


def _skip_to(buffer: _Buffer, end: re.Pattern[str]) -> None:
    """Go to where ``end`` matches, or to the end of the text; nothing of it is kept meanwhile."""
    while not (found := end.search(buffer.text, buffer.at)):
        buffer.at = max(buffer.at, len(buffer.text) - len("</script>"))
        if not buffer.more():
            buffer.at = len(buffer.text)
            return
    buffer.at = found.start()
