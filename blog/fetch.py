"""The only place that talks to the network: one GET, and nothing it meets is trusted.

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
import threading
import time
import zlib
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, Final

import httpcore
import httpx

from blog.domain.errors import FetchRefused

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Iterator

USER_AGENT: Final = "Crosstag/0.1"
MAX_REDIRECTS: Final = 5
CONNECT_SECONDS: Final = 10.0
_PORTS: Final = {80, 443, 8080, 8443}
_MOVED: Final = {301, 302, 303, 307, 308}
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


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer: the address it came from in the end, and its decompressed body."""

    url: str
    status: int
    content_type: str
    data: bytes


def fetch(
    url: str,
    *,
    timeout: float = 30.0,
    cap: int = 10_000_000,
    allow_private: bool = False,
    user_agent: str = USER_AGENT,
    resolve: Callable[[str, int], list[str]] | None = None,
    tls: ssl.SSLContext | None = None,
) -> Fetched:
    """Get ``url``, following up to ``MAX_REDIRECTS`` redirects.

    Args:
        url: an http or https address on port 80, 443, 8080 or 8443.
        timeout: seconds for everything together: names, redirects, the last byte.
        cap: the most bytes the body may have once it is decompressed.
        allow_private: also fetch from addresses and ports that only this network can reach.
        user_agent: what is sent as ``User-Agent``.
        resolve: name and port to addresses; the system's resolver by default.
        tls: what certificates are verified against; the public authorities by default.

    Raises:
        FetchRefused: the address is not one to fetch from, or there is no good answer.
    """
    deadline = _Deadline(timeout)
    network = _CheckedNetwork(deadline, resolve or _system_addresses, allow_private=allow_private)
    # A pool that may keep no idle connection opens a new one, checked anew, for every hop.
    with httpcore.ConnectionPool(ssl_context=tls, network_backend=network, max_keepalive_connections=0) as pool:
        address = _checked_url(url, allow_private=allow_private)
        for _ in range(MAX_REDIRECTS + 1):
            answer = _get(pool, address, deadline, cap, user_agent)
            if isinstance(answer, Fetched):
                return answer
            address = _checked_url(answer, allow_private=allow_private)
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


def _get(
    pool: httpcore.ConnectionPool, url: httpx.URL, deadline: _Deadline, cap: int, user_agent: str
) -> Fetched | str:
    """Return the answer, or the address that ``url`` has moved to."""
    headers: list[tuple[bytes | str, bytes | str]] = [
        ("Host", url.netloc),
        ("User-Agent", user_agent),
        ("Accept", "*/*"),
        ("Accept-Encoding", "gzip, deflate"),
    ]
    target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
    try:
        with pool.stream("GET", target, headers=headers, extensions=deadline.extensions()) as response:
            return _read(url, response, cap)
    except (httpcore.TimeoutException, _TooLate) as error:
        raise FetchRefused(f"{url} did not answer in time.") from error
    except (httpcore.NetworkError, httpcore.ProtocolError, zlib.error) as error:
        reason = str(error) or "the connection broke off"
        raise FetchRefused(f"{url} could not be fetched: {reason}.") from error


def _read(url: httpx.URL, response: httpcore.Response, cap: int) -> Fetched | str:
    # The first of a header wins; servers that send two Locations mean neither more.
    headers = {name.lower(): value.decode("latin-1") for name, value in reversed(response.headers)}
    if response.status in _MOVED and b"location" in headers:
        return _joined(url, headers[b"location"])
    if response.status >= 400:
        raise FetchRefused(f"{url} answered {response.status} {_reason(response.status)}".rstrip() + ".")
    pieces = _decompressed(headers.get(b"content-encoding", ""), response.iter_stream())
    return Fetched(
        url=str(url),
        status=response.status,
        content_type=headers.get(b"content-type", ""),
        data=_within(cap, pieces, url),
    )


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


def _within(cap: int, pieces: Iterable[bytes], url: httpx.URL) -> bytes:
    data = bytearray()
    for piece in pieces:
        data += piece
        if len(data) > cap:
            raise FetchRefused(f"{url} has more than {cap:,} bytes.")
    return bytes(data)


def _decompressed(encoding: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
    match encoding.strip().lower():
        case "" | "identity":
            yield from pieces
        case "gzip" | "x-gzip":
            yield from _inflated(pieces, 16 + zlib.MAX_WBITS)
        case "deflate":
            yield from _inflated(pieces, zlib.MAX_WBITS)
        case unknown:
            raise FetchRefused(f"The answer is compressed as “{unknown[:40]}”, which was not asked for.")


def _inflated(pieces: Iterable[bytes], format_bits: int) -> Iterator[bytes]:
    """Inflate in pieces of bounded size, so that a bomb is noticed after its first piece."""
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
        raise zlib.error("it breaks off")


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
        self._deadline = deadline
        self._resolve = resolve
        self._allow_private = allow_private
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
                seconds = self._deadline.left(CONNECT_SECONDS)
                stream = self._sockets.connect_tcp(address, port, seconds, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _TimedStream(stream, self._deadline)
        raise failure

    def _addresses(self, host: str, port: int) -> list[str]:
        found = _in_time(lambda: self._resolve(host, port), self._deadline)
        usable = [address for address in found if self._allow_private or is_public(address)]
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
