"""Micropub, section by section: what a client sends, and what becomes of it.

The numbers are those of the W3C Recommendation, https://www.w3.org/TR/micropub/.
"""

from __future__ import annotations

import io
import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from acting import Program
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from library import opened
from PIL import Image
from test_bad_input import HUNT

from blog.auth.scopes import SCOPES
from blog.queries.listings import ALL, list_by_status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Blog
    from werkzeug.test import TestResponse

from blog.domain.filters import EVERYTHING

NOW = "2026-11-23T12:00:00+00:00"
HERE = "http://localhost"


@pytest.fixture
def app(blog: Blog) -> Program:
    return Program(blog, "create update delete media read")


def send(program: Program, data: Any, **options: Any) -> Any:
    """Post a form where the data is a list of pairs or a form's text, JSON where it is an object."""
    if isinstance(data, dict):
        return program.post("/micropub", json=data, **options)
    return program.post("/micropub", data=data, content_type="application/x-www-form-urlencoded", **options)


def created(program: Program, data: Any, **options: Any) -> str:
    answer = send(program, data, **options)
    assert answer.status_code == 201, answer.text
    return str(answer.headers["Location"])


def source(program: Program, url: str, *names: str) -> Any:
    query = {"q": "source", "url": url, "properties[]": list(names)}
    answer = program.get("/micropub", query_string=query)
    assert answer.status_code == 200, answer.text
    return answer.json


def saved(blog: Blog) -> Any:
    """The newest entry, as the blog has it."""
    return list_by_status(blog.services, EVERYTHING, ALL, 1, 1).entries[0]


def image(width: int = 4, colour: str = "red") -> io.BytesIO:
    data = io.BytesIO()
    Image.new("RGB", (width, 3), colour).save(data, "PNG")
    data.seek(0)
    return data


def refusal(answer: TestResponse) -> tuple[int, str, str]:
    assert answer.content_type == "application/json", answer.text
    said = json.loads(answer.text)
    return answer.status_code, said["error"], said["error_description"]


# What is sent, and the fields of the entry that it makes.
CREATED = [
    ("3.2 a note, as a form", "h=entry&content=hello+world", {"kind": "note", "body": "hello world", "title": "", "markup": "text"}),
    ("3.2 the type is an entry unless said", "content=hello", {"kind": "note", "body": "hello"}),
    ("3.2 several categories", "h=entry&content=x&category[]=foo&category[]=bar", {"tags": ("bar", "foo")}),
    ("3.2 one category", "h=entry&content=x&category=C%2B%2B", {"tags": ("cplusplus",)}),
    ("3.2 an article", "h=entry&name=Title&content=x", {"kind": "article", "title": "Title", "slug": "title"}),
    ("3.2 a photo by its address", "h=entry&content=x&photo=https://example.org/p.jpg", {"image_url": "https://example.org/p.jpg", "kind": "note"}),
    ("3.2 HTML in a form", "h=entry&content[html]=<b>x</b>", {"body": "<b>x</b>", "markup": "html"}),
    ("3.2 a time with its zone", "content=x&published=2026-11-20T10:00:00%2B02:00", {"published": "2026-11-20T08:00:00+00:00"}),
    ("3.2 what is unknown is left aside", "content=x&location=geo:1,2&mp-syndicate-to=nowhere&a%20b=1", {"body": "x"}),
    ("3.3 a note, as JSON", {"type": ["h-entry"], "properties": {"content": ["hello"]}}, {"kind": "note", "body": "hello", "markup": "text"}),
    ("3.3 plain text is not HTML", {"type": ["h-entry"], "properties": {"content": ["a <b> & c"]}}, {"html": "<p>a &lt;b&gt; &amp; c</p>"}),
    ("3.3.1 HTML", {"type": ["h-entry"], "properties": {"content": [{"html": "<b>bold</b>"}]}}, {"html": "<b>bold</b>", "markup": "html"}),
    ("3.3.1 HTML is made safe", {"properties": {"content": [{"html": "<p onclick=x>a<script>b</script></p>"}]}}, {"html": "<p>a</p>"}),
    ("3.3.2 a photo with words", {"properties": {"photo": [{"value": "https://example.org/p.jpg", "alt": "A cat"}], "content": ["x"]}},
     {"image_url": "https://example.org/p.jpg", "image_alt": "A cat"}),
    ("3.3.2 two photos", {"properties": {"content": ["a<\n\nb"], "photo": ["https://example.org/1.jpg", {"value": "https://example.org/2.jpg", "alt": '"2"'}]}},
     {"image_url": "https://example.org/1.jpg", "markup": "html",
      "html": '<p>a&lt;</p>\n<p>b</p>\n\n<p><img src="https://example.org/2.jpg" alt="&quot;2&quot;" loading="lazy" decoding="async"></p>'}),
    ("3.3.3 nested objects", {"properties": {"content": ["x"], "checkin": [{"type": ["h-card"], "properties": {"name": ["Los"]}}]}}, {"body": "x"}),
    ("3.3.4 what is unknown is left aside", {"properties": {"content": ["x"], "rating": [5], "x-y": [{}]}}, {"body": "x"}),
    ("3.3 Markdown", {"properties": {"content": [{"markdown": "*x*"}]}}, {"html": "<p><em>x</em></p>", "markup": "markdown"}),
    ("3.3 every value that is text", {"properties": {"name": ["N"], "category": ["a", "b"], "content": ["x"], "mp-slug": ["my slug"], "published": ["2026-01-02T03:04:05Z"]}},
     {"title": "N", "tags": ("a", "b"), "slug": "my-slug", "published": "2026-01-02T03:04:05+00:00"}),
    ("a summary without content", {"properties": {"summary": ["short"]}}, {"body": "short"}),
    ("a bookmark", "content=good&bookmark-of=https://www.example.org/a/&name=A", {"kind": "link", "url": "https://www.example.org/a/", "title": "A"}),
    ("a bookmark without a name", "bookmark-of=https://www.example.org/a/?b", {"kind": "link", "title": "example.org/a"}),
    ("a reply", "content=yes&in-reply-to=https://example.org/a", {"kind": "link", "title": "In reply to example.org/a", "body": "yes"}),
    ("a like", {"properties": {"like-of": [{"type": ["h-cite"], "properties": {"url": ["https://example.org/a"], "name": ["An A"]}}]}},
     {"kind": "link", "url": "https://example.org/a", "title": "Liked An A", "body": ""}),
    ("a share", "repost-of=https://example.org/a", {"kind": "link", "title": "Shared example.org/a"}),
    ("a quotation", {"properties": {"content": ["To be."], "quotation-of": [{"type": ["h-cite"], "properties": {"url": ["https://example.org/h"], "author": ["Hamlet"]}}]}},
     {"kind": "quotation", "url": "https://example.org/h", "citation": "Hamlet", "body": "To be."}),
    ("a quotation by its address alone", "content=To+be.&quotation-of=https://example.org/h", {"kind": "quotation", "citation": "example.org/h"}),
    ("a draft", "content=x&post-status=draft", {"status": "draft"}),
    ("published, as said", "content=x&post-status=published", {"status": "published"}),
    ("hidden", "content=x&visibility=private", {"status": "hidden"}),
    ("a draft that is to be hidden waits as a draft", "content=x&visibility=private&post-status=draft", {"status": "draft"}),
    ("a photo with its words beside it", "photo[]=https://example.org/p.jpg&mp-photo-alt[]=A+cat", {"image_alt": "A cat", "image_url": "https://example.org/p.jpg"}),
    ("a photo in parts", "content=x&photo[0][value]=https://example.org/p.jpg&photo[0][alt]=A+cat", {"image_alt": "A cat"}),
]  # fmt: skip


@pytest.mark.parametrize(("data", "fields"), [case[1:] for case in CREATED], ids=[case[0] for case in CREATED])
def test_what_is_sent_becomes_an_entry(app: Program, data: Any, fields: dict[str, Any]) -> None:
    url = created(app, data)
    entry = saved(app.blog)
    assert url == HERE + entry.permalink
    found = {"html": entry.html} | {name: getattr(entry.draft, name) for name in fields if name != "html"}
    found["published"] = entry.draft.published.isoformat()
    assert {name: found[name] for name in fields} == fields
    status = app.client.get(url).status_code
    assert status == (200 if entry.draft.status == "published" else 404)


def test_3_2_a_picture_is_sent_with_the_form(app: Program) -> None:
    answer = app.post("/micropub", data={"h": "entry", "content": "x", "photo": (image(), "cat.png")})
    assert answer.status_code == 201, answer.text
    url = answer.headers["Location"]
    entry = saved(app.blog)
    assert entry.draft.image_url.startswith("/media/")
    assert source(app, url, "photo")["properties"]["photo"] == [HERE + entry.draft.image_url]
    picture = app.client.get(entry.draft.image_url, buffered=True)
    assert (picture.status_code, picture.content_type) == (200, "image/png")
    assert "immutable" in picture.headers["Cache-Control"]
    assert entry.draft.image_url in app.client.get(url).text
    gone = {"delete": {"photo": [HERE + entry.draft.image_url]}}
    assert send(app, {"action": "update", "url": url} | gone).status_code == 204
    assert saved(app.blog).draft.image_url == ""


def test_3_2_several_pictures_are_sent_with_the_form(app: Program) -> None:
    files = [(image(4), "a.png"), (image(5), "b.png")]
    answer = app.post("/micropub", data={"content": "x", "photo[]": files, "mp-photo-alt[]": ["A", "B"]})
    assert answer.status_code == 201, answer.text
    entry = saved(app.blog)
    assert entry.draft.image_alt == "A"
    assert 'alt="B"' in entry.html


@pytest.mark.parametrize(
    ("replaced", "said"),
    [
        ({"replace": {"content": ["new"]}}, {"content": ["new"]}),
        ({"replace": {"content": [{"html": "<i>x</i>"}]}}, {"content": [{"html": "<i>x</i>"}]}),
        ({"replace": {"name": ["New"], "category": ["c"]}}, {"name": ["New"], "category": ["c"]}),
        ({"add": {"category": ["c", "a"]}}, {"category": ["a", "b", "c"]}),
        ({"add": {"bookmark-of": ["https://example.org/x"]}}, {"bookmark-of": ["https://example.org/x"]}),
        ({"add": {"photo": ["https://example.org/2.jpg"]}}, {"photo": ["https://example.org/1.jpg"]}),
        ({"delete": {"category": ["A"]}}, {"category": ["b"]}),
        ({"delete": {"photo": ["https://example.org/1.jpg"]}}, {"photo": None}),
        ({"delete": ["category"]}, {"category": None}),
        ({"delete": ["name", "photo"]}, {"name": None, "photo": None}),
        ({"delete": ["nothing"], "add": {"unknown": [1]}}, {}),
        ({"replace": {"category": ["x"]}, "add": {"category": ["y"]}, "delete": {"category": ["x"]}}, {"category": ["y"]}),
        ({"replace": {"post-status": ["draft"]}}, {"post-status": ["draft"]}),
        ({"replace": {"visibility": ["private"]}}, {"visibility": ["private"]}),
        ({"replace": {"mp-slug": ["elsewhere"]}}, {"mp-slug": ["elsewhere"], "url": [f"{HERE}/2026/Nov/20/elsewhere/"]}),
        ({"replace": {"published": ["2026-11-19T00:00:00Z"]}}, {"published": ["2026-11-19T00:00:00+00:00"], "url": [f"{HERE}/2026/Nov/19/title/"]}),
    ],
)  # fmt: skip
def test_3_4_an_update_changes_what_it_names_and_nothing_else(
    app: Program, replaced: dict[str, Any], said: dict[str, Any]
) -> None:
    properties = {
        "name": ["Title"], "content": ["words"], "category": ["a", "b"], "photo": ["https://example.org/1.jpg"],
        "published": ["2026-11-20T10:00:00Z"],
    }  # fmt: skip
    url = created(app, {"type": ["h-entry"], "properties": properties})
    before = source(app, url)["properties"]
    answer = send(app, {"action": "update", "url": url} | replaced)
    after_url = said["url"][0] if "url" in said else url
    assert answer.status_code == (201 if "url" in said else 204), answer.text
    assert answer.headers.get("Location", url) == after_url
    after = source(app, after_url)["properties"]
    expected = {name: values for name, values in (before | said).items() if values is not None}
    expected["updated"] = after["updated"]
    if replaced.get("add", {}).get("photo"):
        expected["content"] = after["content"]
        assert "https://example.org/2.jpg" in after["content"][0]["html"]
    assert after == expected
    # An address that was given out keeps leading to the entry.
    assert source(app, url)["properties"]["url"] == [after_url]


def test_3_4_of_several_updates_at_once_none_is_lost(blog: Blog) -> None:
    clients = [Program(blog, "create update read", blog.client()) for _ in range(3)]
    url = created(clients[0], "content=x")

    def tag(number: int) -> int:
        sent = {"action": "update", "url": url, "add": {"category": [f"tag{number}"]}}
        return int(send(clients[number], sent).status_code)

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(tag, range(3))) == [204, 204, 204]
    assert saved(blog).draft.tags == ("tag0", "tag1", "tag2")


def test_3_4_a_draft_is_published_when_it_is_published(app: Program) -> None:
    url = created(app, "content=x&name=Begun&post-status=draft&published=2026-11-01T00:00:00Z")
    answer = send(app, {"action": "update", "url": url, "replace": {"post-status": ["published"]}})
    assert answer.status_code == 201
    assert source(app, answer.headers["Location"])["properties"]["published"] == [NOW]
    assert app.client.get(answer.headers["Location"]).status_code == 200


def test_3_4_markdown_stays_markdown_when_its_text_is_replaced(blog: Blog, app: Program) -> None:
    blog.write("Title", kind="article", body="*old*")
    url = source_list(app)[0]["url"][0]
    assert send(app, {"action": "update", "url": url, "replace": {"content": ["*new*"]}}).status_code == 204
    assert saved(blog).html == "<p><em>new</em></p>"


def test_3_4_a_link_that_points_nowhere_is_no_link(blog: Blog, app: Program) -> None:
    url = created(app, "bookmark-of=https://example.org/a&content=x&name=N")
    assert send(app, {"action": "update", "url": url, "delete": ["bookmark-of"]}).status_code == 204
    assert (saved(blog).draft.kind, saved(blog).draft.url) == ("article", "")


@pytest.mark.parametrize("form", [True, False])
def test_3_5_an_entry_is_deleted_and_comes_back_as_it_was(app: Program, form: bool) -> None:
    def act(action: str, url: str) -> Any:
        return send(app, f"action={action}&url={url}" if form else {"action": action, "url": url})

    url = created(app, "name=Title&content=words&category[]=a&category[]=b")
    before, whole = saved(app.blog), source(app, url)
    assert act("delete", url).status_code == 204
    assert app.client.get(url).status_code == 404
    assert act("delete", url).status_code == 400
    assert act("undelete", url).status_code == 204
    after = saved(app.blog)
    assert (after.id, after.atom_id, after.draft, source(app, url)) == (
        before.id,
        before.atom_id,
        before.draft,
        whole,
    )
    assert app.client.get(url).status_code == 200
    assert act("undelete", url).status_code == 204


def test_3_5_what_comes_back_to_a_place_that_is_taken_says_where_it_is(app: Program) -> None:
    url = created(app, "name=Title&content=one")
    send(app, f"action=delete&url={url}")
    assert created(app, "name=Title&content=two") == url
    answer = send(app, f"action=undelete&url={url}")
    assert (answer.status_code, answer.headers["Location"]) == (201, url.removesuffix("/") + "-2/")


def test_3_6_the_media_endpoint_takes_a_picture_and_says_where_it_is(app: Program) -> None:
    where = app.get("/micropub?q=config").json["media-endpoint"]
    assert where == f"{HERE}/micropub/media"
    answers = [app.post("/micropub/media", data={"file": (image(), "a.png")}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].headers["Location"] == answers[1].headers["Location"], "the same picture is the same file"
    picture = app.client.get(answers[0].headers["Location"], buffered=True)
    assert Image.open(io.BytesIO(picture.data)).size == (4, 3)
    assert app.client.get("/media/0123456789abcdef.png").status_code == 404
    assert app.client.get("/media/..%2fblog.db").status_code == 404


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({}, "Send the picture as multipart/form-data, in the part “file”."),
        ({"file": (io.BytesIO(b"<svg/>"), "a.svg")}, "SVG pictures can hold programs, so they are not taken; JPEG, PNG, GIF, WebP and AVIF are."),
        ({"file": (io.BytesIO(b"text"), "a.png")}, "This is no picture that browsers show; JPEG, PNG, GIF, WebP and AVIF are taken."),
    ],
)  # fmt: skip
def test_3_6_what_is_no_picture_is_refused(app: Program, data: Any, said: str) -> None:
    copied = {name: (io.BytesIO(file.getvalue()), called) for name, (file, called) in data.items()}
    answer = app.post("/micropub/media", data=copied)
    assert refusal(answer) == (400, "invalid_request", said)


def source_list(app: Program, query: str = "") -> list[dict[str, Any]]:
    return [one["properties"] for one in app.get(f"/micropub?q=source{query}").json["items"]]


def test_3_7_1_config_says_what_there_is(app: Program) -> None:
    said = app.get("/micropub?q=config").json
    assert said["syndicate-to"] == []
    assert said["q"] == ["config", "source", "syndicate-to", "category", "post-types"]
    assert said["visibility"] == ["public", "private"]
    assert [one["type"] for one in said["post-types"]] == [
        "note",
        "article",
        "bookmark",
        "photo",
        "reply",
        "like",
        "repost",
    ]


def test_3_7_2_source_gives_all_properties_or_those_asked_for(app: Program) -> None:
    url = created(app, "name=Title&content=words&category[]=a&category[]=b&photo=https://example.org/p.jpg")
    assert source(app, url) == {
        "type": ["h-entry"],
        "properties": {
            "name": ["Title"], "content": ["words"], "category": ["a", "b"], "photo": ["https://example.org/p.jpg"],
            "published": [NOW], "updated": [NOW], "mp-slug": ["title"], "post-status": ["published"], "visibility": ["public"],
            "url": [url],
        },
    }  # fmt: skip
    assert source(app, url, "content", "category", "unknown") == {
        "properties": {"content": ["words"], "category": ["a", "b"]}
    }
    one = app.get("/micropub", query_string={"q": "source", "url": url, "properties": "name"})
    assert one.json == {"properties": {"name": ["Title"]}}


def test_3_7_2_source_without_an_address_lists_the_newest_drafts_too(app: Program) -> None:
    for number in range(3):
        created(app, f"content=words&name=Number+{number}&post-status={'draft' if number else 'published'}")
    assert [one["name"] for one in source_list(app)] == [["Number 2"], ["Number 1"], ["Number 0"]]
    assert [one["name"] for one in source_list(app, "&limit=1")] == [["Number 2"]]


def test_3_7_2_a_quotation_is_told_as_it_was_sent(app: Program) -> None:
    cited = {"type": ["h-cite"], "properties": {"url": ["https://example.org/h"], "author": ["Hamlet"]}}
    url = created(app, {"properties": {"content": ["To be."], "quotation-of": [cited]}})
    assert source(app, url, "quotation-of") == {"properties": {"quotation-of": [cited]}}


def test_3_7_3_there_is_nowhere_to_syndicate_to(app: Program) -> None:
    assert app.get("/micropub?q=syndicate-to").json == {"syndicate-to": []}


def test_categories_are_the_tags_by_their_names(app: Program) -> None:
    created(app, "content=x&category[]=C%2B%2B&category[]=python")
    assert sorted(app.get("/micropub?q=category").json["categories"]) == ["C++", "python"]
    assert app.get("/micropub?q=category&filter=PY").json == {"categories": ["python"]}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("h=event&name=x", "This blog has entries only: h-entry."),
        ("h=entry", "It has no title, no text, no link and no picture."),
        ("action=update&url=http://localhost/2026/Nov/23/x/", "A form can create, delete and undelete; an update is sent as JSON."),
        ("action=delete", "The address of the entry is missing: url."),
        ("action=delete&url=http://localhost/2026/Nov/23/x/", "There is no entry at this address."),
        ("action=delete&url=http://elsewhere.example/2026/Nov/23/x/", "This is no address of localhost."),
        ("action=delete&url=http://localhost/tags/", "This is no address of an entry."),
        ("action=delete&url=http://localhost/2026/Foo/99/x/", "“Foo” is not a month; months are 1 to 12, or Jan to Dec."),
        ("action=delete&url=http://[", "This is no address."),
        ("action=undelete&url=http://localhost/2026/Nov/23/x/", "No deleted entry was at this address."),
        ("content=x&published=yesterday", "“yesterday” is not a time such as 2026-11-23T12:00:00Z."),
        ("content=x&visibility=unlisted", "“visibility” is one of public, private here."),
        ("content=x&post-status=maybe", "“post-status” is one of published, draft here."),
        ("content=x&category=!", "“!” has no letter or digit, so no tag can be named that."),
        ("bookmark-of=javascript:alert(1)", "“javascript:alert(1)” is not an http or https address."),
        ("content=x&photo=cat.jpg", "“cat.jpg” is not an http or https address."),
        ({"type": ["h-card"]}, "This blog has entries only: h-entry."),
        ({"type": "h-entry", "properties": {"content": "x"}}, "“properties” is to be an object whose values are lists."),
        ({"properties": []}, "“properties” is to be an object whose values are lists."),
        ({"action": "destroy"}, "There are the actions create, update, delete and undelete."),
        ({"action": "update", "url": "http://localhost/2026/Nov/23/x/"}, "An update needs “replace”, “add” or “delete”."),
        ({"action": "update", "url": "http://localhost/2026/Nov/23/x/", "replace": "x"}, "“replace” is to be an object whose values are lists."),
        ({"action": "update", "url": "http://localhost/2026/Nov/23/x/", "delete": [1]}, "“delete” is to be a list of names, or an object of lists."),
        ({"action": "update", "replace": {"content": ["x"]}}, "The address of the entry is missing: url."),
        ({"action": "update", "url": ["x"], "replace": {"content": ["x"]}}, "The address of the entry is missing: url."),
        ({"properties": {"photo": [{"alt": "x"}]}}, "“None” is not an http or https address."),
        ({"properties": {"category": ["x"] * 201}}, "A property has 200 values at most."),
    ],
)  # fmt: skip
def test_3_8_what_cannot_be_done_is_an_invalid_request(app: Program, data: Any, said: str) -> None:
    assert refusal(send(app, data)) == (400, "invalid_request", said)
    assert list_by_status(app.blog.services, EVERYTHING, ALL, 1, 1).total == 0


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        ({"data": "x", "content_type": "text/plain"}, 400, "Send a form, multipart, or application/json."),
        ({"data": "{", "content_type": "application/json"}, 400, "The body is not JSON in UTF-8."),
        ({"data": "[]", "content_type": "application/json"}, 400, "The body is to be a JSON object."),
        ({"data": b"x" * 1_000_001, "content_type": "application/json"}, 413, "The data value transmitted exceeds the capacity limit."),
        ({"data": {"video": "a.mp4"}}, 400, "“video” cannot be uploaded: this blog takes pictures, as photo."),
    ],
)  # fmt: skip
def test_3_8_what_cannot_be_read_is_an_invalid_request(
    app: Program, options: dict[str, Any], status: int, said: str
) -> None:
    if isinstance(options["data"], dict):
        # A file is read once, and each database's test sends its own.
        options = {"data": {name: (io.BytesIO(b"x"), file) for name, file in options["data"].items()}}
    assert refusal(app.post("/micropub", **options)) == (status, "invalid_request", said)


@pytest.mark.parametrize("query", ["", "?q=nothing"])
def test_3_8_an_unknown_query_is_an_invalid_request(app: Program, query: str) -> None:
    said = "“q” is one of config, source, syndicate-to, category, post-types."
    assert refusal(app.get(f"/micropub{query}")) == (400, "invalid_request", said)


def test_the_token_may_be_a_field_of_the_form_but_not_twice(app: Program) -> None:
    def post(fields: dict[str, Any], headers: dict[str, str]) -> Any:
        return app.client.post("/micropub", data=fields, headers=headers)

    header = {"Authorization": f"Bearer {app.token}"}
    assert post({"content": "x", "access_token": app.token}, {}).status_code == 201
    assert saved(app.blog).draft.body == "x"
    both = post({"content": "x", "access_token": app.token}, header)
    assert refusal(both)[:2] == (400, "invalid_request")
    picture = {"file": (image(), "a.png"), "access_token": app.token}
    assert app.client.post("/micropub/media", data=picture).status_code == 201
    in_address = app.client.get(f"/micropub?q=config&access_token={app.token}")
    assert refusal(in_address)[:2] == (400, "invalid_request")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_without_a_token_nothing_is_told(app: Program, method: str) -> None:
    for address in ("/micropub", "/micropub/media") if method == "POST" else ("/micropub",):
        answer = app.client.open(address, method=method)
        assert refusal(answer)[:2] == (401, "unauthorized")
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="crosstag"'
        wrong = app.client.open(address, method=method, headers={"Authorization": "Bearer x"})
        assert refusal(wrong)[:2] == (401, "invalid_token")


REQUESTS: list[tuple[str, str, Any, set[str]]] = [
    ("POST", "/micropub", {"properties": {"content": ["x"]}}, {"create", "draft"}),
    ("POST", "/micropub", {"action": "update", "url": "{url}", "replace": {"content": ["y"]}}, {"update"}),
    ("POST", "/micropub", {"action": "delete", "url": "{url}"}, {"delete"}),
    ("POST", "/micropub", {"action": "undelete", "url": "{url}"}, {"delete", "undelete"}),
    ("GET", "/micropub?q=source", None, {"read", "update"}),
    ("GET", "/micropub?q=config", None, set(SCOPES)),
    ("POST", "/micropub/media", "file", {"media", "create"}),
]


@pytest.mark.parametrize(("method", "address", "data", "scopes"), REQUESTS)
def test_every_request_needs_its_scope(
    blog: Blog, method: str, address: str, data: Any, scopes: set[str]
) -> None:
    client = blog.client()
    for scope in SCOPES:
        url = created(Program(blog, "create", client), "content=x")
        if isinstance(data, dict) and data.get("action") == "undelete":
            send(Program(blog, "delete", client), {"action": "delete", "url": url})
        program = Program(blog, scope, client)
        if isinstance(data, dict):
            answer = program.ask(method, address, json=data | ({"url": url} if "url" in data else {}))
        else:
            answer = program.ask(method, address, data={"file": (image(), "a.png")} if data else None)
        if scope in scopes:
            assert answer.status_code < 300, (scope, answer.text)
        else:
            assert refusal(answer)[:2] == (403, "insufficient_scope"), scope


def test_a_token_for_drafts_makes_drafts_and_publishes_nothing(blog: Blog) -> None:
    program = Program(blog, "draft update")
    url = created(program, "content=x")
    assert saved(blog).draft.status == "draft"
    assert refusal(send(program, "content=x&post-status=published"))[:2] == (403, "insufficient_scope")
    update = {"action": "update", "url": url, "replace": {"post-status": ["published"]}}
    assert refusal(send(program, update))[:2] == (403, "insufficient_scope")
    assert send(program, {"action": "update", "url": url, "replace": {"content": ["y"]}}).status_code == 204


NAMES = ["name", "content", "summary", "category", "photo", "published", "mp-slug", "mp-photo-alt", "post-status", "visibility",
         "bookmark-of", "in-reply-to", "like-of", "quotation-of", "x"]  # fmt: skip
TEXTS = st.text(max_size=20) | st.sampled_from(
    ["https://example.org/", "draft", "private", "2026-01-01", "\x00", "\ud800"]
)
ATOMS = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
KEYS = st.sampled_from(["html", "value", "alt", "properties", "url", "name", "author", "type", "markdown"])
VALUES = st.recursive(
    ATOMS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
)
PROPERTIES = st.dictionaries(st.sampled_from(NAMES), st.lists(VALUES, max_size=3) | VALUES, max_size=4)
UPDATES = st.fixed_dictionaries(
    {"action": st.just("update")},
    optional={
        "replace": PROPERTIES,
        "add": PROPERTIES,
        "delete": PROPERTIES | st.lists(st.sampled_from(NAMES) | ATOMS, max_size=2),
    },
)
CREATES = st.fixed_dictionaries({"properties": PROPERTIES | VALUES}, optional={"type": VALUES, "action": ATOMS})


@pytest.fixture(scope="module")
def hunted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with opened(tmp_path_factory.mktemp("library"), api_requests=0) as blog:
        yield Program(blog)


@given(sent=CREATES | UPDATES | VALUES)
@settings(
    max_examples=HUNT or 150, deadline=None, derandomize=not HUNT, suppress_health_check=list(HealthCheck)
)
def test_whatever_is_sent_the_answer_is_a_post_or_a_refusal(hunted: Program, sent: Any) -> None:
    if isinstance(sent, dict) and sent.get("action") == "update":
        sent = sent | {"url": created(hunted, "content=x&name=y")}
    answer = hunted.post("/micropub", data=json.dumps(sent), content_type="application/json")
    assert answer.status_code in (201, 204, 400), answer.text
    if answer.status_code == 201:
        assert source(hunted, answer.headers["Location"])["type"] == ["h-entry"]
