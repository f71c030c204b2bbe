"""The block at the head of a Markdown file: YAML between ``---``, or TOML between ``+++``.

Eleventy names the language behind the first ``---`` ("---json"). Pelican and MultiMarkdown have
lines of keys and values without anything around them, which end at the first empty line.
"""

from __future__ import annotations

import json
import re
import tomllib
from typing import Final

import yaml

_FENCES: Final = {
    "---": ("---", "..."),
    "---yaml": ("---",),
    "---json": ("---",),
    "---toml": ("---",),
    "+++": ("+++",),
}
_METADATA: Final = re.compile(r"([A-Za-z][\w -]{0,30}?)[ \t]*:(?:[ \t]+(.*)|[ \t]*)\Z")
_LISTS: Final = frozenset({"tags", "category", "categories", "keywords"})
# The loader in C takes an eighth of the time, which with 100,000 files is 20 seconds. Not every
# build of PyYAML has it. Both are safe: they make plain values and nothing else.
_FAST_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LINE_OF_TOML = re.compile(r"at line (\d+)")


class BrokenFrontMatter(ValueError):
    """The block cannot be read; the message says where, why and what to do."""


def split_front_matter(text: str) -> tuple[dict[str, object], str]:
    """Return the values of the front matter, with keys in lower case, and the text below it.

    A file that does not begin with one has no values.

    Raises:
        BrokenFrontMatter: it does not end, is not valid, or is not a list of keys and values.
    """
    first, _, rest = text.partition("\n")
    fence = first.rstrip()
    if fence not in _FENCES:
        return _split_metadata(text)
    lines = rest.split("\n")
    end = next((n for n, line in enumerate(lines) if line.rstrip() in _FENCES[fence]), None)
    if end is None:
        raise BrokenFrontMatter(f"Line 1: the front matter has no end; close it with a line “{fence}”")
    block, body = "\n".join(lines[:end]), "\n".join(lines[end + 1 :])
    return _read(fence, block), body.strip("\n")


def begins_with_front_matter(head: str) -> bool:
    """Tell whether a file that begins so has front matter: a fence, or lines with a title and a date."""
    first = head.partition("\n")[0].rstrip()
    return first in _FENCES or _split_metadata(head)[0].keys() >= {"title", "date"}


def _read(fence: str, block: str) -> dict[str, object]:
    match fence:
        case "+++" | "---toml":
            return _toml(block)
        case "---json":
            return _json(block)
        case _:
            return read_yaml(block, first_line=2)


def _split_metadata(text: str) -> tuple[dict[str, object], str]:
    """The lines of keys and values at the beginning, and the rest; none unless a title is among them."""
    values: dict[str, str] = {}
    key, at = "", 0
    lines = text.split("\n")
    for line in lines:
        if not line.strip():
            break
        if key and line.startswith((" ", "\t")):
            values[key] += f" {line.strip()}"
        elif found := _METADATA.match(line.rstrip()):
            key = found[1].lower()
            values[key] = (found[2] or "").strip()
        else:
            return {}, text
        at += 1
    if "title" not in values:
        return {}, text
    return _with_lists(values), "\n".join(lines[at:]).strip("\n")


def _with_lists(values: dict[str, str]) -> dict[str, object]:
    """The values, those of several names as lists; where they have semicolons, these part them."""
    return {
        key: value.split(";" if ";" in value else ",") if key in _LISTS else value
        for key, value in values.items()
    }


def _json(source: str) -> dict[str, object]:
    try:
        return _with_lower_keys(json.loads(source, strict=False), 2)
    except json.JSONDecodeError as error:
        raise BrokenFrontMatter(f"Line {error.lineno + 1}: {error.msg}; correct the JSON there") from error
    except (ValueError, RecursionError) as error:
        raise BrokenFrontMatter(f"From line 2 on: {error}; correct the JSON there") from error


def read_yaml(source: str, first_line: int = 1) -> dict[str, object]:
    """Return the keys, in lower case, and values of a YAML document that is a mapping.

    ``first_line`` is the line of the file on which ``source`` begins.

    Raises:
        BrokenFrontMatter: it is not valid YAML, or something else than a mapping.
    """
    try:
        values = _yaml(source)
    except yaml.MarkedYAMLError as error:
        line = (error.problem_mark.line if error.problem_mark else 0) + first_line
        advice = "put quotes around a value that contains “: ” or begins with a sign"
        raise BrokenFrontMatter(f"Line {line}: {error.problem or error.context}; {advice}") from error
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        # ValueError: 2009-13-45 looks like a date to YAML, which then cannot make one of it.
        reason = str(error).partition("\n")[0]
        raise BrokenFrontMatter(f"From line {first_line} on: {reason}; correct that value") from error
    return _with_lower_keys(values if values is not None else {}, first_line)


def _yaml(source: str) -> object:
    try:
        return yaml.load(source, Loader=_FAST_LOADER)  # noqa: S506  # a safe one
    except yaml.YAMLError:
        # The other loader knows better on which line the mistake is, and says it better.
        return yaml.safe_load(source)


def _toml(source: str) -> dict[str, object]:
    try:
        return _with_lower_keys(tomllib.loads(source), 2)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        found = _LINE_OF_TOML.search(str(error))
        line = int(found[1]) + 1 if found else source.count("\n") + 2  # at its end
        raise BrokenFrontMatter(f"Line {line}: {error}; correct the TOML there") from error


def _with_lower_keys(values: object, line: int) -> dict[str, object]:
    if not isinstance(values, dict):
        raise BrokenFrontMatter(f"Line {line}: this is no list of keys and values; write “title: …”")
    return {str(key).lower(): value for key, value in values.items()}
