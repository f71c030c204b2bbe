"""Did you mean: unknown words of a query replaced by the likeliest known ones.

Asked only when nothing was found. Words at one edit (a letter wrong, missing, too many, or two
swapped) are looked up directly, which is a few hundred look-ups however large the index is;
only when there are none, the dictionary's words with the same two first letters are compared,
a bounded number of them. Of the candidates the most frequent wins.
"""

from __future__ import annotations

from difflib import SequenceMatcher
from string import ascii_lowercase
from typing import TYPE_CHECKING, Final, Protocol

from blog.domain.textquery import And, Not, Or, Phrase, Prefix, TextQuery, Title, Word
from blog.search.analysis import tokens

if TYPE_CHECKING:
    from blog.domain.textquery import Leaf, Node, Term, Text

_SHORTEST: Final = 4
_LONGEST: Final = 24
_LIKE_ENOUGH: Final = 0.78
_SAME_BEGINNING: Final = 2


class Dictionary(Protocol):
    """The words as written that an index knows."""

    def frequency(self, field: str, term: str) -> int:
        """In how many documents a word of ``text_words`` is."""

    def beginning_with(self, field: str, prefix: str) -> list[str]:
        """The most frequent words of the texts that begin so; a bounded number."""


def correct(query: TextQuery, dictionary: Dictionary) -> str | None:
    """The query with its unknown words replaced, or None when none can be."""
    if query.node is None:
        return None
    corrected = TextQuery(_in_node(query.node, dictionary))
    return None if corrected == query else str(corrected)


def _in_node(node: Node, dictionary: Dictionary) -> Node:
    if isinstance(node, And):
        return And(tuple(_in_part(part, dictionary) for part in node.parts))
    return _in_part(node, dictionary)


def _in_part(part: Term | Or, dictionary: Dictionary) -> Term | Or:
    if isinstance(part, Or):
        return Or(tuple(term if isinstance(term, Not) else _in_leaf(term, dictionary) for term in part.terms))
    # What is excluded is no reason for finding nothing.
    return part if isinstance(part, Not) else _in_leaf(part, dictionary)


def _in_leaf(leaf: Leaf, dictionary: Dictionary) -> Leaf:
    if isinstance(leaf, Title):
        return Title(_in_text(leaf.text, dictionary))
    return _in_text(leaf, dictionary) if isinstance(leaf, Word | Phrase) else leaf


def _in_text(text: Text, dictionary: Dictionary) -> Text:
    """Replace word by word, so that what stands between them stays."""
    if isinstance(text, Prefix):
        return text
    value = text.value
    for token in reversed(list(tokens(value))):
        better = _better(token.surface, dictionary)
        if better is not None:
            value = value[: token.start] + better + value[token.end :]
    return type(text)(value)


def _better(word: str, dictionary: Dictionary) -> str | None:
    if not (_SHORTEST <= len(word) <= _LONGEST and word.isalpha()) or dictionary.frequency("text_words", word):
        return None
    found = {near: dictionary.frequency("text_words", near) for near in _one_edit(word)}
    best = max(found, key=lambda near: (found[near], near))
    return best if found[best] else _alike(word, dictionary)


def _one_edit(word: str) -> set[str]:
    splits = [(word[:index], word[index:]) for index in range(len(word) + 1)]
    missing = {head + tail[1:] for head, tail in splits if tail}
    swapped = {head + tail[1] + tail[0] + tail[2:] for head, tail in splits if len(tail) > 1}
    wrong = {head + letter + tail[1:] for head, tail in splits if tail for letter in ascii_lowercase}
    added = {head + letter + tail for head, tail in splits for letter in ascii_lowercase}
    return missing | swapped | wrong | added


def _alike(word: str, dictionary: Dictionary) -> str | None:
    matcher = SequenceMatcher(b=word, autojunk=False)
    best, best_ratio = None, _LIKE_ENOUGH
    for candidate in dictionary.beginning_with("text", word[:_SAME_BEGINNING]):
        matcher.set_seq1(candidate)
        if matcher.real_quick_ratio() > best_ratio and matcher.quick_ratio() > best_ratio:
            ratio = matcher.ratio()
            if ratio > best_ratio:
                best, best_ratio = candidate, ratio
    return best
