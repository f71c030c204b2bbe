"""Fetching meets a real server that misbehaves, and addresses that must not be reached."""

from __future__ import annotations

import gzip
import http.server
import itertools
import socket
import ssl
import sys
import threading
import tracemalloc
import zlib
from contextlib import contextmanager
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import brotli
import pytest

from blog.domain.errors import BadStatus, FetchRefused
from blog.fetch import MAX_REDIRECTS, Fetched, fetch, is_public, post, user_agent_of

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MODIFIED = "Mon, 25 May 2009 12:00:00 GMT"
FEED = b"<feed>" + b"words " * 1000 + b"</feed>"

# A certificate for feeds.example that is valid for a hundred years, and its key.
CERTIFICATE = """
MIIBgTCCASagAwIBAgIUNp1LOnquWPaZr/aiF3qr7GXjF6YwCgYIKoZIzj0EAwIwGDEWMBQGA1UEAwwNZmVlZHMuZXhh
bXBsZTAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowGDEWMBQGA1UEAwwNZmVlZHMuZXhhbXBsZTBZMBMG
ByqGSM49AgEGCCqGSM49AwEHA0IABCSHUfXsHywWFt3OhRlS1s0ohtoB72/ec8r/c78twWiHRAh0SIWl0AdoAk6YwU/2
ni/QQ/ue2Gl1IwJuj6vQVNWjTDBKMBgGA1UdEQQRMA+CDWZlZWRzLmV4YW1wbGUwDwYDVR0TAQH/BAUwAwEB/zAdBgNV
HQ4EFgQUzbNp/24gK4TFc+1+PJL/f74l7cEwCgYIKoZIzj0EAwIDSQAwRgIhAK0QUYKN0zFKANR9M4J5CCdGbVCAubpz
+BqDX3o7bDyCAiEAw69i40uC6tbQ6S0mm7cn/QeNnNze1NizY/ksZKmRDsA=
"""
KEY = """
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgWQdDz+zhhY0BR0w9A4Ng5bYplMagmmbSsWq553LE1E6h
RANCAAQkh1H17B8sFhbdzoUZUtbNKIbaAe9v3nPK/3O/LcFoh0QIdEiFpdAHaAJOmMFP9p4v0EP7nthpdSMCbo+r0FTV
"""


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers each path in its own bad way, and remembers what it was asked."""

    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.seen.append((self.path, dict(self.headers)))
        path = self.path.partition("?")[0].strip("/") or "feed"
        getattr(self, path.replace("-", "_").replace(".", "_"))()

    def do_POST(self) -> None:
        form = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.forms.append((self.path, self.headers["Content-Type"], form))
        self.do_GET()

    def answer(self, data: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def feed(self) -> None:
        self.answer(FEED, Content_Type="application/atom+xml", Set_Cookie="a=b")

    def gzipped(self) -> None:
        self.answer(gzip.compress(FEED), Content_Encoding="gzip")

    def deflated(self) -> None:
        self.answer(zlib.compress(FEED), Content_Encoding="deflate")

    def raw_deflated(self) -> None:
        compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        self.answer(compressor.compress(FEED) + compressor.flush(), Content_Encoding="deflate")

    def brotli(self) -> None:
        self.answer(brotli.compress(FEED), Content_Encoding="br")

    def zstd(self) -> None:
        self.answer(zstd.compress(FEED), Content_Encoding="zstd")

    def chunks(self) -> None:
        self.send_response(200)
        self.send_header("Content-Encoding", self.path.partition("?")[2])
        self.send_header("Connection", "close")
        self.end_headers()
        for byte in self.server.sent:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()

    def sent(self) -> None:
        self.answer(self.server.sent, Content_Encoding=self.path.partition("?")[2])

    def unknown_encoding(self) -> None:
        self.answer(b"whatever", Content_Encoding="compress")

    def conditional(self) -> None:
        same = self.headers["If-None-Match"] == '"one"' or self.headers["If-Modified-Since"] == MODIFIED
        self.send_response(304 if same else 200)
        self.send_header("ETag", '"one"')
        self.send_header("Last-Modified", MODIFIED)
        self.send_header("Cache-Control", "max-age=60")
        self.send_header("Cache-Control", "public")
        self.send_header("Link", "</hub>; rel=hub")
        self.send_header("Link", "</feed>; rel=self")
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Language", "de")
        self.send_header("X-Long", "x" * 3000)
        if not same:
            self.send_header("Content-Length", "4")
        self.end_headers()
        if not same:
            self.wfile.write(b"data")

    def long_etag(self) -> None:
        self.answer(b"", ETag='"' + "x" * 3000 + '"')

    def gone(self) -> None:
        self.answer(b"no", 410)

    def busy(self) -> None:
        self.answer(b"no", 429, Retry_After=self.server.retry_after)

    def busy_later(self) -> None:
        self.send_response_only(503)
        self.send_header("Date", formatdate(1_000_000, usegmt=True))
        self.send_header("Retry-After", formatdate(1_000_090, usegmt=True))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def accepted(self) -> None:
        self.answer(b"thanks", 202, Location="/status/1")

    def turn(self) -> None:
        """Redirect with the statuses that the query lists, one after the other."""
        status, _, rest = self.path.partition("?")[2].partition(",")
        self.answer(b"", int(status), Location=f"/turn?{rest}" if rest else f"/feed?after{status}")

    def not_gzip(self) -> None:
        self.answer(b"plain text", Content_Encoding="gzip")

    def cut_gzip(self) -> None:
        self.answer(gzip.compress(FEED)[:-12], Content_Encoding="gzip")

    def endless(self) -> None:
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        while True:
            self.wfile.write(b"x" * 65_536)

    def drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        while not self.server.over.wait(0.02):
            self.wfile.write(b"x")

    def drip_headers(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for number in itertools.count():
            if self.server.over.wait(0.02):
                return
            self.wfile.write(b"X-%d: x\r\n" % number)

    def silence(self) -> None:
        self.server.over.wait()

    def nonsense(self) -> None:
        self.wfile.write(b"This is not HTTP at all.\r\n\r\n")

    def short(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"only this")
        self.close_connection = True

    def missing(self) -> None:
        self.answer(b"no", 404)

    def strange(self) -> None:
        self.answer(b"no", 799)

    def moved(self) -> None:
        self.answer(b"", 301, Location="feed?moved#part", Set_Cookie="track=me")

    def loop(self) -> None:
        self.answer(b"", 302, Location="/loop")

    def hops(self) -> None:
        left = int(self.path.partition("?")[2])
        self.answer(b"", 307, Location=f"/hops?{left - 1}" if left > 1 else "/feed")

    def to_file(self) -> None:
        self.answer(b"", 302, Location="file:///etc/passwd")

    def to_bad(self) -> None:
        self.answer(b"", 302, Location="http://[bad")

    def to_worse(self) -> None:
        self.answer(b"", 302, Location="http://host:port/")

    def to_private(self) -> None:
        self.answer(b"", 302, Location="http://169.254.169.254/latest/meta-data/")

    def to_self(self) -> None:
        self.answer(b"", 302, Location=f"http://private.example:{self.server.server_port}/feed")

    def no_location(self) -> None:
        self.answer(b"see elsewhere", 302)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class calls it so
        """Say nothing."""


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.sni: list[str | None] = []
        self.over = threading.Event()
        self.sent = b""
        self.forms: list[tuple[str, str, bytes]] = []
        self.retry_after = ""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are what this server is for."""

    def use_tls(self, certificate: Path) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        context.sni_callback = lambda _, name, __: self.sni.append(name)
        self.socket = context.wrap_socket(self.socket, server_side=True)

    def url(self, path: str = "/feed", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.server_port}{path}"


@contextmanager
def running(server: Server) -> Iterator[Server]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    with running(Server()) as server:
        yield server


def local(url: str, **settings: Any) -> Fetched:
    return fetch(url, allow_private=True, **settings)


def to(*addresses: str) -> Callable[[str, int], list[str]]:
    return lambda host, port: list(addresses)


def test_an_answer_has_its_address_status_type_and_bytes(server: Server) -> None:
    assert local(server.url()) == Fetched(
        url=server.url(),
        permanent_url=server.url(),
        status=200,
        data=FEED,
        content_type="application/atom+xml",
    )


def test_it_says_who_asks_and_for_which_host(server: Server) -> None:
    local(server.url(host="blog.example"), resolve=to("127.0.0.1"), user_agent="Testing/1")
    _, headers = server.seen[0]
    assert headers["Host"] == f"blog.example:{server.server_port}"
    assert headers["User-Agent"] == "Testing/1"
    assert headers["Accept-Encoding"] == "gzip, deflate, br, zstd"


@pytest.mark.parametrize("path", ["/gzipped", "/deflated", "/raw-deflated", "/brotli", "/zstd"])
def test_compressed_answers_are_decompressed(server: Server, path: str) -> None:
    assert local(server.url(path)).data == FEED


def test_relative_redirects_are_followed_without_cookies_and_fragments(server: Server) -> None:
    fetched = local(server.url("/moved#top"))
    assert (fetched.url, fetched.data) == (server.url("/feed?moved"), FEED)
    assert [path for path, _ in server.seen] == ["/moved", "/feed?moved"]
    assert not any("Cookie" in headers for _, headers in server.seen)


def test_five_redirects_are_followed_and_six_are_not(server: Server) -> None:
    assert local(server.url(f"/hops?{MAX_REDIRECTS}")).data == FEED
    with pytest.raises(FetchRefused, match="redirects more than 5 times"):
        local(server.url(f"/hops?{MAX_REDIRECTS + 1}"))


def test_a_redirect_to_nowhere_is_an_answer(server: Server) -> None:
    assert local(server.url("/no-location")).data == b"see elsewhere"


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/missing", "answered 404 Not Found"),
        ("/strange", r"answered 799\."),
        ("/loop", "redirects more than"),
        ("/to-file", "not an http or https address"),
        ("/to-bad", "is not an address"),
        ("/to-worse", "redirects to something that is not an address"),
        ("/unknown-encoding", "compressed as “compress”"),
        ("/not-gzip", "could not be fetched"),
        ("/cut-gzip", "breaks off"),
        ("/short", "could not be fetched"),
        ("/nonsense", "could not be fetched"),
        ("/endless", "more than 100,000 bytes"),
    ],
)
def test_a_bad_answer_is_refused_with_a_sentence(server: Server, path: str, sentence: str) -> None:
    with pytest.raises(FetchRefused, match=sentence):
        local(server.url(path), cap=100_000)


@pytest.mark.parametrize("path", ["/drip", "/drip-headers", "/silence"])
def test_a_server_that_takes_its_time_is_left(server: Server, path: str) -> None:
    with pytest.raises(FetchRefused, match="did not answer in time"):
        local(server.url(path), timeout=0.3)


def test_a_resolver_that_never_answers_is_left() -> None:
    over = threading.Event()
    with pytest.raises(FetchRefused, match="did not answer in time"):
        fetch("http://slow.example/", timeout=0.2, resolve=lambda host, port: [str(over.wait())])
    over.set()


def test_an_answer_may_be_as_large_as_the_cap_and_no_larger(server: Server) -> None:
    assert local(server.url(), cap=len(FEED)).data == FEED
    assert local(server.url("/gzipped"), cap=len(FEED)).data == FEED
    for path in ("/feed", "/gzipped"):
        with pytest.raises(FetchRefused, match=f"more than {len(FEED) - 1:,} bytes"):
            local(server.url(path), cap=len(FEED) - 1)


def zstd_bomb() -> bytes:
    compressor = zstd.ZstdCompressor()
    zeros = bytes(1_000_000)
    return b"".join(compressor.compress(zeros) for _ in range(100)) + compressor.flush()


BOMBS: dict[str, Callable[[], bytes]] = {
    "gzip": lambda: gzip.compress(bytes(100_000_000)),
    "br": lambda: brotli.compress(bytes(100_000_000), quality=1),
    "zstd": zstd_bomb,
}


@pytest.mark.parametrize("encoding", BOMBS)
def test_a_bomb_is_never_decompressed(server: Server, encoding: str) -> None:
    server.sent = BOMBS[encoding]()
    tracemalloc.start()
    try:
        with pytest.raises(FetchRefused, match="more than 1,000,000 bytes"):
            local(server.url(f"/sent?{encoding}"), cap=1_000_000)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_zstd_that_wants_more_memory_than_the_web_allows_is_refused(server: Server) -> None:
    options: dict[int, int] = {zstd.CompressionParameter.window_log: 27}
    compressor = zstd.ZstdCompressor(options=options)
    server.sent = compressor.compress(FEED) + compressor.flush()
    with pytest.raises(FetchRefused, match="could not be fetched"):
        local(server.url("/sent?zstd"))


@pytest.mark.parametrize(
    ("encoding", "compressed"),
    [
        ("gzip", gzip.compress(FEED)),
        ("deflate", zlib.compress(FEED)),
        ("br", brotli.compress(FEED)),
        ("zstd", zstd.compress(FEED)),
    ],
    ids=["gzip", "deflate", "br", "zstd"],  # not the bytes, which hold the time
)
def test_compressed_answers_may_come_in_any_pieces_but_whole(
    server: Server, encoding: str, compressed: bytes
) -> None:
    server.sent = compressed
    assert local(server.url(f"/chunks?{encoding}")).data == FEED
    server.sent = b""
    assert local(server.url(f"/sent?{encoding}")).data == b""
    for cut in (1, len(compressed) // 2, len(compressed) - 1):
        server.sent = compressed[:cut]
        with pytest.raises(FetchRefused, match="could not be fetched"):
            local(server.url(f"/sent?{encoding}"))


@pytest.mark.parametrize("encoding", ["br", "zstd"])
def test_what_goes_on_after_its_end_or_is_something_else_is_refused(server: Server, encoding: str) -> None:
    compressed = brotli.compress(FEED) if encoding == "br" else zstd.compress(FEED)
    for sent in (compressed + b"more", compressed * 2, b"plain text, which is no such thing"):
        server.sent = sent
        for path in ("sent", "chunks"):
            with pytest.raises(FetchRefused, match="could not be fetched"):
                local(server.url(f"/{path}?{encoding}"))


def test_what_is_compressed_to_nothing_counts_as_what_was_sent(server: Server) -> None:
    server.sent = gzip.compress(b"")[:10] + b"\x00\x00\x00\xff\xff" * 50_000
    with pytest.raises(FetchRefused, match="more than 100,000 bytes"):
        local(server.url("/sent?gzip"), cap=100_000)


def test_headers_that_matter_come_with_the_answer(server: Server) -> None:
    assert local(server.url("/conditional")) == Fetched(
        url=server.url("/conditional"),
        permanent_url=server.url("/conditional"),
        status=200,
        data=b"data",
        content_type="text/plain",
        content_language="de",
        etag='"one"',
        last_modified=MODIFIED,
        cache_control="max-age=60, public",
        link="</hub>; rel=hub, </feed>; rel=self",
    )


@pytest.mark.parametrize("condition", [{"etag": '"one"'}, {"last_modified": MODIFIED}])
def test_what_has_not_changed_is_an_answer_without_bytes(server: Server, condition: dict[str, str]) -> None:
    fetched = local(server.url("/conditional"), **condition)
    assert (fetched.status, fetched.data, fetched.etag) == (304, b"", '"one"')
    assert local(server.url("/conditional"), etag='"other"').status == 200


@pytest.mark.parametrize("etag", ["a\r\nHost: other.example", "a\x00b"])
def test_a_condition_cannot_smuggle_a_header(server: Server, etag: str) -> None:
    with pytest.raises(FetchRefused, match="could not be fetched"):
        local(server.url("/conditional"), etag=etag)
    assert server.seen == []


def test_an_absurdly_long_etag_is_none(server: Server) -> None:
    assert local(server.url("/long-etag")).etag == ""


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("120", 120),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("²", None),
        ("9" * 400, 366 * 86_400),
        (formatdate(0, usegmt=True), 0),
        ("Sun, 99 Foo 2099 99:99:99 GMT", None),
    ],
)
def test_a_refusal_says_when_to_ask_again(server: Server, said: str, seconds: int | None) -> None:
    server.retry_after = said
    with pytest.raises(BadStatus, match="answered 429 Too Many Requests") as refused:
        local(server.url("/busy"))
    assert (refused.value.status, refused.value.retry_after) == (429, seconds)


def test_a_time_to_ask_again_is_read_by_the_clock_of_the_server(server: Server) -> None:
    with pytest.raises(BadStatus) as refused:
        local(server.url("/busy-later"))
    assert (refused.value.status, refused.value.retry_after) == (503, 90)


def test_what_is_gone_says_so(server: Server) -> None:
    with pytest.raises(BadStatus, match="answered 410 Gone") as refused:
        local(server.url("/gone"))
    assert (refused.value.status, refused.value.retry_after) == (410, None)


@pytest.mark.parametrize(
    ("statuses", "permanent"),
    [
        ("301", "/feed?after301"),
        ("308,301", "/feed?after301"),
        ("301,302", "/turn?302"),
        ("302", "/turn?302"),
        ("307,301", "/turn?307,301"),
        ("301,303,308", "/turn?303,308"),
    ],
)
def test_the_permanent_address_is_where_redirects_for_good_lead(
    server: Server, statuses: str, permanent: str
) -> None:
    fetched = local(server.url(f"/turn?{statuses}#part"))
    assert (fetched.permanent_url, fetched.data) == (server.url(permanent), FEED)
    assert fetched.url == server.url(f"/feed?after{statuses[-3:]}")


FIELDS = [("source", "https://blog.example/ü?a&b"), ("target", "x y"), ("target", "")]
FORM = b"source=https%3A%2F%2Fblog.example%2F%C3%BC%3Fa%26b&target=x+y&target="
FORM_TYPE = "application/x-www-form-urlencoded"


def test_a_form_is_sent_and_its_answer_read(server: Server) -> None:
    answer = post(server.url("/accepted"), FIELDS, allow_private=True, user_agent="Testing/1")
    assert (answer.status, answer.data, answer.location) == (202, b"thanks", server.url("/status/1"))
    assert server.forms == [("/accepted", FORM_TYPE, FORM)]
    assert server.seen[0][1]["User-Agent"] == "Testing/1"


def test_a_form_is_sent_again_to_where_its_address_has_moved(server: Server) -> None:
    assert post(server.url("/turn?301,302,307,308"), FIELDS, allow_private=True).data == FEED
    assert [(path, form) for path, _, form in server.forms] == [
        (path, FORM) for path in ("/turn?301,302,307,308", "/turn?302,307,308", "/turn?307,308", "/turn?308")
    ] + [("/feed?after308", FORM)]


def test_a_form_that_was_taken_is_not_sent_again(server: Server) -> None:
    answer = post(server.url("/turn?303"), FIELDS, allow_private=True)
    assert (answer.status, answer.location) == (303, server.url("/feed?after303"))
    assert len(server.seen) == 1


def test_a_form_is_protected_as_a_page_is(server: Server) -> None:
    with pytest.raises(FetchRefused, match="not an address of the public internet"):
        post("http://public.example/", FIELDS, resolve=to("127.0.0.1"))
    with pytest.raises(FetchRefused, match="more than 10 bytes"):
        post(server.url(), FIELDS, allow_private=True, cap=10)
    with pytest.raises(FetchRefused, match="did not answer in time"):
        post(server.url("/drip"), FIELDS, allow_private=True, timeout=0.3)
    with pytest.raises(BadStatus, match="answered 404"):
        post(server.url("/missing"), FIELDS, allow_private=True)


def test_the_blog_that_asks_can_be_told_of_trouble() -> None:
    assert user_agent_of("https://blog.example/") == "Crosstag/0.1 (+https://blog.example/)"
    assert user_agent_of("https://blog.example/(\r\nHost: é)") == "Crosstag/0.1 (+https://blog.example/Host:)"
    assert user_agent_of("") == "Crosstag/0.1"


def test_nobody_listening_is_a_sentence() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/"
    with pytest.raises(FetchRefused, match="could not be fetched"):
        local(url)


def test_a_name_that_does_not_resolve_is_a_sentence() -> None:
    def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with pytest.raises(FetchRefused, match="its name cannot be resolved"):
        fetch("http://nowhere.example/", resolve=unknown)


def test_the_next_address_of_a_name_is_tried(server: Server) -> None:
    addresses = to("127.0.0.2", "127.0.0.1")  # the server listens on the second only
    assert local(server.url(host="two.example"), resolve=addresses).data == FEED


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://localhost/",
        "http://[::1]/",
        "http://[::]/",
        "http://[::ffff:10.0.0.1]/",
        "http://[::ffff:93.184.216.34]/",
        "http://[64:ff9b::a00:1]/",
        "http://[2002:a00:1::]/",
        "http://[fe80::1]/",
        "http://[fd00::1]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://0.0.0.0/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://127.1/",
        "http://10.0.0.1/",
        "http://172.16.0.1/",
        "http://192.168.1.1/",
        "http://100.64.0.1/",
        "http://224.0.0.1/",
        "http://255.255.255.255/",
    ],
)
def test_addresses_of_this_network_are_refused(url: str) -> None:
    with pytest.raises(FetchRefused, match="not an address of the public internet"):
        fetch(url)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "fe80::1%eth0", "::1", "rubbish"])
def test_a_name_that_resolves_to_this_network_is_refused(server: Server, address: str) -> None:
    with pytest.raises(FetchRefused, match=r"public\.example is at .* public internet"):
        fetch("http://public.example/", resolve=to(address))
    assert server.seen == []


def test_a_name_is_resolved_once_and_only_its_public_addresses_are_tried(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["192.168.0.7", "127.0.0.1"] if len(asked) == 1 else ["127.0.0.1"]

    # Of this network only 127.0.0.1 counts as public here, so that there is something to reach.
    monkeypatch.setattr("blog.fetch.is_public", lambda address: address == "127.0.0.1")
    monkeypatch.setattr("blog.fetch._PORTS", {server.server_port})
    assert fetch(server.url(host="both.example"), resolve=rebinding).data == FEED
    assert asked == ["both.example"]


@pytest.mark.parametrize("path", ["/to-private", "/to-self"])
def test_a_redirect_into_this_network_is_refused(
    server: Server, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = {"public.example": ["127.0.0.1"], "private.example": ["127.0.0.2"]}
    monkeypatch.setattr("blog.fetch.is_public", lambda address: address == "127.0.0.1")
    monkeypatch.setattr("blog.fetch._PORTS", {server.server_port})
    with pytest.raises(FetchRefused, match="not an address of the public internet"):
        fetch(server.url(path, "public.example"), resolve=lambda host, port: addresses.get(host, [host]))
    assert [path for path, _ in server.seen] == [path]


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("192.0.2.1", False),
        ("198.18.0.1", False),
        ("192.88.99.1", False),
        ("240.0.0.1", False),
        ("2001:db8::1", False),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", False),
        ("64:ff9b:1::1", False),
        ("::7f00:1", False),
        ("ff0e::1", False),
        ("fec0::1", False),
        ("", False),
    ],
)
def test_public_addresses_are_told_from_others(address: str, public: bool) -> None:
    assert is_public(address) is public


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", "not an http or https address"),
        ("feed.xml", "not an http or https address"),
        ("http:///feed", "not an http or https address"),
        ("ftp://blog.example/", "not an http or https address"),
        ("file:///etc/passwd", "not an http or https address"),
        ("javascript:alert(1)", "not an http or https address"),
        ("http://[bad", "is not an address"),
        ("http://blog.example:99999/", "is not an address"),
        ("http://blog.example:0/", "uses port 0"),
        ("http://a b/", "is not an address"),
        ("http://[fe80::1%25eth0]/", "is not an address"),
        ("http://a\nb/", "is not an address"),
        ("http://name:secret@blog.example/", "name and password"),
        ("http://blog.example:22/", "uses port 22"),
        ("https://blog.example:6379/", "uses port 6379"),
    ],
)
def test_what_is_no_address_of_a_page_is_refused_before_any_look_up(url: str, sentence: str) -> None:
    def never(host: str, port: int) -> list[str]:
        raise AssertionError(host)

    with pytest.raises(FetchRefused, match=sentence):
        fetch(url, resolve=never)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    path = tmp_path / "server.pem"
    blocks = (("PRIVATE KEY", KEY), ("CERTIFICATE", CERTIFICATE))
    path.write_text("".join(f"-----BEGIN {n}-----\n{d.strip()}\n-----END {n}-----\n" for n, d in blocks))
    return path


@pytest.fixture
def tls_server(certificate: Path) -> Iterator[Server]:
    server = Server()
    server.use_tls(certificate)
    with running(server):
        yield server


def test_tls_asks_for_the_name_and_verifies_it_though_connected_by_number(
    tls_server: Server, certificate: Path
) -> None:
    trusting = ssl.create_default_context(cafile=str(certificate))
    url = tls_server.url(host="feeds.example").replace("http:", "https:")
    assert local(url, resolve=to("127.0.0.1"), tls=trusting).data == FEED
    assert tls_server.sni == ["feeds.example"]
    with pytest.raises(FetchRefused, match=r"could not be fetched.*certificate verify failed"):
        local(url.replace("feeds.", "other."), resolve=to("127.0.0.1"), tls=trusting)


def test_a_certificate_that_nobody_vouches_for_is_refused(tls_server: Server) -> None:
    url = tls_server.url(host="feeds.example").replace("http:", "https:")
    with pytest.raises(FetchRefused, match="certificate verify failed"):
        local(url, resolve=to("127.0.0.1"))
