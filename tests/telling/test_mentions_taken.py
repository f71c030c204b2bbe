"""What other sites say: looked at, then approved by the author, and gone when their page is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from conftest import DATABASES, draft
from elsewhere import Page, elsewhere
from reading import look, read
from signing import at_desk
from sqlalchemy import select, text, update

from blog.changes.entries import save_entry
from blog.changes.mentions import TooMany, take_mention
from blog.domain.entry import Status
from blog.outreach import Mention, MentionHost
from blog.telling.mentions import do_mentions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Blog
    from elsewhere import Elsewhere
    from flask.testing import FlaskClient

BASE = "https://blog.example"
ENTRY = "/2009/May/25/told/"
TARGET = f"{BASE}{ENTRY}"
REPLY = """<!doctype html><title>Re</title><div class="h-entry">
<p class="p-author h-card"><a class="u-url" href="/about">Bea <b>Arthur</b></a><img src="/face.jpg" alt=""></p>
<a class="u-in-reply-to" href="{target}">this</a><time class="dt-published" datetime="2026-11-20T10:00:00Z">then</time>
<div class="e-content">Well <script>alert(1)</script><b onclick="x">said</b> &lt;i&gt;&#8238;.</div></div>"""


@pytest.fixture
def site() -> Iterator[Elsewhere]:
    with elsewhere() as found:
        yield found


@pytest.fixture
def blog(request: pytest.FixtureRequest, make_blog: Callable[..., Blog]) -> Blog:
    made = make_blog(getattr(request, "param", "sqlite"), webmention=True, base_url=BASE, fetch_private=True)
    made.write("Told", slug="told")
    made.clock.forward(seconds=10)
    return made


def send(client: FlaskClient, source: str, target: str = TARGET, **options: Any) -> tuple[int, str]:
    answer = client.post("/webmention", data={"source": source, "target": target}, **options)
    return answer.status_code, answer.text


def rows(blog: Blog) -> list[Mention]:
    with blog.services.sessions.read() as session:
        return list(session.scalars(select(Mention).order_by(Mention.id)))


def states(blog: Blog) -> list[tuple[str, str]]:
    return [(row.kind, row.state) for row in rows(blog)]


@pytest.mark.parametrize("blog", DATABASES, indirect=True)
def test_a_reply_is_shown_below_the_entry_when_it_is_approved_and_goes_when_its_page_does(
    blog: Blog, site: Elsewhere
) -> None:
    desk, reader = at_desk(blog), blog.client()
    site.pages["/reply"] = Page(REPLY.replace("{target}", TARGET))
    assert send(reader, f"{site.base}/reply") == (
        202,
        "Thank you. Your page will be looked at, and then the author decides.\n",
    )
    assert send(reader, f"{site.base}/reply")[0] == 202
    assert states(blog) == [("mention", "unverified")]
    do_mentions(blog.services)
    (row,) = rows(blog)
    assert (row.kind, row.state, row.author_name, row.author_url, row.text, row.published) == (
        "reply", "waiting", "Bea Arthur", f"{site.base}/about", "Well said <i> .", datetime(2026, 11, 20, 10, tzinfo=UTC),
    )  # fmt: skip
    assert "1 mention waits" in read(desk.get("/admin/")).text()
    assert "Bea Arthur" in desk.get("/admin/webmentions/").text
    assert "Bea Arthur" not in reader.get(ENTRY).text
    desk.post(f"/admin/webmentions/{row.id}", {"do": "approve", "state": "waiting"})
    shown = look(reader, ENTRY).one(cls="webmentions")
    assert "Bea Arthur replied at 127.0.0.1, 2026-11-20" in " ".join(shown.text().split())
    assert {link["rel"] for link in shown.all("a")} == {"nofollow ugc"}
    assert (shown.all("img"), shown.all("b"), shown.all("script")) == ([], [], [])
    site.pages["/reply"] = Page("No link here any more.", 200)
    send(reader, f"{site.base}/reply")
    do_mentions(blog.services)
    assert states(blog) == []
    assert "Bea Arthur" not in reader.get(ENTRY).text


@pytest.mark.parametrize(
    "answer",
    [Page(status=410), Page(status=404), Page("Only the text: https://blog.example/2009/May/25/told/")],
)
def test_a_page_that_is_gone_or_does_not_link_is_forgotten(
    make_blog: Callable[..., Blog], site: Elsewhere, answer: Page
) -> None:
    blog = make_blog("sqlite", webmention=True, base_url=BASE, fetch_private=True)
    blog.write("Told", slug="told")
    site.pages["/x"] = answer
    assert send(blog.client(), f"{site.base}/x")[0] == 202
    do_mentions(blog.services)
    assert rows(blog) == []


KINDS = [
    ('<div class="h-entry"><a class="u-like-of" href="{t}">x</a></div>', "like"),
    ('<div class="h-entry"><a class="u-repost-of" href="{t}">x</a></div>', "repost"),
    ('<div class="h-entry"><a class="u-bookmark-of" href="{t}">x</a></div>', "bookmark"),
    ('<div class="h-entry"><div class="u-in-reply-to h-cite"><a class="u-url" href="{t}">x</a></div></div>', "reply"),
    ('<div class="h-entry"><a class="u-like-of" href="https://o.example/">x</a><a href="{t}">x</a></div>', "mention"),
    ('<div class="h-entry">other</div><div class="h-entry"><a class="u-like-of" href="{t}">x</a></div>', "like"),
    ('<title>A page</title><a href="{t}#part">x</a>', "mention"),
]  # fmt: skip


def test_microformats_say_what_it_is(make_blog: Callable[..., Blog], site: Elsewhere) -> None:
    blog = make_blog("sqlite", webmention=True, base_url=BASE, fetch_private=True)
    told, other = blog.write("Told", slug="told"), blog.write("Other", slug="other")
    for number, (page, _) in enumerate(KINDS):
        # More than five of one site do not wait for one entry.
        entry, target = (other, f"{BASE}/2009/May/25/other/") if number in (2, 3) else (told, TARGET)
        site.pages[f"/{number}"] = Page(page.replace("{t}", target))
        take_mention(blog.services, f"{site.base}/{number}", target, entry)
    do_mentions(blog.services)
    do_mentions(blog.services)
    assert states(blog) == [(kind, "waiting") for _, kind in KINDS]
    assert rows(blog)[-1].text == "A page"
    desk = at_desk(blog)
    desk.post(f"/admin/webmentions/{rows(blog)[0].id}", {"do": "trust"})
    assert [state for _, state in states(blog)].count("approved") == 1
    do_mentions(blog.services)
    do_mentions(blog.services)
    page = look(blog.client(), ENTRY).one(cls="webmentions").text()
    assert "Liked by 127.0.0.1 and 127.0.0.1" in page
    assert "Shared by 127.0.0.1" in page


@pytest.mark.parametrize("blog", DATABASES, indirect=True)
def test_a_site_is_trusted_or_blocked_and_the_author_can_think_again(blog: Blog, site: Elsewhere) -> None:
    desk, reader = at_desk(blog), blog.client()
    for name in ("a", "b", "c"):
        site.pages[f"/{name}"] = Page(f'<title>{name}</title><a href="{TARGET}">x</a>')
    send(reader, f"{site.base}/a")
    do_mentions(blog.services)
    desk.post(f"/admin/webmentions/{rows(blog)[0].id}", {"do": "trust"})
    send(reader, f"{site.base}/b")
    do_mentions(blog.services)
    assert states(blog) == [("mention", "approved")] * 2
    desk.post("/admin/webmentions/rules/forget", {"host": "127.0.0.1"})
    send(reader, f"{site.base}/c")
    do_mentions(blog.services)
    assert [state for _, state in states(blog)] == ["approved", "approved", "waiting"]
    desk.post(f"/admin/webmentions/{rows(blog)[2].id}", {"do": "reject"})
    assert "c" in read(desk.get("/admin/webmentions/?state=rejected")).one(cls="mentions").text()
    desk.post(f"/admin/webmentions/{rows(blog)[0].id}", {"do": "block"})
    assert rows(blog) == []
    assert send(reader, f"{site.base}/a")[0] == 400
    assert "webmentions" not in look(reader, ENTRY).one("main").text()


def test_who_changes_what_was_approved_waits_again_and_who_says_the_same_does_not(
    blog: Blog, site: Elsewhere
) -> None:
    desk, reader = at_desk(blog), blog.client()
    site.pages["/x"] = Page(f'<title>Kind words</title><a href="{TARGET}">x</a>')
    send(reader, f"{site.base}/x")
    do_mentions(blog.services)
    desk.post(f"/admin/webmentions/{rows(blog)[0].id}", {"do": "approve"})
    send(reader, f"{site.base}/x")
    do_mentions(blog.services)
    assert states(blog) == [("mention", "approved")]
    site.pages["/x"] = Page(f'<title>Buy this</title><a href="{TARGET}">x</a>')
    blog.clock.forward(days=31)
    do_mentions(blog.services)
    assert states(blog) == [("mention", "waiting")]
    assert "Kind words" not in reader.get(ENTRY).text


def test_a_site_that_does_not_answer_is_asked_again_and_then_let_go(blog: Blog, site: Elsewhere) -> None:
    site.pages["/x"] = Page(status=500)
    send(blog.client(), f"{site.base}/x")
    for _ in range(5):
        assert len(rows(blog)) == 1
        do_mentions(blog.services)
        blog.clock.forward(hours=7)
    assert rows(blog) == []


REFUSED = [
    ({"source": "https://a.example/"}, "Send one “target”"),
    ({"target": TARGET}, "Send one “source”"),
    ({"source": ["https://a.example/", "https://b.example/"], "target": TARGET}, "Send one “source”"),
    ({"source": "ftp://a.example/", "target": TARGET}, "not an http or https address"),
    ({"source": "https://a.example/" + "x" * 2_000, "target": TARGET}, "not an http or https address"),
    ({"source": "http://[", "target": TARGET}, "not an http or https address"),
    ({"source": "https://a.example/", "target": f"{BASE}/2009/May/25/told%00/"}, "not an entry"),
    ({"source": "https://a.example/", "target": f"{BASE}/%00"}, "not an entry"),
    ({"source": TARGET + "#a", "target": TARGET}, "the same page"),
    ({"source": f"{BASE}/", "target": TARGET}, "of this blog itself"),
    ({"source": "https://a.example/", "target": f"{BASE}/tags/"}, "not an entry"),
    ({"source": "https://a.example/", "target": f"{BASE}/2009/May/25/unknown/"}, "not an entry"),
    ({"source": "https://a.example/", "target": f"{BASE}/2009/May/25/draft/"}, "not an entry"),
    ({"source": "https://a.example/", "target": f"{BASE}/2009/Smarch/99/told/"}, "not an entry"),
    ({"source": "https://a.example/", "target": f"https://other.example{ENTRY}"}, "not a page of this blog"),
]


@pytest.mark.parametrize("blog", DATABASES, indirect=True)
def test_what_cannot_be_a_mention_is_refused_with_a_sentence(blog: Blog) -> None:
    blog.write("Draft", slug="draft", status=Status.DRAFT)
    client = blog.client()
    for fields, sentence in REFUSED:
        answer = client.post("/webmention", data=fields)
        assert (answer.status_code, sentence in answer.text) == (400, True), fields
    assert client.post("/webmention", data={"source": "x" * 20_000, "target": TARGET}).status_code == 413
    assert client.get("/webmention").status_code == 405
    assert rows(blog) == []


def test_an_old_address_of_an_entry_is_a_target_too(blog: Blog) -> None:
    entry = blog.write("Moved", slug="before")
    save_entry(blog.services, draft("Moved", slug="after"), entry)
    assert send(blog.client(), "https://a.example/", f"{BASE}/2009/May/25/before/")[0] == 202
    assert [row.entry_id for row in rows(blog)] == [entry]


def test_one_address_cannot_send_without_end_and_no_address_is_kept(make_blog: Callable[..., Blog]) -> None:
    blog = make_blog("sqlite", webmention=True, base_url=BASE)
    blog.write("Told", slug="told")
    client = blog.client()
    for addresses in (["192.0.2.6"] * 31, [f"2001:db8::{number:x}" for number in range(31)]):
        codes = [
            send(client, f"https://site-{number}.example/", environ_base={"REMOTE_ADDR": address})[0]
            for number, address in enumerate(addresses)
        ]
        assert codes == [202] * 30 + [429], addresses
    for other in ("192.0.2.7", "2001:db8:0:1::"):
        assert send(client, "https://a.example/x", environ_base={"REMOTE_ADDR": other})[0] == 202
        assert other not in repr([vars(row) for row in rows(blog)])


@pytest.mark.parametrize("blog", DATABASES, indirect=True)
def test_one_site_cannot_fill_the_queue(blog: Blog) -> None:
    entries = [blog.write(f"Entry {number}") for number in range(6)]
    for number in range(20):
        take_mention(blog.services, f"https://a.example/{number}", TARGET, entries[number // 5])
        if number < 5:
            with blog.services.sessions.write() as session:
                session.execute(update(Mention).values(state="waiting"))
        if number == 4:
            with pytest.raises(TooMany, match="from there"):
                take_mention(blog.services, "https://a.example/x", TARGET, entries[0])
    with pytest.raises(TooMany, match="from there"):
        take_mention(blog.services, "https://a.example/x", TARGET, entries[5])
    take_mention(blog.services, "https://a.example/3", TARGET, entries[0])
    take_mention(blog.services, "https://b.example/", TARGET, entries[0])
    with blog.services.sessions.write() as session:
        session.execute(update(Mention).where(Mention.entry_id == entries[0]).values(state="approved"))
    take_mention(blog.services, "https://a.example/x", TARGET, entries[0])
    assert len(rows(blog)) == 22


def test_the_host_that_a_request_names_is_this_blog_only_while_its_address_is_not_known(
    blog: Blog, make_blog: Callable[..., Blog]
) -> None:
    elsewhere = f"https://evil.example{ENTRY}"
    assert send(blog.client(), "https://a.example/", elsewhere, base_url="https://evil.example")[0] == 400
    unknown = make_blog("sqlite", webmention=True)
    unknown.write("Told", slug="told")
    assert send(unknown.client(), "https://a.example/", elsewhere, base_url="https://evil.example")[0] == 202


def led_on(site: Elsewhere) -> str:
    """A page of 127.0.0.1 that leads on to one of another name, which links here; return its address."""
    other = site.base.replace("127.0.0.1", "localhost")
    site.pages["/led"] = Page(f'<title>Buy this</title><a href="{TARGET}">x</a>')
    site.pages["/leading"] = Page(status=302, headers=[("Location", f"{other}/led")])
    return f"{site.base}/leading"


def test_a_trusted_site_answers_for_its_own_pages_and_not_for_where_they_lead_to(
    blog: Blog, site: Elsewhere
) -> None:
    desk, reader = at_desk(blog), blog.client()
    send(reader, led_on(site))
    site.pages["/own"] = Page(f'<title>Own</title><a href="{TARGET}">x</a>')
    send(reader, f"{site.base}/own")
    do_mentions(blog.services)
    desk.post(f"/admin/webmentions/{rows(blog)[1].id}", {"do": "trust"})
    assert [row.state for row in rows(blog)] == ["waiting", "approved"]
    do_mentions(blog.services)
    assert [row.state for row in rows(blog)] == ["waiting", "approved"]
    assert "Buy this" not in reader.get(ENTRY).text


@pytest.mark.parametrize("blocked", ["127.0.0.1", "localhost"])
def test_what_leads_on_from_or_to_a_blocked_site_is_forgotten(
    blog: Blog, site: Elsewhere, blocked: str
) -> None:
    assert send(blog.client(), led_on(site))[0] == 202
    with blog.services.sessions.write() as session:
        session.add(MentionHost(host=blocked, rule="block"))
    do_mentions(blog.services)
    assert rows(blog) == []


def test_one_that_cannot_be_kept_is_tried_again_and_the_others_go_on(blog: Blog, site: Elsewhere) -> None:
    for name in ("a", "bad", "c"):
        site.pages[f"/{name}"] = Page(f'<title>{name}</title><a href="{TARGET}">x</a>')
        send(blog.client(), f"{site.base}/{name}")
    with blog.services.sessions.write() as session:
        session.execute(
            text(
                "CREATE TRIGGER refusing BEFORE UPDATE ON mention WHEN NEW.text = 'bad' "
                "BEGIN SELECT RAISE(ABORT, 'not this one'); END"
            )
        )
    do_mentions(blog.services)
    assert [(row.state, row.tries, row.lease) for row in rows(blog)] == [
        ("waiting", 0, ""),
        ("unverified", 1, ""),
        ("waiting", 0, ""),
    ]


def test_a_page_of_a_redirect_to_an_absurd_address_or_of_absurd_size_is_not_read(
    blog: Blog, site: Elsewhere
) -> None:
    far = f"/{'x' * 3_000}"
    site.pages = {
        "/long": Page(status=302, headers=[("Location", far)]),
        far: Page(f'<a href="{TARGET}">x</a>'),
        "/large": Page(f'<a href="{TARGET}">x</a>' + " " * 500_000),
    }
    for path in ("/long", "/large"):
        send(blog.client(), f"{site.base}{path}")
    do_mentions(blog.services)
    assert [(row.source, row.tries) for row in rows(blog)] == [(f"{site.base}/large", 1)]


def test_entries_say_where_mentions_go_when_it_is_on_and_nothing_takes_them_when_it_is_off(
    blog: Blog, make_blog: Callable[..., Blog]
) -> None:
    answer = blog.client().get(ENTRY)
    assert answer.headers["Link"] == f'<{BASE}/webmention>; rel="webmention"'
    assert read(answer).one("link", rel="webmention")["href"] == "/webmention"
    off = make_blog("sqlite", base_url=BASE)
    off.write("Told", slug="told")
    assert "webmention" not in off.client().get(ENTRY).text
    assert send(off.client(), "https://a.example/")[0] == 404


def test_a_hostile_page_ends_in_time_and_is_nothing_but_text(
    make_blog: Callable[..., Blog], site: Elsewhere
) -> None:
    blog = make_blog("sqlite", webmention=True, base_url=BASE, fetch_private=True)
    entry = blog.write("Told", slug="told")
    link = f'<a href="{TARGET}">x</a>'
    site.pages = {
        "/nested": Page(link + '<div class="h-entry">' * 20_000),
        "/open": Page(link + "<a " * 100_000),
        "/script": Page(f'<div class="h-entry"><p class="p-author">{"</p><script>" * 99}</p>{link}</div>'),
        "/url": Page(f'<div class="h-entry"><a class="p-author h-card" href="javascript:x">A</a>{link}</div>'),
    }
    for path in site.pages:
        take_mention(blog.services, f"{site.base}{path}", TARGET, entry)
    do_mentions(blog.services)
    # In the third the link is part of a script, and so none.
    assert len(rows(blog)) == 3
    assert {row.author_url for row in rows(blog)} == {""}
