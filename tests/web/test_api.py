"""The API: entries made, read, changed and deleted, none of it over somebody's head, and the log to follow."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from acting import Program
from library import fill
from sqlalchemy import insert
from test_statement_counts import statements

from blog.changes.tagging import rename_tag
from blog.domain.entry import Status
from blog.models import ImportRun
from blog.web.api.operation import PREFIX

if TYPE_CHECKING:
    from conftest import Blog
    from werkzeug.test import TestResponse

ENTRIES = f"{PREFIX}/entries"
WHOLE = {
    "kind": "link",
    "status": "published",
    "title": "Sharding at last",
    "body": "It *scales*.",
    "markup": "markdown",
    "url": "https://example.org/sharding",
    "via_url": "https://via.example/",
    "via_title": "Vera",
    "citation": "Ada",
    "context": "in a letter",
    "image_url": "https://example.org/shard.png",
    "image_alt": "A shard",
    "tags": ["C++", "scaling"],
    "series": "databases",
    "series_order": 2,
    "slug": "sharding",
    "published": "2026-11-20T09:30:00Z",
}


@pytest.fixture
def program(blog: Blog) -> Program:
    return Program(blog)


def made(program: Program, **values: Any) -> dict[str, Any]:
    answer = program.post(ENTRIES, json={"kind": "note", "body": "Words."} | values)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json
    return found


def etag(program: Program, entry: int) -> str:
    return str(program.get(f"{ENTRIES}/{entry}").headers["ETag"])


def problem(answer: TestResponse) -> tuple[int, str]:
    assert answer.content_type == "application/problem+json", answer.text
    said: dict[str, Any] = json.loads(answer.text)
    assert (said["type"], said["status"]) == ("about:blank", answer.status_code)
    assert said["title"]
    return answer.status_code, said["detail"]


def test_an_entry_is_made_and_read_again_as_it_was_sent(program: Program) -> None:
    answer = program.post(ENTRIES, json=WHOLE | {"external_id": "mine:1"})
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"http://localhost{ENTRIES}/1"
    again = program.get(f"{ENTRIES}/1")
    assert again.json == answer.json
    assert again.headers["ETag"] == answer.headers["ETag"]
    said = dict(again.json)
    assert said == WHOLE | {
        "id": 1,
        "version": said["version"],
        "atom_id": said["atom_id"],
        "permalink": "http://localhost/2026/Nov/20/sharding/",
        "updated": "2026-11-20T09:30:00Z",
        "tags": ["cplusplus", "scaling"],
        "source": "",
        "external_id": "mine:1",
        "html": "<p>It <em>scales</em>.</p>",
        "words": 2,
    }
    assert program.client.get("/2026/Nov/20/sharding/").status_code == 200


def test_what_is_left_out_has_its_default_and_the_time_is_now(program: Program) -> None:
    said = made(program)
    assert said["published"] == "2026-11-23T12:00:00Z"
    assert (said["status"], said["markup"], said["tags"], said["series_order"]) == (
        "published",
        "markdown",
        [],
        None,
    )
    assert said["external_id"].startswith("api:")


def test_an_answer_that_was_lost_may_be_asked_for_again(program: Program) -> None:
    first = made(program, external_id="mine:1")
    assert problem(program.post(ENTRIES, json={"kind": "note", "body": "Words.", "external_id": "mine:1"})) == (
        409, f"There is an entry called “mine:1” already: number {first['id']}.",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("kind", "poem", "It is to be one of article, link, quotation, note, activity."),
        ("kind", None, "It is to be one of article, link, quotation, note, activity."),
        ("kind", ["note"], "It is to be one of article, link, quotation, note, activity."),
        ("title", 7, "It is to be a string."),
        ("title", None, "It is to be a string."),
        ("title", "x" * 2_001, "It has 2,001 characters; 2,000 are the most."),
        ("body", "x" * 500_001, "It has 500,001 characters; 500,000 are the most."),
        ("url", "javascript:alert(1)", "It is to be an http or https address."),
        ("url", "http://", "It is to be an http or https address."),
        ("image_url", "data:image/png;base64,xx", "It is to be an http or https address."),
        ("tags", "python", "It is to be a list of strings."),
        ("tags", [1], "It is to be a list of strings."),
        ("tags", ["!"], "“!” has no letter or digit, so no tag can be named that."),
        ("tags", ["x"] * 201, "They are 201; 200 tags are the most."),
        ("series", "?", "“?” has no letter or digit, so no tag can be named that."),
        ("series_order", 1.5, "It is to be a whole number from 0 to 2,147,483,647, or null."),
        ("series_order", True, "It is to be a whole number from 0 to 2,147,483,647, or null."),
        ("series_order", 2**31, "It is to be a whole number from 0 to 2,147,483,647, or null."),
        ("published", "yesterday", "It is to be a time with its zone, such as 2026-11-23T12:00:00Z."),
        ("published", "2026-11-23T12:00:00", "It is to be a time with its zone, such as 2026-11-23T12:00:00Z."),
        ("published", "2026-02-30T12:00:00Z", "It is to be a time with its zone, such as 2026-11-23T12:00:00Z."),
        ("published", "0001-01-01T00:00:00+14:00", "It is to be a time with its zone, such as 2026-11-23T12:00:00Z."),
        ("published", "9999-12-31T23:00:00-12:00", "It is to be a time with its zone, such as 2026-11-23T12:00:00Z."),
        ("external_id", "", "It is to be a string that is not empty."),
        ("colour", "red", "There is no such field."),
        ("a/b~c", "red", "There is no such field."),
    ],
)  # fmt: skip
def test_a_field_that_is_wrong_is_named(program: Program, field: str, value: object, said: str) -> None:
    answer = program.post(ENTRIES, json={"kind": "note", "body": "Words.", field: value})
    assert problem(answer) == (422, "Some fields cannot be taken as they are.")
    pointer = "/" + field.replace("~", "~0").replace("/", "~1")
    assert answer.json["errors"] == [{"pointer": pointer, "detail": said}]


def test_every_wrong_field_is_named_at_once(program: Program) -> None:
    answer = program.post(ENTRIES, json={"kind": "poem", "title": 7, "x": 1})
    assert [one["pointer"] for one in answer.json["errors"]] == ["/x", "/kind", "/title"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"kind": "link", "title": "Nowhere"}, "“” is not an http or https address, and a link needs one."),
        (
            {"kind": "note", "body": "x", "published": "1969-12-31T23:00:00Z"},
            "It is dated in 1969; years go from 1970 to 2199.",
        ),
        ({"kind": "note"}, "It has no title, no text, no link and no picture."),
    ],
)
def test_what_is_no_entry_is_refused(program: Program, data: object, said: str) -> None:
    assert problem(program.post(ENTRIES, json=data)) == (422, said)


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        ({"data": "{"}, 400, "The body is not JSON in UTF-8."),
        ({"data": b"\xff"}, 400, "The body is not JSON in UTF-8."),
        ({"data": "[" * 100_000}, 400, "The body is not JSON in UTF-8."),
        ({"data": "[]"}, 422, "The body is to be a JSON object with the fields of an entry."),
        ({"data": "null"}, 422, "The body is to be a JSON object with the fields of an entry."),
        ({"data": "{}", "content_type": "text/plain"}, 415, "Send it as application/json."),
        ({"data": b"x" * 1_000_001}, 413, "The data value transmitted exceeds the capacity limit."),
    ],
)
def test_what_cannot_be_read_is_refused(
    program: Program, options: dict[str, Any], status: int, said: str
) -> None:
    assert problem(program.post(ENTRIES, **({"content_type": "application/json"} | options))) == (status, said)


def test_control_characters_and_halves_of_characters_are_left_out(program: Program) -> None:
    said = made(program, title="a\x00b\ud800c", external_id="x\x00", tags=["ta\x00g"])
    assert (said["title"], said["external_id"], said["tags"]) == ("abc", "x", ["tag"])


@pytest.mark.parametrize(("method", "data"), [("PUT", WHOLE), ("PATCH", {"title": "New"}), ("DELETE", None)])
@pytest.mark.parametrize(
    ("known", "status"),
    [(None, 428), ("", 428), ('"0-aa"', 412), ('"{old}"', 412), ("{version}", 412), ("*", 0), ('"0-aa", {etag}', 0), ("W/{etag}", 0)],
)  # fmt: skip
def test_nobody_writes_over_what_they_have_not_seen(
    program: Program, method: str, data: object, known: str | None, status: int
) -> None:
    made(program)
    old = etag(program, 1)
    assert (
        program.ask("PATCH", f"{ENTRIES}/1", json={"title": "Theirs"}, headers={"If-Match": old}).status_code
        == 200
    )
    spelled = (known or "").format(old=old.strip('"'), version="3", etag=etag(program, 1))
    headers = {} if known is None else {"If-Match": spelled}
    answer = program.ask(method, f"{ENTRIES}/1", headers=headers, **({"json": data} if data else {}))
    assert answer.status_code == (status or (204 if method == "DELETE" else 200)), answer.text
    if status:
        problem(answer)
        assert program.get(f"{ENTRIES}/1").json["title"] == "Theirs"


def test_of_several_who_change_an_entry_at_once_one_does(blog: Blog) -> None:
    clients = [Program(blog, client=blog.client()) for _ in range(4)]
    made(clients[0])
    known = etag(clients[0], 1)

    def change(number: int) -> int:
        sent = {"title": f"By {number}"}
        answer = clients[number].ask("PATCH", f"{ENTRIES}/1", json=sent, headers={"If-Match": known})
        return int(answer.status_code)

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(change, range(4))) == [200, 412, 412, 412]


def test_of_two_who_make_the_same_entry_at_once_one_does(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(program, external_id="mine:1")
    monkeypatch.setattr("blog.web.api.entries.own_entry", lambda *_: None)
    answer = program.post(ENTRIES, json={"kind": "note", "body": "Words.", "external_id": "mine:1"})
    assert problem(answer) == (409, "Another program has just written the same entry.")


def test_put_empties_what_is_left_out_but_for_address_and_time(program: Program) -> None:
    made(program, **WHOLE)
    answer = program.ask(
        "PUT", f"{ENTRIES}/1", json={"kind": "note", "body": "Else."}, headers={"If-Match": "*"}
    )
    said: dict[str, Any] = answer.json
    assert (said["kind"], said["title"], said["url"], said["tags"], said["series"]) == ("note", "", "", [], "")
    assert (said["slug"], said["published"]) == ("sharding", "2026-11-20T09:30:00Z")
    assert said["updated"] == "2026-11-23T12:00:00Z"


@pytest.mark.parametrize("content_type", ["application/json", "application/merge-patch+json"])
def test_patch_changes_what_is_sent_and_null_empties(program: Program, content_type: str) -> None:
    before = made(program, **WHOLE)
    sent = json.dumps({"title": None, "tags": ["new"], "series_order": None})
    answer = program.ask(
        "PATCH", f"{ENTRIES}/1", data=sent, content_type=content_type, headers={"If-Match": etag(program, 1)}
    )
    said: dict[str, Any] = answer.json
    assert said == before | {
        "title": "", "tags": ["new"], "series_order": None, "version": said["version"], "updated": "2026-11-23T12:00:00Z",
    }  # fmt: skip
    assert said["version"] > before["version"]


def test_what_is_read_may_be_sent_back_and_changes_nothing(program: Program) -> None:
    before = made(program, **WHOLE)
    own = {name: before[name] for name in WHOLE}
    answer = program.ask("PUT", f"{ENTRIES}/1", json=own, headers={"If-Match": etag(program, 1)})
    said: dict[str, Any] = answer.json
    assert said == before | {"version": said["version"]}


def test_a_draft_that_is_published_is_published_now(program: Program) -> None:
    made(program, status="draft", published="2026-11-01T00:00:00Z")
    change: dict[str, Any] = {"status": "published"}
    said = program.ask("PATCH", f"{ENTRIES}/1", json=change, headers={"If-Match": "*"}).json
    assert said["published"] == "2026-11-23T12:00:00Z"
    change = {"status": "draft"}
    program.ask("PATCH", f"{ENTRIES}/1", json=change, headers={"If-Match": "*"})
    change = {"status": "published", "published": "2026-10-01T00:00:00Z"}
    said = program.ask("PATCH", f"{ENTRIES}/1", json=change, headers={"If-Match": "*"}).json
    assert said["published"] == "2026-10-01T00:00:00Z"


def test_a_draft_that_waits_for_its_time_goes_on_waiting_when_it_is_published(program: Program) -> None:
    made(program, status="draft", published="2027-01-01T00:00:00Z")
    change = {"status": "published"}
    said = program.ask("PATCH", f"{ENTRIES}/1", json=change, headers={"If-Match": "*"}).json
    assert said["published"] == "2027-01-01T00:00:00Z"


def test_a_token_for_drafts_writes_drafts(blog: Blog) -> None:
    program = Program(blog, "draft update read")
    assert made(program)["status"] == "draft"
    assert problem(program.post(ENTRIES, json={"kind": "note", "body": "x", "status": "published"}))[0] == 403
    change = {"status": "published"}
    assert problem(program.ask("PATCH", f"{ENTRIES}/1", json=change, headers={"If-Match": "*"}))[0] == 403
    published = blog.write("There")
    change = {"title": "Still there"}
    answer = program.ask("PATCH", f"{ENTRIES}/{published}", json=change, headers={"If-Match": "*"})
    assert (answer.json["title"], answer.json["status"]) == ("Still there", "published")


def test_an_entry_that_is_known_is_not_sent_again(program: Program) -> None:
    made(program, tags=["old"])
    known = etag(program, 1)
    answer = program.get(f"{ENTRIES}/1", headers={"If-None-Match": known})
    assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", known)
    rename_tag(program.blog.services, "old", "new")
    again = program.get(f"{ENTRIES}/1", headers={"If-None-Match": known})
    assert (again.status_code, again.json["tags"]) == (200, ["new"])
    # The entry itself is what it was: a change made from what was seen is taken.
    assert program.ask("PATCH", f"{ENTRIES}/1", json={}, headers={"If-Match": known}).status_code == 200


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("tag=python&exclude.tag=scaling", ["crosstag 0.1", "Templates", "Decorators"]),
        ("tag=python,ruby&tag=scaling&type=quotation", ["On speed"]),
        ("source=github", ["crosstag 0.2", "crosstag 0.1"]),
        ("q=closures", ["Blocks"]),
        ("domain=example.org&year=2009&month=May", ["A queue in Redis", "Sharding at last"]),
        ("series=sqlite-inside", ["Part two", "Part one"]),
        ("limit=2", ["No tag at all", "Snow"]),
        ("limit=2&page=7", ["A queue in Redis", "Sharding at last"]),
        ("from=2010-01-31&to=2010-02-28", ["On speed", "Blocks", "Decorators"]),
    ],
)
@pytest.mark.parametrize("status", ["", "published"])
def test_every_filter_lists_the_same_entries_as_its_page(
    blog: Blog, query: str, titles: list[str], status: str
) -> None:
    fill(blog)
    program = Program(blog, "read")
    answer = program.get(f"{ENTRIES}?{query}" + (f"&status={status}" if status else ""))
    assert [one["title"] for one in answer.json["entries"]] == titles


def test_the_pages_of_a_list_lead_on_to_its_end(blog: Blog) -> None:
    fill(blog)
    program = Program(blog, "read")
    address, seen = f"{ENTRIES}?limit=5&exclude.tag=ruby", []
    while address:
        answer: dict[str, Any] = program.get(address).json
        seen += [one["id"] for one in answer["entries"]]
        assert (answer["total"], answer["pages"], answer["web"]) == (12, 3, "http://localhost/tags/-ruby/")
        address = answer["next"]
    assert len(seen) == len(set(seen)) == 12


def test_what_is_not_published_is_listed_by_its_status(blog: Blog) -> None:
    for status in ("draft", "hidden", "inbox", "published"):
        blog.write(status, "python", status=Status(status))
    blog.write("later", "python", day="2027-01-01")
    program = Program(blog, "read")
    for status, titles in {
        "": ["published"],
        "published": ["published"],
        "draft": ["draft"],
        "hidden": ["hidden"],
        "inbox": ["inbox"],
        "scheduled": ["later"],
        "all": ["later", "published", "inbox", "hidden", "draft"],
    }.items():
        query = f"?status={status}" if status else ""
        for more in ("", f"{'&' if query else '?'}tag=python"):
            answer = program.get(f"{ENTRIES}{query}{more}")
            assert [one["title"] for one in answer.json["entries"]] == titles
    assert program.get(f"{ENTRIES}?status=all&exclude.tag=python").json["total"] == 0
    assert program.get(f"{ENTRIES}?status=all&source=nowhere").status_code == 404
    assert program.get(f"{ENTRIES}?status=draft&q=draft").json["total"] == 1


@pytest.mark.parametrize(
    ("address", "status", "said"),
    [
        ("/entries?tag=unknown", 404, "There is no tag “unknown” here."),
        ("/entries?page=2", 404, "There is no page 2: this has one page."),
        ("/entries?page=0", 400, "“page” takes one whole number, from 1 to 1,000,000."),
        ("/entries?page=1&page=1", 400, "“page” takes one whole number, from 1 to 1,000,000."),
        ("/entries?limit=101", 400, "“limit” takes one whole number, from 1 to 100."),
        ("/entries?status=secret", 400, "“status” takes one of published, scheduled, draft, hidden, inbox, all."),
        ("/entries?type=poem", 400, "There is no type “poem”; the types are article, link, quotation, note, activity."),
        ("/changes?since=-1", 400, "“since” takes one whole number, from 0 to 9,007,199,254,740,991."),
        ("/sources?page=1", 400, "There is no parameter “page” here; there are: none."),
        ("/entries/2", 404, "There is no entry number 2."),
        ("/entries/99999999999999999999", 404, "Nothing lives at this address of the API; /api/v1/openapi.json says what there is."),
        ("/entries/x", 404, "Nothing lives at this address of the API; /api/v1/openapi.json says what there is."),
        ("/nothing", 404, "Nothing lives at this address of the API; /api/v1/openapi.json says what there is."),
    ],
)  # fmt: skip
def test_every_refusal_is_a_problem_with_a_sentence(
    program: Program, address: str, status: int, said: str
) -> None:
    made(program)
    assert problem(program.get(PREFIX + address)) == (status, said)


def test_a_wrong_method_says_which_there_are(program: Program) -> None:
    answer = program.ask("DELETE", ENTRIES)
    assert problem(answer)[0] == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}


def follow(program: Program, since: int, limit: int) -> tuple[list[tuple[str, Any]], int]:
    """What a program that follows learns, until there is no more, and where it goes on from."""
    learnt: list[tuple[str, Any]] = []
    while True:
        answer: dict[str, Any] = program.get(f"{PREFIX}/changes?since={since}&limit={limit}").json
        learnt += [(one["what"], one["entry_id"]) for one in answer["changes"]]
        since = answer["last"]
        if not answer["more"]:
            return learnt, since


def test_a_program_that_follows_sees_what_was_made_changed_and_deleted(program: Program) -> None:
    assert follow(program, 0, 10) == ([], 0)
    made(program, title="One", tags=["new"])
    made(program, title="Two")
    learnt, last = follow(program, 0, 10)
    assert learnt == [("new_names", None), ("created", 1), ("created", 2)]
    assert follow(program, last, 10) == ([], last)
    program.ask("PATCH", f"{ENTRIES}/2", json={"title": "Two!"}, headers={"If-Match": "*"})
    program.ask("DELETE", f"{ENTRIES}/1", headers={"If-Match": "*"})
    rename_tag(program.blog.services, "new", "newer")
    learnt, _ = follow(program, last, 10)
    assert learnt == [("updated", 2), ("deleted", 1), ("names", None)]


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_whoever_follows_gets_to_the_same_state_by_steps_of_any_length(program: Program, limit: int) -> None:
    for number in range(6):
        made(program, title=f"Entry {number}")
    for entry in (1, 3, 6):
        program.ask("DELETE", f"{ENTRIES}/{entry}", headers={"If-Match": "*"})
    program.ask("PATCH", f"{ENTRIES}/2", json={"title": "Else"}, headers={"If-Match": "*"})
    copy: dict[int, str] = {}
    since, more = 0, True
    while more:
        answer: dict[str, Any] = program.get(f"{PREFIX}/changes?since={since}&limit={limit}").json
        for one in answer["changes"]:
            if one["what"] == "deleted":
                copy.pop(one["entry_id"], None)
            elif one["entry"]:
                copy[one["entry_id"]] = one["entry"]["title"]
        since, more = answer["last"], answer["more"]
    assert copy == {2: "Else", 4: "Entry 3", 5: "Entry 4"}


def test_tags_sources_and_imports_are_listed(blog: Blog) -> None:
    fill(blog)
    with blog.services.sessions.write() as session:
        row = {"started": blog.clock(), "label": "links.html", "importer": "netscape", "state": "done"}
        session.execute(insert(ImportRun), [row | {"options": {}, "counts": {"created": 3}, "done": 3}])
    program = Program(blog, "read")
    tags: dict[str, Any] = program.get(f"{PREFIX}/tags?limit=2").json
    assert [(one["slug"], one["count"], one["web"]) for one in tags["tags"]] == [
        ("python", 5, "http://localhost/tags/python/"), ("scaling", 4, "http://localhost/tags/scaling/"),
    ]  # fmt: skip
    assert (tags["total"], tags["pages"]) == (9, 5)
    assert program.get(f"{PREFIX}/sources").json == {
        "sources": [{"slug": "github", "name": "Github", "count": 2}]
    }
    assert program.get(f"{PREFIX}/imports").json == {
        "imports": [
            {
                "id": 1, "by": "", "label": "links.html", "importer": "netscape", "state": "done", "error": "", "options": {},
                "counts": {"created": 3}, "done": 3, "expected": None, "started": "2026-11-23T12:00:00Z", "finished": None,
            }
        ],
        "total": 1, "page": 1, "pages": 1,
    }  # fmt: skip


def test_a_page_of_many_entries_takes_as_many_statements_as_one_of_few(blog: Blog) -> None:
    fill(blog)
    program = Program(blog, "read")
    program.client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {program.token}"
    program.get(ENTRIES)  # That the token is used is noted, and after a write the settings are looked at.
    for address in (
        f"{ENTRIES}?limit={{}}",
        f"{ENTRIES}?status=all&limit={{}}",
        f"{PREFIX}/changes?limit={{}}",
    ):
        few, many = (len(statements(blog, program.client, address.format(limit))) for limit in (2, 14))
        assert few == many, address
