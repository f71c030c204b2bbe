"""Feeds as they come: each quirk of the formats, and each kind of breakage, in a few lines."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from blog.domain.entry import Draft, Item, Kind, Markup, Rejected
from blog.domain.errors import BadImport
from importers import feed
from importers.material import Material

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2020, 6, 1, tzinfo=UTC)
MAY_25 = datetime(2009, 5, 25, 10, tzinfo=UTC)
DATE = "<pubDate>Mon, 25 May 2009 12:00:00 +0200</pubDate>"
LONG = "word " * 200


def rss(*items: str, channel: str = "<link>https://blog.example/home/</link>") -> str:
    namespaces = (
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/"'
    )
    body = "".join(f"<item>{item}</item>" for item in items)
    return f'<rss version="2.0" {namespaces}><channel><title>T</title>{channel}{body}</channel></rss>'


def atom(*entries: str, base: str = "", head: str = '<link href="https://blog.example/home/"/>') -> str:
    body = "".join(f"<entry>{entry}</entry>" for entry in entries)
    return f'<feed xmlns="http://www.w3.org/2005/Atom" {base}><title>T</title>{head}{body}</feed>'


def items_of(source: str | bytes, **settings: Any) -> list[Item]:
    data = source.encode() if isinstance(source, str) else source
    return list(feed.read_feed(data, **{"now": NOW, **settings}))


def one(source: str | bytes, **settings: Any) -> Draft:
    (item,) = items_of(source, **settings)
    assert isinstance(item, Draft), item
    return item


def some_of(draft: Draft, expected: dict[str, Any]) -> dict[str, Any]:
    return {name: getattr(draft, name) for name in expected}


def test_an_rss_item_in_full() -> None:
    item = f"""<title>Sets &amp; how</title><link>https://a.example/x</link>
        <guid isPermaLink="false">id-1</guid>{DATE}
        <description>Short.</description><content:encoded><![CDATA[<p>In <b>full</b>.</p>]]></content:encoded>
        <category>C++</category><category domain="d">sets</category><category>C++</category>
        <enclosure url="https://a.example/i.png" type="image/png" length="1"/>"""
    assert items_of(rss(item)) == [
        Draft(
            kind=Kind.LINK,
            external_id="https://blog.example/home/#id-1",
            former_id="http://blog.example/home/#id-1",
            published=MAY_25,
            title="Sets & how",
            url="https://a.example/x",
            body="<p>In <b>full</b>.</p>",
            markup=Markup.HTML,
            tags=("C++", "sets"),
            image_url="https://a.example/i.png",
        )
    ]


def test_an_atom_entry_in_full() -> None:
    entry = """<id>tag:a.example,2009:1</id><title type="html">Sets &amp;amp; &lt;i&gt;how&lt;/i&gt;</title>
        <link rel="via" href="https://friend.example/" title="A friend"/><link href="https://a.example/x"/>
        <published>2009-05-25T10:00:00Z</published><updated>2009-05-26T10:00:00Z</updated>
        <summary>Short.</summary>
        <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>In full.</p></div></content>
        <category term="sets" label="Sets"/><category term="https://x.example/#c" label="C++"/>"""
    assert items_of(atom(entry)) == [
        Draft(
            kind=Kind.LINK,
            external_id="tag:a.example,2009:1",
            published=MAY_25,
            updated=datetime(2009, 5, 26, 10, tzinfo=UTC),
            title="Sets & how",
            url="https://a.example/x",
            body="<p>In full.</p>",
            markup=Markup.HTML,
            via_url="https://friend.example/",
            via_title="A friend",
            tags=("sets", "C++"),
        )
    ]


RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
    xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://blog.example/"><title>T</title>
    <items><rdf:Seq/></items></channel><item rdf:about="https://a.example/x"><title>Sets</title>
    <link>https://a.example/x</link><dc:date>2009-05-25T10:00:00Z</dc:date><dc:subject>sets</dc:subject>
    </item></rdf:RDF>"""
RSS_091 = """<?xml version="1.0"?><!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN"
    "http://my.example/publish/formats/rss-0.91.dtd"><rss version="0.91"><channel><title>T</title>
    <pubDate>Mon, 25 May 2009 10:00:00 GMT</pubDate><item><title>Sets</title>
    <link>https://a.example/x</link></item></channel></rss>"""


@pytest.mark.parametrize(("source", "tags"), [(RDF, ("sets",)), (RSS_091, ())])
def test_old_formats(source: str, tags: tuple[str, ...]) -> None:
    expected = {"title": "Sets", "url": "https://a.example/x", "published": MAY_25, "tags": tags}
    draft = one(source)
    assert some_of(draft, {**expected, "external_id": ""}) == {**expected, "external_id": "https://a.example/x"}


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        # What it is.
        ("<title>T</title><link>https://a.example/</link><description>x</description>", {"kind": Kind.LINK}),
        (
            f"<title>T</title><link>https://a.example/</link><description>{LONG}</description>",
            {"kind": Kind.ARTICLE},
        ),
        (f"<description>&lt;p class='{LONG}'&gt;x</description>", {"kind": Kind.NOTE}),
        ("<link>https://a.example/</link><description>x</description>", {"kind": Kind.NOTE, "title": ""}),
        ("<title>T</title><description>x</description>", {"kind": Kind.NOTE, "title": "T"}),
        # Titles.
        ("<title>&lt;b&gt;A&lt;/b&gt; &amp;amp; B</title>", {"title": "A & B"}),
        ("<title><![CDATA[A <em>bold</em><br>move]]></title>", {"title": "A bold move"}),
        ("<title>5 &lt; 6 &amp; 7</title>", {"title": "5 < 6 & 7"}),
        ("<title>\n two\n lines </title>", {"title": "two lines"}),
        ("<title>x<script>alert(1)</script></title>", {"title": "x"}),
        ("<title>a&#0;b&#27;c&#x9c;</title>", {"title": "abcœ"}),
        # Bodies.
        (
            "<description>One &amp;amp; two\n\nthree</description>",
            {"body": "One & two\n\nthree", "markup": Markup.TEXT},
        ),
        ("<description>&lt;p&gt;x</description>", {"body": "<p>x", "markup": Markup.HTML}),
        ("<title>T</title>", {"body": ""}),
        # Links: what is not http leads nowhere.
        ("<link>javascript:alert(1)</link>", {"url": ""}),
        ("<link>java\nscript:alert(1)</link>", {"url": ""}),
        ("<link>data:text/html,x</link>", {"url": ""}),
        ("<link>file:///etc/passwd</link>", {"url": ""}),
        ("<link>http://[bad/</link>", {"url": ""}),
        ("<link>http://a.example:port/</link>", {"url": ""}),
        (f"<link>https://a.example/{'x' * 3000}</link>", {"url": ""}),
        ("<link> https://a.example/a b </link>", {"url": "https://a.example/a%20b"}),
        ("<link>https://日本.example/é</link>", {"url": "https://日本.example/é"}),
        # Relative addresses are relative to the feed's page.
        ("<link>/x?a=1&amp;b</link>", {"url": "https://blog.example/x?a=1&b"}),
        ("<link>x</link>", {"url": "https://blog.example/home/x"}),
        ("<link>//other.example/x</link>", {"url": "https://other.example/x"}),
        (
            """<description>&lt;a href="b"&gt; &lt;IMG src='/i"j'&gt; &lt;a href=c&gt; &lt;a href="#f"&gt;
            &lt;a href="javascript:x"&gt; &lt;a data-href="u"&gt; href="no"</description>""",
            {
                "body": """<a href="https://blog.example/home/b"> <IMG src='https://blog.example/i"j'> """
                """<a href="https://blog.example/home/c"> <a href="#f">
            <a href="javascript:x"> <a data-href="u"> href="no\""""
            },
        ),
        # Ids.
        (
            "<guid>/p/1</guid>",
            {"external_id": "https://blog.example/home/#/p/1", "url": "https://blog.example/p/1"},
        ),
        ("<link>https://a.example/x</link>", {"external_id": "https://a.example/x"}),
        (f"<guid>{'x' * 9000}</guid>", {"external_id": ("https://blog.example/home/#" + "x" * 500)[:500]}),
        # Images.
        ('<media:thumbnail url="/t.jpg"/>', {"image_url": "https://blog.example/t.jpg"}),
        ('<media:content url="/m.jpg" medium="image"/>', {"image_url": "https://blog.example/m.jpg"}),
        ('<enclosure url="/a.mp3" type="audio/mpeg"/>', {"image_url": ""}),
        ('<enclosure url="javascript:x" type="image/png"/>', {"image_url": ""}),
        # Tags.
        ("<category> a\nb </category><category/>", {"tags": ("a b",)}),
        ("".join(f"<category>{n}</category>" for n in range(500)), {"tags": tuple(map(str, range(100)))}),
    ],
)
def test_rss_items(item: str, expected: dict[str, Any]) -> None:
    assert some_of(one(rss(DATE + item)), expected) == expected


@pytest.mark.parametrize(
    ("dates", "published", "updated"),
    [
        ("<pubDate>25 May 2009 10:00 GMT</pubDate>", MAY_25, None),
        ("<dc:date>2009-05-25T10:00:00Z</dc:date>", MAY_25, None),
        ("", datetime(2010, 1, 1, tzinfo=UTC), None),
        ("<pubDate>soon</pubDate>", datetime(2010, 1, 1, tzinfo=UTC), None),
        ("<pubDate>Thu, 01 Jan 1970 00:00:00 GMT</pubDate>", datetime(2010, 1, 1, tzinfo=UTC), None),
        ("<pubDate>Fri, 01 Jan 2038 00:00:00 GMT</pubDate>", datetime(2010, 1, 1, tzinfo=UTC), None),
        ("<pubDate>Mon, 01 Jan 0000 00:00:00 GMT</pubDate>", datetime(2010, 1, 1, tzinfo=UTC), None),
        ("<pubDate>Tue, 02 Jun 2020 00:00:00 GMT</pubDate>", datetime(2020, 6, 2, tzinfo=UTC), None),
        (
            "<pubDate>Sun, 01 Jan 1905 00:00:00 GMT</pubDate><dc:date>2009-05-25T10:00:00Z</dc:date>",
            MAY_25,
            None,
        ),
    ],
)
def test_dates_of_rss_fall_back_to_those_of_the_feed(
    dates: str, published: datetime, updated: datetime | None
) -> None:
    channel = "<lastBuildDate>Fri, 01 Jan 2010 00:00:00 GMT</lastBuildDate>"
    draft = one(rss(f"<title>x</title>{dates}", channel=channel))
    assert (draft.published, draft.updated) == (published, updated)


@pytest.mark.parametrize(
    ("published", "updated", "expected"),
    [
        ("2009-05-25T10:00:00Z", "2009-05-26T10:00:00Z", (MAY_25, datetime(2009, 5, 26, 10, tzinfo=UTC))),
        ("2009-05-25T10:00:00Z", "2009-05-24T10:00:00Z", (MAY_25, None)),
        ("2009-05-25T10:00:00Z", "2109-05-24T10:00:00Z", (MAY_25, None)),
        ("1909-05-25T10:00:00Z", "2009-05-25T10:00:00Z", (MAY_25, None)),
        ("2109-05-25T10:00:00Z", "2009-05-25T10:00:00Z", (MAY_25, None)),
        ("2009-05-25T10:00:00Z", "", (MAY_25, None)),
        ("", "2009-05-25T10:00:00Z", (MAY_25, None)),
    ],
)
def test_an_absurd_date_gives_way_to_the_other(published: str, updated: str, expected: tuple[Any, Any]) -> None:
    draft = one(atom(f"<title>x</title><published>{published}</published><updated>{updated}</updated>"))
    assert (draft.published, draft.updated) == expected


def test_an_item_without_any_date_is_rejected_and_the_others_are_read() -> None:
    rejected, draft = items_of(rss("<guid>a</guid>", f"<guid>b</guid>{DATE}"))
    assert rejected == Rejected(
        external_id="https://blog.example/home/#a", reason="Neither it nor the feed has a usable date."
    )
    assert isinstance(draft, Draft)


def test_addresses_in_atom_are_relative_to_xml_base() -> None:
    entry = """<id>1</id><published>2009-05-25T10:00:00Z</published><link href="x"/>
        <content type="html" xml:base="deep/">&lt;a href="y"&gt;y&lt;/a&gt;</content>"""
    draft = one(atom(entry, base='xml:base="https://base.example/b/"'))
    assert draft.url == "https://base.example/b/x"
    assert draft.body == '<a href="https://base.example/b/deep/y">y</a>'


@pytest.mark.parametrize(
    ("head", "address", "url"),
    [
        ('<link rel="self" href="https://feeds.example/f/me.atom"/>', "", "https://feeds.example/f/x"),
        ("", "https://fetched.example/a/feed", "https://fetched.example/a/x"),
        ('<link href="/home/"/>', "https://fetched.example/a/feed", "https://fetched.example/home/x"),
        ("", "/tmp/feed.xml", ""),
    ],
)
def test_addresses_are_relative_to_the_feeds_own_where_it_says_no_better(
    head: str, address: str, url: str
) -> None:
    entry = '<id>1</id><published>2009-05-25T10:00:00Z</published><link href="x"/>'
    assert one(atom(entry, head=head), address=address).url == url


def test_an_item_without_id_and_link_is_known_by_what_it_says() -> None:
    first, second = (one(rss(f"<title>{title}</title>{DATE}")).external_id for title in "ab")
    assert first.startswith("sha256:")
    assert first == one(rss(f"{DATE}<title>a</title>", channel="")).external_id != second


def test_an_id_that_items_with_different_links_share_names_none_of_them() -> None:
    items = [f"<guid isPermaLink='false'>0</guid><link>https://a.example/{n}</link>{DATE}" for n in (1, 2)]
    assert [getattr(i, "external_id", "") for i in items_of(rss(*items))] == [
        "https://a.example/1",
        "https://a.example/2",
    ]


def test_an_item_that_comes_twice_is_read_once_and_the_other_is_told() -> None:
    item = f"<guid>https://a.example/1</guid>{DATE}"
    draft, rejected = items_of(rss(item, item))
    assert isinstance(draft, Draft)
    assert rejected == Rejected(
        external_id="https://a.example/1", reason="The feed has another item with the same id."
    )


@pytest.mark.parametrize(
    ("data", "title"),
    [
        ("<?xml version='1.0' encoding='iso-8859-1'?>{}", "café"),
        ("<?xml version='1.0' encoding='windows-1252'?>{}", "café"),
        ("<?xml version='1.0' encoding='utf-8'?>{}", "café"),
        ("<?xml version='1.0' encoding='utf-16'?>{}", "café"),
        ("<?xml version='1.0' encoding='klingon'?>{}", "café"),
        ("<?xml version='1.0' encoding='hex'?>{}", "café"),
        ("{}", "café"),
    ],
)
def test_a_wrong_charset_is_seen_through(data: str, title: str) -> None:
    text = data.format(rss(f"<title>café</title>{DATE}"))
    assert one(text.encode("latin-1")).title == title


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "koi8-r"])
def test_encodings(encoding: str) -> None:
    text = f"<?xml version='1.0' encoding='{encoding}'?>" + rss(f"<title>множества</title>{DATE}")
    assert one(text.encode(encoding)).title == "множества"


def test_one_bad_byte_does_not_spoil_the_rest() -> None:
    data = rss(f"<title>日本語 @ ü</title>{DATE}").encode().replace(b"@", b"\x93")
    assert one(data).title == "日本語 “ ü"


def test_control_characters_and_nul_bytes_are_removed() -> None:
    data = rss(f"<title>a\x08b\x1bc</title><description>x\x0b&#1;y</description>{DATE}").encode()
    draft = one(data.replace(b"<channel>", b"<chan\0nel>\0"))
    assert (draft.title, draft.body) == ("abc", "xy")


def test_truncated_xml_gives_what_is_whole_and_tells_of_the_rest() -> None:
    whole = rss(f"<guid>a</guid>{DATE}", f"<title>Cut</title>{DATE}<description>Broken sent")
    draft, rejected = items_of(whole[: whole.index("sent") + 2])
    assert isinstance(draft, Draft)
    assert draft.external_id == "https://blog.example/home/#a"
    assert rejected == Rejected(external_id="Cut", reason="The feed breaks off in the middle of it.")


def test_markup_errors_and_html_entities_are_read_leniently() -> None:
    draft = one(rss(f"<title>a&nbsp;&eacute; & b</title>{DATE}<link>https://a.example/?a=1&b=2</link>"))
    assert (draft.title, draft.url) == ("a é & b", "https://a.example/?a=1&b=2")


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">\n' for n in range(1, 10))


@pytest.mark.parametrize(
    "doctype",
    [
        f'<!DOCTYPE rss [\n<!ENTITY l0 "lol">\n{LAUGHS}]>',
        f'<!DOCTYPE rss [<!ENTITY l0 "lol">{LAUGHS}]>'.replace("\n", ""),
        f'<!DOCTYPE rss [<!ENTITY l9 "{"x" * 50_000}">]>',
        '<!DOCTYPE rss [<!ENTITY l9 SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE rss [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x"> %p; <!ENTITY l9 "]>">]>',
    ],
)
def test_entities_that_a_feed_declares_are_never_expanded(doctype: str) -> None:
    draft = one(doctype + rss(f"<title>a</title>{DATE}<description>{'&l9;' * 100}</description>"))
    assert draft.title == "a"
    assert draft.body == "&l9;" * 100


def test_references_to_no_character_do_not_cost_the_feed() -> None:
    bad = f"&#x110000;&#{'9' * 3000};&#xD800;&#0;&#13;&#x99;&#x26;&#233;"
    assert one(rss(f"<title>a{bad} & b</title>{DATE}")).title == "a ™&é & b"


def test_what_feedparser_stumbles_over_is_refused_with_a_sentence() -> None:
    with pytest.raises(BadImport, match="This feed is too broken to read"):
        items_of(rss(f"{DATE}<textInput><link>never closed</link>"))


def test_a_title_of_ten_megabytes_is_cut() -> None:
    draft = one(rss(f"<title>{'Long ' * 2_000_000}</title>{DATE}"))
    assert len(draft.title) == 500
    assert draft.title.endswith("Long…")


def test_a_feed_beyond_the_cap_is_refused() -> None:
    data = rss(DATE).encode()
    assert len(items_of(data, cap=len(data))) == 1
    with pytest.raises(BadImport, match=f"has {len(data)} bytes, and no more than 100 are read"):
        items_of(data, cap=100)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0",
        b"\xff\xfe",
        b"/etc/passwd",
        b"https://blog.example/feed",
        b"<html><rss/></html>",
        b"{}",
        b"<",
    ],
)
def test_what_is_no_feed_is_refused(data: bytes) -> None:
    with pytest.raises(BadImport, match="This is not a feed"):
        items_of(data)


def test_bytes_that_name_a_file_do_not_open_it(tmp_path: Path) -> None:
    (tmp_path / "feed.xml").write_text(rss(DATE))
    with pytest.raises(BadImport, match="This is not a feed"):
        items_of(str(tmp_path / "feed.xml").encode())


def test_an_empty_feed_has_no_items() -> None:
    assert items_of(rss()) == []


def test_reading_warns_of_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(items_of(rss(DATE, f"{DATE}<guid>b</guid>") + "<p>&nbsp;")) == 2


def test_the_importer_reads_material_and_counts_it_cheaply() -> None:
    material = Material.of_bytes(
        rss(f"{DATE}<link>x</link>").replace("home/", "").encode(), "https://a.example/f"
    )
    (draft,) = feed.parse(material)
    assert isinstance(draft, Draft)
    assert (draft.url, feed.count(material)) == ("https://blog.example/x", 1)


def test_the_same_short_id_in_two_feeds_names_two_entries() -> None:
    item = f"<title>a</title><guid isPermaLink='false'>17</guid>{DATE}"
    ids = {
        one(rss(item, channel=f"<link>https://{host}/</link>")).external_id
        for host in ("a.example", "b.example")
    }
    assert ids == {"https://a.example/#17", "https://b.example/#17"}


def test_an_item_is_told_by_the_name_it_had_before_its_site_moved_to_https() -> None:
    item = f"<title>a</title><guid isPermaLink='false'>17</guid>{DATE}"
    draft = one(rss(item, channel="<link>https://a.example/</link>"))
    assert (draft.external_id, draft.former_id) == ("https://a.example/#17", "http://a.example/#17")
    assert one(rss(f"<title>a</title>{DATE}<guid>tag:a.example,2009:1</guid>")).former_id == ""


def test_two_items_that_differ_by_their_scheme_alone_are_two() -> None:
    items = [f"<guid>{scheme}://a.example/1</guid>{DATE}" for scheme in ("http", "https")]
    assert [getattr(i, "former_id", "none") for i in items_of(rss(*items))] == ["", ""]
