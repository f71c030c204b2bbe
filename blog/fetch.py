"""The only place that talks to the network: one GET or POST, and nothing it meets is trusted.

Whoever names an address (a feed, a link to import) must not be able to make this server
talk to its own neighbours, wait for ever or fill its memory. So a name is resolved once,
every address it has is checked, and the connection goes to that very address: a second
look-up could have another answer. TLS still asks for, and verifies, the name.

httpx reads addresses; underneath its client, httpcore speaks HTTP. Nothing is added to
that on purpose: no cookies, no redirects but ours, no proxies or passwords from the
environment, and no decompression but ours, which is bounded.
"""

from __future__ import annotations

import http
import queue
import re
import socket
import sys
import threading
import time
import zlib
from dataclasses import dataclass, replace
from email.utils import mktime_tz, parsedate_tz
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlencode

import brotli
import httpcore
import httpx

from blog.domain.errors import BadStatus, FetchRefused

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

USER_AGENT: Final = "Crosstag/0.1"
MAX_REDIRECTS: Final = 5
CONNECT_SECONDS: Final = 10.0
_PORTS: Final = {80, 443, 8080, 8443}
_MOVED: Final = frozenset({301, 302, 303, 307, 308})
_FOR_GOOD: Final = {301, 308}
# After a 303 a form has been taken, and what it leads to is a page for people. The others mean: send it
# there. That browsers make a GET of some is for history's sake, and would lose what is to be said.
_MOVED_FORM: Final = frozenset({301, 302, 307, 308})
_LONGEST_HEADER: Final = 2_000
_LONGEST_WAIT: Final = 366 * 86_400
# What RFC 9659 lets a sender ask of us: 8 MB. By itself the library would give 128.
_ZSTD_WINDOW: Final = 23
_HOST: Final = re.compile(rb"[a-zA-Z0-9._:-]{1,253}")
_MOST_ADDRESSES: Final = 4
_PIECE: Final = 65_536

# Routable by their number, but they are, or may lead to, an IPv4 address that is not:
# IPv4-compatible and -mapped, NAT64, Teredo, 6to4 and its relays (RFC 6890, 6052, 8215).
# The last two belong to protocols and documentation, which Python learnt only later.
_SPECIAL: Final = tuple(
    map(
        ip_network,
        "::/96 ::ffff:0:0/96 ::ffff:0:0:0/96 64:ff9b::/96 64:ff9b:1::/48 2001::/32 2002::/16 "
        "192.88.99.0/24 192.0.0.0/24 3fff::/20".split(),
    )
)
_GLOBAL_IPV6: Final = ip_network("2000::/3")  # all that is in use as global unicast


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """An answer: where it came from, what its headers say, and its decompressed body.

    ``url`` is the address it came from in the end, ``permanent_url`` the one to ask from now on:
    where redirects that are meant for good led to. A status of 304 says that what was had before
    (``etag``, ``last_modified``) still is what there is; ``data`` is empty then. Headers that are
    absent, or absurdly long, are empty; ``retry_after`` is in seconds.
    """

    url: str
    permanent_url: str
    status: int
    data: bytes
    content_type: str = ""
    content_language: str = ""
    etag: str = ""
    last_modified: str = ""
    cache_control: str = ""
    link: str = ""
    location: str = ""
    retry_after: int | None = None


def user_agent_of(blog_url: str) -> str:
    """Return a ``User-Agent`` that says which blog asks, so that its author can be told of trouble."""
    address = "".join(character for character in blog_url if "!" <= character <= "~" and character not in "()")
    return f"{USER_AGENT} (+{address})" if address else USER_AGENT


def fetch(
    url: str,
    *,
    timeout: float = 30.0,
    cap: int = 10_000_000,
    allow_private: bool = False,
    user_agent: str = USER_AGENT,
    etag: str = "",
    last_modified: str = "",
    resolve: Callable[[str, int], list[str]] | None = None,
    tls: ssl.SSLContext | None = None,
) -> Fetched:
    """Get ``url``, following up to ``MAX_REDIRECTS`` redirects.

    Args:
        url: an http or https address on port 80, 443, 8080 or 8443.
        timeout: seconds for everything together: names, redirects, the last byte.
        cap: the most bytes the body may have, compressed or not.
        allow_private: also fetch from addresses and ports that only this network can reach.
        user_agent: what is sent as ``User-Agent``.
        etag: of the answer before, to be told 304 while nothing has changed.
        last_modified: of the answer before, too.
        resolve: name and port to addresses; the system's resolver by default.
        tls: what certificates are verified against; the public authorities by default.

    Raises:
        BadStatus: the answer is a 4xx or 5xx.
        FetchRefused: the address is not one to fetch from, or there is no good answer.
    """
    conditions = {"If-None-Match": etag, "If-Modified-Since": last_modified}
    question = _Question("GET", _MOVED, _headers({"User-Agent": user_agent, **conditions}))
    network = _CheckedNetwork(_Deadline(timeout), resolve or _system_addresses, allow_private=allow_private)
    return _ask(url, question, network, cap, tls)


def post(
    url: str,
    fields: Sequence[tuple[str, str]],
    *,
    timeout: float = 30.0,
    cap: int = 1_000_000,
    allow_private: bool = False,
    user_agent: str = USER_AGENT,
    resolve: Callable[[str, int], list[str]] | None = None,
    tls: ssl.SSLContext | None = None,
) -> Fetched:
    """Send a form to ``url``, and again to where that has moved to; protected as ``fetch`` is.

    Raises:
        BadStatus: the answer is a 4xx or 5xx.
        FetchRefused: the address is not one to send to, or there is no good answer.
    """
    form = urlencode(fields).encode()
    headers = {"User-Agent": user_agent, "Content-Type": "application/x-www-form-urlencoded"}
    question = _Question("POST", _MOVED_FORM, _headers({**headers, "Content-Length": str(len(form))}), form)
    network = _CheckedNetwork(_Deadline(timeout), resolve or _system_addresses, allow_private=allow_private)
    return _ask(url, question, network, cap, tls)


_Headers = list[tuple[bytes, bytes]]


class _Question(NamedTuple):
    """What is sent, to every address that redirects lead to; ``follows`` are the statuses that do."""

    method: str
    follows: frozenset[int]
    headers: _Headers
    form: bytes | None = None


class _Moved(NamedTuple):
    """The answer that what was asked for is elsewhere."""

    address: str
    for_good: bool


def _headers(values: Mapping[str, str]) -> _Headers:
    both = {**values, "Accept": "*/*", "Accept-Encoding": "gzip, deflate, br, zstd"}
    return [(name.encode(), value.encode("latin-1", "replace")) for name, value in both.items() if value]


def _ask(
    url: str, question: _Question, network: _CheckedNetwork, cap: int, tls: ssl.SSLContext | None
) -> Fetched:
    # A pool that may keep no idle connection opens a new one, checked anew, for every hop.
    with httpcore.ConnectionPool(ssl_context=tls, network_backend=network, max_keepalive_connections=0) as pool:
        address = permanent = _checked_url(url, allow_private=network.allow_private)
        only_for_good = True
        for _ in range(MAX_REDIRECTS + 1):
            answer = _answer(pool, question, address, network.deadline, cap)
            if isinstance(answer, Fetched):
                return replace(answer, permanent_url=str(permanent))
            address = _checked_url(answer.address, allow_private=network.allow_private)
            only_for_good = only_for_good and answer.for_good
            permanent = address if only_for_good else permanent
    raise FetchRefused(f"{url} redirects more than {MAX_REDIRECTS} times.")


def _checked_url(url: str, *, allow_private: bool) -> httpx.URL:
    try:
        address = httpx.URL(url.strip()).copy_with(fragment=None)
    except (httpx.InvalidURL, ValueError) as error:
        raise FetchRefused(f"“{url[:200]}” is not an address.") from error
    if address.scheme not in {"http", "https"} or not address.host:
        raise FetchRefused(f"“{url[:200]}” is not an http or https address.")
    # httpx escapes what no name can contain instead of refusing it.
    if not _HOST.fullmatch(address.raw_host) or (address.port or 0) > 65_535:
        raise FetchRefused(f"“{url[:200]}” is not an address.")
    if address.userinfo:
        raise FetchRefused("An address with a name and password in it is not fetched.")
    if not allow_private and address.port not in _PORTS | {None}:
        raise FetchRefused(f"{address} uses port {address.port}, where no public page is expected.")
    return address


def _answer(
    pool: httpcore.ConnectionPool, question: _Question, url: httpx.URL, deadline: _Deadline, cap: int
) -> Fetched | _Moved:
    """Return the answer, or where ``url`` has moved to."""
    headers: _Headers = [(b"Host", url.netloc), *question.headers]
    target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
    try:
        steps = deadline.extensions()
        with pool.stream(
            question.method, target, headers=headers, content=question.form, extensions=steps
        ) as response:
            return _read(url, response, cap, question.follows)
    except (httpcore.TimeoutException, _TooLate) as error:
        raise FetchRefused(f"{url} did not answer in time.") from error
    except (httpcore.NetworkError, httpcore.ProtocolError, *_BROKEN) as error:
        reason = str(error) or "the connection broke off"
        raise FetchRefused(f"{url} could not be fetched: {reason}.") from error


def _read(url: httpx.URL, response: httpcore.Response, cap: int, follows: frozenset[int]) -> Fetched | _Moved:
    headers = _said(response.headers)
    location = _joined(url, headers["location"]) if "location" in headers else ""
    if response.status in follows and location:
        return _Moved(location, response.status in _FOR_GOOD)
    wait = _seconds(headers.get("retry-after", ""), headers.get("date", ""))
    if response.status >= 400:
        sentence = f"{url} answered {response.status} {_reason(response.status)}".rstrip() + "."
        raise BadStatus(sentence, response.status, wait)
    short = {name: value for name, value in headers.items() if len(value) <= _LONGEST_HEADER}
    sent = _counted(response.iter_stream(), cap, url)
    pieces = _decompressed(headers.get("content-encoding", ""), sent) if response.status != 304 else ()
    return Fetched(
        url=str(url),
        permanent_url=str(url),
        status=response.status,
        data=b"".join(_counted(pieces, cap, url)),
        content_type=short.get("content-type", ""),
        content_language=short.get("content-language", ""),
        etag=short.get("etag", ""),
        last_modified=short.get("last-modified", ""),
        cache_control=short.get("cache-control", ""),
        link=headers.get("link", ""),
        location=location,
        retry_after=wait,
    )


_LISTS: Final = {"link", "cache-control"}


def _said(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """The headers by their names in lower case.

    Of a list, several are one; of the others the first counts: servers that send two Locations mean
    neither more.
    """
    said: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("ascii").lower(), raw_value.decode("latin-1")
        if name in _LISTS and name in said:
            said[name] += f", {value}"
        said.setdefault(name, value)
    return said


def _seconds(retry_after: str, date: str) -> int | None:
    """How long ``Retry-After`` asks to wait: it is in seconds, or a time by the server's own clock."""
    if retry_after.isascii() and retry_after.isdecimal():
        return min(int(retry_after[:12]), _LONGEST_WAIT)
    until = _timestamp(retry_after)
    if until is None:
        return None
    now = _timestamp(date)
    return min(max(0, int(until - (time.time() if now is None else now))), _LONGEST_WAIT)


def _timestamp(date: str) -> float | None:
    parsed = parsedate_tz(date)
    try:
        return mktime_tz(parsed) if parsed else None
    except (ValueError, OverflowError):
        return None


def _joined(url: httpx.URL, location: str) -> str:
    try:
        # Browsers read the bytes as UTF-8, whatever the standard says.
        return str(url.join(location.encode("latin-1").decode("utf-8", "replace")))
    except (httpx.InvalidURL, ValueError) as error:
        raise FetchRefused(f"{url} redirects to something that is not an address.") from error


def _reason(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return ""


def _counted(pieces: Iterable[bytes], cap: int, url: httpx.URL) -> Iterator[bytes]:
    """The pieces, as long as there are no more than ``cap`` bytes of them."""
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > cap:
            raise FetchRefused(f"{url} has more than {cap:,} bytes.")
        yield piece


class _Broken(Exception):
    """What was compressed is cut short, or goes on after its end."""


_BROKEN: Final = (_Broken, zlib.error, brotli.error, zstd.ZstdError)


def _decompressed(encoding: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Decompress in pieces of bounded size, so that a bomb is noticed after its first piece."""
    match encoding.strip().lower():
        case "" | "identity":
            return iter(pieces)
        case "gzip" | "x-gzip":
            return _inflated(pieces, 16 + zlib.MAX_WBITS)
        case "deflate":
            return _inflated(pieces, zlib.MAX_WBITS)
        case "br":
            return _from_brotli(pieces)
        case "zstd":
            return _from_zstd(pieces)
        case unknown:
            raise FetchRefused(f"The answer is compressed as “{unknown[:40]}”, which was not asked for.")


def _from_brotli(pieces: Iterable[bytes]) -> Iterator[bytes]:
    decoder, begun = brotli.Decompressor(), False
    for piece in pieces:
        begun = begun or bool(piece)
        yield decoder.process(piece, output_buffer_limit=_PIECE)
        while not decoder.can_accept_more_data():
            yield decoder.process(b"", output_buffer_limit=_PIECE)
    if begun and not decoder.is_finished():
        raise _Broken("it breaks off")


def _from_zstd(pieces: Iterable[bytes]) -> Iterator[bytes]:
    decoder = zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW})
    begun = False
    for piece in pieces:
        if piece and (decoder.eof or decoder.unused_data):
            raise _Broken("it goes on after its end")
        begun = begun or bool(piece)
        if piece:
            yield decoder.decompress(piece, _PIECE)
        while not decoder.eof and not decoder.needs_input:
            yield decoder.decompress(b"", _PIECE)
    if decoder.unused_data:
        raise _Broken("it goes on after its end")
    if begun and not decoder.eof:
        raise _Broken("it breaks off")


def _inflated(pieces: Iterable[bytes], format_bits: int) -> Iterator[bytes]:
    inflater, begun = zlib.decompressobj(format_bits), False
    for piece in pieces:
        if not begun and piece and format_bits == zlib.MAX_WBITS and piece[0] & 0x0F != 8:
            inflater = zlib.decompressobj(-zlib.MAX_WBITS)  # "deflate" without its zlib header
        begun = begun or bool(piece)
        waiting = piece
        while waiting and not inflater.eof:
            yield inflater.decompress(waiting, _PIECE)
            waiting = inflater.unconsumed_tail
    yield inflater.flush()  # no more than the end of one last copied string
    if begun and not inflater.eof:
        raise _Broken("it breaks off")


class _TooLate(Exception):
    """The time for the whole fetch is over."""


class _Deadline:
    """The moment by which everything must be done."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self, at_most: float | None = None) -> float:
        """Seconds left; raises ``_TooLate`` where there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise _TooLate
        return left if at_most is None else min(left, at_most)

    def extensions(self) -> dict[str, dict[str, float]]:
        """What httpcore is told; the network below tightens it at every single step."""
        left = self.left()
        return {"timeout": {"connect": left, "read": left, "write": left, "pool": left}}


class _CheckedNetwork(httpcore.NetworkBackend):
    """Connects to addresses that were checked, and only within the deadline."""

    def __init__(
        self, deadline: _Deadline, resolve: Callable[[str, int], list[str]], *, allow_private: bool
    ) -> None:
        self.deadline = deadline
        self.allow_private = allow_private
        self._resolve = resolve
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address of ``host`` that may be used and that answers."""
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in self._addresses(host, port):
            try:
                seconds = self.deadline.left(CONNECT_SECONDS)
                stream = self._sockets.connect_tcp(address, port, seconds, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _TimedStream(stream, self.deadline)
        raise failure

    def _addresses(self, host: str, port: int) -> list[str]:
        found = _in_time(lambda: self._resolve(host, port), self.deadline)
        usable = [address for address in found if self.allow_private or is_public(address)]
        if found and not usable:
            raise FetchRefused(f"{host} is at {found[0]}, which is not an address of the public internet.")
        return usable[:_MOST_ADDRESSES]


class _TimedStream(httpcore.NetworkStream):
    """A connection whose every step ends by the deadline, so a drip of bytes ends too."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: _Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, self._deadline.left(CONNECT_SECONDS))
        return _TimedStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


def is_public(address: str) -> bool:
    """Tell whether an IP address is one of the public internet, as a number and in effect."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if not ip.is_global or ip.is_multicast or ip.is_reserved:
        return False
    if isinstance(ip, IPv6Address) and ip not in _GLOBAL_IPV6:
        return False
    return not any(ip in block for block in _SPECIAL)


def _system_addresses(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[4][0]) for address in found))


def _in_time(resolve: Callable[[], list[str]], deadline: _Deadline) -> list[str]:
    # getaddrinfo knows no timeout. A thread that is stuck in it is left behind to end by itself.
    answers: queue.SimpleQueue[list[str] | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(resolve())
        except (OSError, ValueError) as error:
            answers.put(httpcore.ConnectError(f"its name cannot be resolved ({error})"))

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=deadline.left())
    except queue.Empty:
        raise _TooLate from None
    if isinstance(answer, Exception):
        raise answer
    return answer
