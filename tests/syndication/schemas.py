"""The schemas that feeds are held against: RELAX NG for Atom, JSON Schema for JSON Feed."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
from lxml import etree

_HERE = Path(__file__).resolve().parent


@cache
def _atom() -> Any:
    return etree.RelaxNG(file=str(_HERE / "atom.rng"))


@cache
def _json_feed() -> Any:
    return jsonschema_rs.validator_for(json.loads((_HERE / "jsonfeed.schema.json").read_text()))


def atom_faults(document: bytes) -> list[str]:
    """Return what the schema of RFC 4287 (appendix B) finds wrong with a document."""
    schema = _atom()
    return [] if schema.validate(etree.fromstring(document)) else [str(one) for one in schema.error_log]


def json_faults(document: bytes) -> list[str]:
    """Return what the schema of JSON Feed 1.1 finds wrong with a document; dates count for the schema only."""
    return [str(one) for one in _json_feed().iter_errors(json.loads(document))]
