"""HTML as a tree, near enough to what browsers make of it to find elements by their class.

Elements whose end is left out (``<li>``, ``<p>``, ``<td>``) end where the HTML standard says. An
end that fits nothing is passed over. What is nested too deeply stays on one level.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from importers.html_stream import BreaksOff, Tag, tokens
from importers.text import unescape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_DEEPEST: Final = 200
_VOID: Final = frozenset("area base br col embed hr img input link meta source track wbr".split())
_BLOCKS: Final = frozenset(
    "address article aside blockquote details div dl fieldset figure footer form h1 h2 h3 h4 h5 h6 header hr "
    "main nav ol p pre section table ul".split()
)
_LISTS: Final = frozenset({"ul", "ol", "dl", "table"})
# What the beginning of an element ends, if it is open and no list has begun within it.
_ENDED_BY: Final = {
    "li": frozenset({"li", "p"}),
    "dt": frozenset({"dt", "dd", "p"}),
    "dd": frozenset({"dt", "dd", "p"}),
    "tr": frozenset({"tr", "td", "th"}),
    "td": frozenset({"td", "th"}),
    "th": frozenset({"td", "th"}),
} | {name: frozenset({"p"}) for name in _BLOCKS}


@dataclass(slots=True)
class Node:
    """An element with what is in it; the root has no name."""

    name: str
    source: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Node | str] = field(default_factory=list)

    @property
    def classes(self) -> list[str]:
        """The words of its ``class``."""
        return self.attributes.get("class", "").split()

    def nodes(self) -> Iterator[Node]:
        """The elements directly in it."""
        return (child for child in self.children if isinstance(child, Node))

    def below(self, stops: Callable[[Node], bool] = lambda _: False) -> Iterator[Node]:
        """Every element in it in the order of the text, but nothing within those at which it ``stops``."""
        waiting = [*reversed(list(self.nodes()))]
        while waiting:
            node = waiting.pop()
            yield node
            if not stops(node):
                waiting += reversed(list(node.nodes()))

    def html(self) -> str:
        """What is in it, as it was written."""
        return "".join(child if isinstance(child, str) else child._written() for child in self.children)

    def text(self) -> str:
        """What a reader reads of it; a picture is its description."""
        return " ".join("".join(self._texts()).split())

    def _written(self) -> str:
        return self.source if self.name in _VOID else f"{self.source}{self.html()}</{self.name}>"

    def _texts(self) -> Iterator[str]:
        for child in self.children:
            if isinstance(child, str):
                yield unescape(child)
            elif child.name == "img":
                yield child.attributes.get("alt", "")
            else:
                if child.name in _BLOCKS or child.name == "br":
                    yield " "
                yield from child._texts()


def read_tree(pieces: Iterable[str]) -> Node:
    """The tree of a document; what breaks off in a tag ends before it."""
    root = Node("")
    path = [root]
    try:
        for token in tokens(pieces):
            if isinstance(token, str):
                path[-1].children.append(token)
            elif token.name.startswith("/"):
                _end(path, token.name[1:])
            else:
                _begin(path, token)
    except BreaksOff:
        pass
    return root


def _begin(path: list[Node], tag: Tag) -> None:
    _end_implied(path, _ENDED_BY.get(tag.name, frozenset()))
    node = Node(tag.name, tag.source, tag.attributes())
    path[-1].children.append(node)
    if tag.name not in _VOID and len(path) < _DEEPEST:
        path.append(node)


def _end_implied(path: list[Node], ended: frozenset[str]) -> None:
    while len(path) > 1 and path[-1].name in ended and path[-1].name not in _LISTS:
        path.pop()


def _end(path: list[Node], name: str) -> None:
    for depth in range(len(path) - 1, 0, -1):
        if path[depth].name == name:
            del path[depth:]
            return
