"""Settings, from the environment, the data directory's ``settings.toml``, and the author's browser.

Every setting is a field of ``Settings``. ``CROSSTAG_PAGE_SIZE=40`` in the environment wins
over ``page_size = 40`` in the file, both over what the author set in the browser
(``blog/site.py``), and that over the default. All mistakes are reported at
once, each with what to do about it. docs/settings.md lists them, and a test holds it to this.
"""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from blog.domain.errors import BadSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX: Final = "CROSSTAG_"
SETTINGS_FILE: Final = "settings.toml"
# The standard name that hosting services set, understood beside CROSSTAG_DATABASE_URL.
_DATABASE_URL: Final = "DATABASE_URL"
SEARCH_ENGINES: Final = ("whoosh", "tantivy")
# Of commands and not of the blog: where it is, and the password of an author who is being added.
_OTHERS: Final = {f"{PREFIX}DATA", f"{PREFIX}USER_PASSWORD"}
_PACKAGE: Final = Path(__file__).resolve().parent
DEMO: Final = _PACKAGE / "demo"


def bundled(name: str) -> Path:
    """Return the folder of templates or migrations, in a checkout or in an installed wheel."""
    inside = _PACKAGE / "_bundled" / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


def cores() -> int:
    """Return how many processors this process may use, which in a container are fewer than there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings, checked. Sizes are counts of entries, times are seconds; 0 workers are as many as cores."""

    data_dir: Path
    database_url: str
    title: str = "My linkblog"
    tagline: str = ""
    author: str = ""
    base_url: str = ""
    language: str = "en"
    time_zone: str = "UTC"
    page_size: int = 20
    feed_size: int = 30
    list_words: int = 200
    search_engine: str = "whoosh"
    host: str = "127.0.0.1"
    port: int = 8000
    threads: int = 2
    workers: int = 0
    access_log: bool = True
    cache_megabytes: int = 64
    fetch_timeout: int = 30
    fetch_private: bool = False
    poll: bool = True
    upload_megabytes: int = 200
    api_requests: int = 600
    proxies: int = 0
    head_html: str = ""
    footer_html: str = ""
    script_hosts: str = ""
    profiles: str = ""
    blogroll: bool = False
    webmention: bool = False
    hub: str = ""
    # Those that the settings file or the environment says, and where: the browser cannot change them.
    given: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def zone(self) -> ZoneInfo:
        """The blog's own time zone."""
        return ZoneInfo(self.time_zone)

    @property
    def search_dir(self) -> Path:
        """Where the text index lives: each engine has a place of its own, so one can change back and forth."""
        return self.data_dir / ("search" if self.search_engine == "whoosh" else f"search-{self.search_engine}")

    @property
    def media_dir(self) -> Path:
        """Where the pictures are that were uploaded."""
        return self.data_dir / "media"

    @property
    def cards_dir(self) -> Path:
        """Where the cards are that were drawn; all of it can be thrown away."""
        return self.data_dir / "cache" / "cards"

    @property
    def authority(self) -> str:
        """The host that ``tag:`` URIs of new entries name (RFC 4151, section 2.1)."""
        return urlsplit(self.base_url).hostname or "localhost"


NAMES: Final = tuple(one.name for one in fields(Settings) if one.name not in ("data_dir", "given"))
# What an author may set in the browser; the rest is the operator's.
AMENDABLE: Final = (
    *("title", "tagline", "author", "base_url", "language", "time_zone"),
    *("page_size", "feed_size", "list_words", "head_html", "footer_html", "script_hosts"),
    *("profiles", "blogroll"),
    *("webmention", "hub"),
)


def load(data_dir: Path, environ: Mapping[str, str]) -> Settings:
    """Read the settings of the blog in ``data_dir``.

    Raises:
        BadSettings: naming every mistake in the file and in the environment.
    """
    mistakes: list[str] = []
    given = _from_file(data_dir / SETTINGS_FILE, mistakes) | _from_environment(environ, mistakes)
    known = {one.name: one.type for one in fields(Settings) if one.name in NAMES}
    values = {
        name: _typed(name, value, where, str(known[name]), mistakes)
        for name, (value, where) in given.items()
        if name in known
    }
    _check(values, mistakes)
    if mistakes:
        raise BadSettings(mistakes)
    # Made by the library: a directory's name may hold what means something in a URL.
    own = URL.create("sqlite", database=str(data_dir.resolve() / "blog.db"))
    values.setdefault("database_url", own.render_as_string())
    values["base_url"] = str(values.get("base_url", "")).rstrip("/")
    return Settings(data_dir=data_dir, **values, given={name: where for name, (_, where) in given.items()})


def amended(settings: Settings, wanted: Mapping[str, Any]) -> Settings:
    """Return the settings with what the author set in the browser, where nothing else says it.

    Raises:
        BadSettings: naming every value that is none for its setting.
    """
    values = {name: value for name, value in wanted.items() if name in AMENDABLE and name not in settings.given}
    mistakes: list[str] = []
    _check(values, mistakes)
    if mistakes:
        raise BadSettings(mistakes)
    if "base_url" in values:
        values["base_url"] = str(values["base_url"]).rstrip("/")
    return replace(settings, **values)


def _from_file(path: Path, mistakes: list[str]) -> dict[str, tuple[Any, str]]:
    if not path.exists():
        return {}
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        mistakes.append(f"{path} is not TOML: {error}.")
        return {}
    except OSError as error:
        mistakes.append(f"{path} cannot be read: {error.strerror}.")
        return {}
    for name in table:
        _report_unknown(name, str(path), mistakes)
    return {name: (value, f"{name} in {path}") for name, value in table.items()}


def _from_environment(environ: Mapping[str, str], mistakes: list[str]) -> dict[str, tuple[Any, str]]:
    found: dict[str, tuple[Any, str]] = {}
    if environ.get(_DATABASE_URL):
        found["database_url"] = (environ[_DATABASE_URL], _DATABASE_URL)
    for variable, value in environ.items():
        if not variable.startswith(PREFIX) or variable in _OTHERS:
            continue
        name = variable.removeprefix(PREFIX).lower()
        _report_unknown(name, "the environment", mistakes)
        found[name] = (value, variable)
    return found


def _report_unknown(name: str, where: str, mistakes: list[str]) -> None:
    if name not in NAMES:
        near = get_close_matches(name, NAMES, 1)
        mistakes.append(
            f"{where} sets “{name}”, which is no setting." + (f" Is {near[0]} meant?" if near else "")
        )


def _typed(name: str, value: Any, where: str, wanted: str, mistakes: list[str]) -> Any:
    if wanted == "int":
        return _whole_number(value, where, mistakes)
    if wanted == "bool":
        return _yes_or_no(value, where, mistakes)
    if not isinstance(value, str):
        mistakes.append(f"{where} is {value!r}; it takes text in quotes.")
    return value


def _whole_number(value: Any, where: str, mistakes: list[str]) -> int:
    if isinstance(value, str) and re.fullmatch(r"\s*[0-9]{1,12}\s*", value):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    mistakes.append(f"{where} is {value!r}; it takes a whole number.")
    return 1


def _yes_or_no(value: Any, where: str, mistakes: list[str]) -> bool:
    words = {
        "true": True,
        "1": True,
        "yes": True,
        "on": True,
        "false": False,
        "0": False,
        "no": False,
        "off": False,
    }
    if isinstance(value, bool):
        return value
    if str(value).lower() in words:
        return words[str(value).lower()]
    mistakes.append(f"{where} is {value!r}; it takes true or false.")
    return False


_HOST: Final = re.compile(r"https://[a-zA-Z0-9.-]+(:[0-9]+)?")
_PROFILE: Final = re.compile(r"https?://[^\s/]+(/\S*)?|mailto:[^\s@]+@[^\s@]+")
_RANGES: Final = {
    "page_size": (1, 200),
    "feed_size": (1, 200),
    "list_words": (20, 5_000),
    "port": (1, 65_535),
    "threads": (1, 64),
    "workers": (0, 64),
    "cache_megabytes": (0, 100_000),
    "fetch_timeout": (1, 600),
    "upload_megabytes": (1, 100_000),
    "api_requests": (0, 1_000_000),
    "proxies": (0, 10),
}


def _check(values: Mapping[str, Any], mistakes: list[str]) -> None:
    for name, (least, most) in _RANGES.items():
        if name in values and not least <= values[name] <= most:
            mistakes.append(f"{name} is {values[name]}; it goes from {least} to {most}.")
    if "time_zone" in values and not _is_zone(values["time_zone"]):
        mistakes.append(f"time_zone is “{values['time_zone']}”; it takes a name such as Europe/London.")
    if values.get("search_engine", "whoosh") not in SEARCH_ENGINES:
        mistakes.append(
            f"search_engine is “{values['search_engine']}”; it takes {' or '.join(SEARCH_ENGINES)}."
        )
    base = str(values.get("base_url", ""))
    if base and not _is_base_url(base):
        mistakes.append(f"base_url is “{base}”; it takes a URL without a path, such as https://example.com.")
    mistakes += [
        f"script_hosts has “{host}”; it takes addresses such as https://stats.example."
        for host in str(values.get("script_hosts", "")).split()
        if not _HOST.fullmatch(host)
    ]
    mistakes += [
        f"profiles has “{url}”; it takes addresses such as https://social.example/@ada, with a space between."
        for url in str(values.get("profiles", "")).split()
        if not _PROFILE.fullmatch(url)
    ]
    hub = str(values.get("hub", ""))
    if hub and not _is_web_address(hub):
        mistakes.append(f"hub is “{hub}”; it takes an address such as https://pubsubhubbub.appspot.com/.")
    if "database_url" in values and not _is_database_url(str(values["database_url"])):
        mistakes.append("database_url begins with sqlite:/// or postgresql+psycopg://, and no other way.")


def _is_zone(name: object) -> bool:
    try:
        ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _is_database_url(text: str) -> bool:
    try:
        url = make_url(text)
    except ArgumentError:
        return False
    return url.drivername in ("sqlite", "postgresql+psycopg") and bool(url.database)


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    is_plain = text.isascii() and text.isprintable() and not set(text) & set(' <>",')
    return parts.scheme in ("http", "https") and bool(parts.hostname) and is_plain


def _is_base_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https")
        and bool(parts.hostname)
        and parts.path in ("", "/")
        and not (parts.query or parts.fragment)
    )
