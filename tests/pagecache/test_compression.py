"""Encodings: what a client says it takes, and bodies in it."""

from __future__ import annotations

import gzip
import sys

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blog.pagecache.compression import ENCODINGS, compressed, is_compressible, negotiated

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("", "identity"),
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate", "gzip"),
        ("gzip;q=1.0, br;q=0.5", "gzip"),
        ("zstd, gzip", "zstd"),
        ("GZIP", "gzip"),
        ("*", "br"),
        ("*;q=0.5, br;q=0", "zstd"),
        ("br;q=0, *;q=0", "identity"),
        ("identity", "identity"),
        ("identity;q=1, gzip;q=0.5", "identity"),
        ("identity;q=0.5, gzip", "gzip"),
        ("identity;q=0", "identity"),
        ("deflate, compress", "identity"),
        ("br;q=high", "identity"),
        ("br ; level=9 ; q=0.1", "br"),
        (";;;,,,q=", "identity"),
    ],
)
def test_the_encoding_that_a_client_likes_best_is_sent(accepted: str, encoding: str) -> None:
    assert negotiated(accepted) == encoding


@given(st.text(max_size=200))
def test_no_header_is_an_error(accepted: str) -> None:
    assert negotiated(accepted) in (*ENCODINGS, "identity")


@given(st.binary(max_size=2_000), st.sampled_from(ENCODINGS))
def test_a_compressed_body_is_the_body_and_always_the_same_bytes(body: bytes, encoding: str) -> None:
    opened = {"br": brotli.decompress, "zstd": zstd.decompress, "gzip": gzip.decompress}[encoding]
    assert opened(compressed(body, encoding)) == body
    assert compressed(body, encoding) == compressed(body, encoding)


@pytest.mark.parametrize(
    ("content_type", "size", "is_worth_it"),
    [
        ("text/html; charset=utf-8", 5_000, True),
        ("application/atom+xml; charset=utf-8", 5_000, True),
        ("application/feed+json", 5_000, True),
        ("image/svg+xml", 5_000, True),
        ("image/png", 5_000, False),
        ("font/woff2", 5_000, False),
        ("", 5_000, False),
        ("text/html", 100, False),
    ],
)
def test_only_texts_of_some_length_are_compressed(content_type: str, size: int, is_worth_it: bool) -> None:
    assert is_compressible(content_type, size) is is_worth_it


def test_what_is_the_same_for_every_page_is_made_smaller_still() -> None:
    body = b"".join(
        b".part-%d { color: #%06x; margin: %dpx }" % (one, one * 997, one % 7) for one in range(2_000)
    )
    assert len(compressed(body, "br", "text/css; charset=utf-8")) < len(compressed(body, "br", "text/html"))
