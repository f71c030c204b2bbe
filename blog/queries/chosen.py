"""What names of tags stand for: a tag that is there, by any name it has or had, or one that would be new."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from blog.domain.errors import BadTag
from blog.domain.tags import slugify

if TYPE_CHECKING:
    from collections.abc import Iterable

    from blog.facets.snapshot import Snapshot
    from blog.services import Services

_MOST: Final = 200
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class ChosenTag:
    """What was typed, and the tag that it becomes; ``problem`` says why it can be none.

    ``is_new`` tells that saving makes it, and ``is_old_name`` that the tag has another name now.
    """

    typed: str
    name: str = ""
    slug: str = ""
    count: int = 0
    is_new: bool = False
    is_old_name: bool = False
    problem: str = ""


def chosen_tags(services: Services, names: Iterable[str]) -> tuple[ChosenTag, ...]:
    """Return what each of these names, as typed, stands for."""
    snapshot = services.facets.current()
    return tuple(_chosen(snapshot, name) for name in list(names)[:_MOST])


def _chosen(snapshot: Snapshot, typed: str) -> ChosenTag:
    try:
        slug = slugify(typed[:_LONGEST])
    except BadTag as error:
        return ChosenTag(typed, typed, problem=error.sentence)
    names = snapshot.names
    living = names.aliases.get(slug, slug) if slug not in names.tags else slug
    tag = names.tags.get(living)
    if tag is None:
        return ChosenTag(typed, typed.strip(), slug, is_new=True)
    return ChosenTag(typed, tag.name, tag.slug, snapshot.tags.size(tag.id), is_old_name=living != slug)
