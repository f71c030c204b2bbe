"""The docs tell the truth: what they name exists, and what exists is in them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from blog.auth.scopes import SCOPES
from blog.cli import COMMANDS
from blog.config import NAMES
from blog.domain.addresses import SEARCH_PARAMETERS
from blog.domain.entry import Draft, Kind, Rejected
from blog.domain.rule_grammar import parse_rule
from blog.domain.rules import STATUS_WORDS, Field, Operator
from blog.web.api.operation import PREFIX
from blog.web.api.routes import OPERATIONS
from blog.web.indieauth import AUTHORIZATION, INTROSPECTION, METADATA, REVOCATION, TOKEN, USERINFO
from blog.web.legacy import OLD_ADDRESSES
from blog.web.micropub.microformats import POINTING, QUOTING, VISIBILITIES
from blog.web.micropub.views import QUERIES
from importers.material import Material
from importers.registry import IMPORTERS, Importer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from blog.web.api.operation import Operation

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*.md")])


def text(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_is_in_the_docs(name: str) -> None:
    assert f"`{name}`" in text("settings.md")


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_is_in_the_readme(command: str) -> None:
    assert f"crosstag {command}" in README


@pytest.mark.parametrize("parameter", [*SEARCH_PARAMETERS, "page"])
def test_every_parameter_of_the_search_is_in_the_docs(parameter: str) -> None:
    assert f"`{parameter}`" in text("filters.md")


@pytest.mark.parametrize("address", OLD_ADDRESSES)
def test_every_old_address_is_in_the_docs(address: str) -> None:
    assert f"`{address}`" in text("filters.md")


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_has_its_address_in_the_docs(kind: Kind) -> None:
    assert f"`/{kind.plural}/`" in text("filters.md")


@pytest.mark.parametrize("importer", IMPORTERS, ids=lambda one: one.name)
def test_every_format_is_in_the_docs(importer: Importer) -> None:
    assert f"| `{importer.name}` |" in text("import.md")


def links() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                yield page.relative_to(ROOT).as_posix(), target


@pytest.mark.parametrize(("page", "target"), sorted(set(links())))
def test_every_link_between_the_docs_leads_somewhere(page: str, target: str) -> None:
    assert ((ROOT / page).parent / target).exists()


@pytest.mark.parametrize("path", re.findall(r"^(blog/[\w/]+\.py)", text("architecture.md"), re.MULTILINE))
def test_every_file_in_the_drawing_is_there(path: str) -> None:
    assert (ROOT / path).exists()


def test_the_makefile_has_the_targets_that_the_readme_names() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^    make (\w+)", README, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_importer_of_the_readme_works_as_written() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    module: dict[str, Any] = {}
    exec(compile(code, "README.md", "exec"), module)
    importer: Importer = module["IMPORTER"]
    lines = b"2014-03-02 https://sqlite.org/ All about SQLite #sqlite #databases\nnonsense\n"
    material = Material.of_bytes(lines, "links.txt")
    assert importer.detect(material)
    assert not importer.detect(Material.of_bytes(b"<rss></rss>", "feed"))
    good, bad = importer.parse(material)
    assert isinstance(good, Draft)
    assert isinstance(bad, Rejected)
    assert (good.title, good.url, good.tags) == (
        "All about SQLite",
        "https://sqlite.org/",
        ("sqlite", "databases"),
    )
    assert (bad.external_id, bad.reason) == ("line 2", "is not: date, address, title")
    lines_of_its_own = [
        line for line in code.splitlines() if line.strip() and not line.startswith(("from", "import"))
    ]
    assert len(lines_of_its_own) <= 20


def test_the_changelog_has_a_place_for_what_comes_next() -> None:
    assert "## [Unreleased]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_every_operation_of_the_api_is_in_the_docs(operation: Operation) -> None:
    assert f"`{operation.method} {PREFIX}{operation.path}`" in text("api.md")


@pytest.mark.parametrize("address", [AUTHORIZATION, TOKEN, INTROSPECTION, REVOCATION, USERINFO, METADATA])
def test_every_address_of_indieauth_is_in_the_docs(address: str) -> None:
    assert f"`{address}`" in text("api.md")


def test_every_property_and_query_of_micropub_is_in_the_docs() -> None:
    names = ["name", "content", "category", "photo", "published", "mp-slug", "post-status", "visibility"]
    for word in (*names, *POINTING, QUOTING, *QUERIES, *VISIBILITIES):
        assert f"`{word}`" in text("api.md"), word


@pytest.mark.parametrize("scope", SCOPES)
def test_every_scope_is_in_the_docs(scope: str) -> None:
    assert f"| `{scope}` |" in text("api.md")


RULES = re.findall(r"^\| `([^`]*→[^`]*)` \|", text("rules.md"), re.MULTILINE)


@pytest.mark.parametrize("line", RULES)
def test_every_rule_in_the_docs_is_one_and_spelled_as_rules_are(line: str) -> None:
    assert str(parse_rule(line)) == line


def test_every_word_of_rules_is_in_the_docs() -> None:
    assert len(RULES) > 10
    for word in (*Field, *Operator, *STATUS_WORDS.values(), "tag", "untag", "drop", "kind", "series", "skip"):
        assert re.search(rf"`[^`\n]*\b{word}\b[^`\n]*`", text("rules.md")), word
