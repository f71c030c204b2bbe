"""The engines there are, by the names that the setting ``search_engine`` gives them."""

from __future__ import annotations

from pkgutil import resolve_name
from typing import TYPE_CHECKING, Final

from blog.domain.errors import BadSettings

if TYPE_CHECKING:
    from pathlib import Path

    from blog.search.engine import SearchEngine

# By name, so that nothing of an engine is loaded that is not asked for: tantivy is an extra, which
# need not be installed.
_ENGINES: Final = {
    "whoosh": "blog.search.whoosh_engine:WhooshEngine",
    "tantivy": "blog.search.tantivy_engine:TantivyEngine",
}


def open_engine(name: str, path: Path) -> SearchEngine:
    """Open the engine called ``name`` on the index in ``path``.

    Raises:
        BadSettings: the engine's package is not installed.
        DataFolderInUse: the index needs repair and another process keeps writing to it.
    """
    try:
        opening = resolve_name(_ENGINES[name])
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        wanted = f'search_engine is “{name}”, which is not installed: pip install "crosstag[{name}]".'
        raise BadSettings([wanted]) from error
    engine: SearchEngine = opening(path)
    return engine
