"""What is tantivy's own: its files, its locks, several processes, ids by the hundred thousand, hostile queries."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyroaring import BitMap

from blog.domain.errors import DataFolderInUse
from blog.domain.textquery import parse
from blog.search.engine import MAX_EXPANSIONS, Document

pytest.importorskip("tantivy", reason='tantivy is not installed: pip install "crosstag[tantivy]"')

from blog.search import tantivy_postings, tantivy_ranking, tantivy_reader, tantivy_storage
from blog.search.tantivy_engine import TantivyEngine

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
EVERYTHING = BitMap(range(1, 2_000))

Opening = Callable[[], TantivyEngine]


def nothing(_name: str, _value: str) -> BitMap:
    return BitMap()


def found(engine: TantivyEngine, typed: str, everything: BitMap = EVERYTHING) -> list[int]:
    return list(engine.matches(parse(typed), nothing, everything))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "search-tantivy"


@pytest.fixture
def opened(folder: Path) -> Iterator[Opening]:
    """Open engines on the same folder; they are closed at the end."""
    engines: list[TantivyEngine] = []

    def opening() -> TantivyEngine:
        engines.append(TantivyEngine(folder))
        return engines[-1]

    yield opening
    for engine in engines:
        engine.close()


def run(script: str, folder: Path) -> subprocess.Popen[str]:
    """A second process that has the project and the folder."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "error", "-c", script, str(folder)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)


HOLD_LOCK = f"""
import fcntl, sys, pathlib
with open(pathlib.Path(sys.argv[1]) / {tantivy_storage.LOCK!r}, "w") as file:
    fcntl.flock(file, fcntl.LOCK_EX)
    print("held", flush=True)
    sys.stdin.read()
"""

DIE_AT_THE_COMMIT = """
import os, signal, sys, pathlib
from blog.search import tantivy_engine
from blog.search.engine import Document
engine = tantivy_engine.TantivyEngine(pathlib.Path(sys.argv[1]))
tantivy_engine._commit = lambda _: os.kill(os.getpid(), signal.SIGKILL)
engine.apply([Document(1, "never seen"), Document(2, "nor this")], [], 2)
"""

WRITE_UNTIL_KILLED = """
import itertools, sys, pathlib
from blog.search.engine import Document
from blog.search.tantivy_engine import TantivyEngine
engine = TantivyEngine(pathlib.Path(sys.argv[1]))
for position in itertools.count(1):
    assert engine.apply([Document(position, "sqlite"), Document(position + 1, "ruby")], [], position)
    print(position, flush=True)
"""

APPLY_ONE = """
import sys, pathlib
from blog.search.engine import Document
from blog.search.tantivy_engine import TantivyEngine
engine = TantivyEngine(pathlib.Path(sys.argv[1]))
assert engine.apply([Document(2, "from elsewhere")], [], 2)
engine.close()
"""

FORK = """
import os, sys, pathlib
from pyroaring import BitMap
from blog.domain.textquery import parse
from blog.search.engine import Document
from blog.search.tantivy_engine import TantivyEngine
engine = TantivyEngine(pathlib.Path(sys.argv[1]))
ask = lambda: list(engine.matches(parse("sqlite"), None, BitMap([1, 2])))
assert ask() == [1]
index = engine._index
child = os.fork()
if child == 0:
    own = ask() == [1] and engine._index is not index
    os._exit(0 if own and engine.apply([Document(2, "sqlite")], [], 2) and ask() == [1, 2] else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert ask() == [1, 2] and engine._index is index
engine.close()
"""


def test_what_another_process_commits_is_found_at_once(opened: Opening, folder: Path) -> None:
    engine = opened()
    assert engine.apply([Document(1, "from here")], [], 1)
    assert found(engine, "from") == [1]
    with run(APPLY_ONE, folder) as process:
        assert process.wait() == 0
    assert found(engine, "from") == [1, 2]
    assert engine.position() == 2


def test_the_work_is_left_while_another_process_writes(opened: Opening, folder: Path) -> None:
    engine = opened()
    with run(HOLD_LOCK, folder) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        assert engine.apply([Document(1, "sqlite")], [], 1) is False
        assert engine.clear() is False
        assert engine.position() == 0
        process.communicate()
    assert engine.apply([Document(1, "sqlite")], [], 1)
    assert found(engine, "sqlite") == [1]


def test_a_process_killed_at_the_commit_leaves_what_was_before(opened: Opening, folder: Path) -> None:
    assert opened().apply([Document(1, "sqlite")], [], 1)
    with run(DIE_AT_THE_COMMIT, folder) as process:
        assert process.wait() == -9
    engine = opened()
    assert engine.position() == 1
    assert found(engine, "sqlite OR seen") == [1]
    assert engine.apply([Document(2, "nor this")], [], 2)
    assert found(engine, "nor") == [2]


@pytest.mark.parametrize("commits", [1, 7, 9, 23])
def test_a_process_killed_while_it_writes_leaves_one_of_its_commits(
    opened: Opening, folder: Path, commits: int
) -> None:
    with run(WRITE_UNTIL_KILLED, folder) as process:
        assert process.stdout is not None
        for _ in range(commits):
            process.stdout.readline()
        process.kill()
    engine = opened()
    position = engine.position()
    assert position >= commits
    assert found(engine, "sqlite") == list(range(1, position + 1))
    assert found(engine, "ruby") == [position + 1]
    assert engine.apply([], [position + 1], position + 1)


def test_a_failing_apply_changes_nothing_and_holds_no_lock(opened: Opening) -> None:
    engine = opened()
    engine.apply([Document(1, "sqlite")], [], 1)
    with pytest.raises(TypeError) as caught:
        engine.apply([Document(2, "ruby"), Document(3, 5)], [1], 2)  # type: ignore[arg-type]  # what is tested
    assert (engine.position(), found(engine, "sqlite OR ruby")) == (1, [1])
    assert engine.apply([Document(2, "ruby")], [], 2), caught


def damage_by_cutting(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-7])


def damage_by_zeros(file: Path) -> None:
    file.write_bytes(bytes(file.stat().st_size))


def damage_by_emptying(file: Path) -> None:
    file.write_bytes(b"")


def damage_of_one_byte(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[0] ^= 1
    file.write_bytes(content)


DAMAGES = [damage_by_cutting, damage_by_zeros, damage_by_emptying, damage_of_one_byte, Path.unlink]
ENDINGS = [*(f".{part}" for part in tantivy_storage._PARTS), ".del", "meta.json", ".format"]


@pytest.mark.parametrize("damage", DAMAGES, ids=[damage.__name__ for damage in DAMAGES])
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_damaged_index_is_built_anew(
    opened: Opening, folder: Path, ending: str, damage: Callable[[Path], None]
) -> None:
    before = opened()
    assert before.apply([Document(1, "sqlite"), Document(2, "ruby")], [], 1)
    assert before.apply([Document(3, "sqlite")], [1], 2)
    before.close()
    damage(next(file for file in sorted(folder.iterdir()) if file.name.endswith(ending)))
    after = opened()
    assert (after.position(), found(after, "sqlite")) == (0, [])
    assert after.apply([Document(1, "sqlite")], [], 1)
    assert found(after, "sqlite") == [1]


def test_who_has_a_damaged_index_open_sees_the_one_made_anew(opened: Opening, folder: Path) -> None:
    before = opened()
    assert before.apply([Document(1, "sqlite")], [], 1)
    assert found(before, "sqlite") == [1]
    damage_by_emptying(folder / ".managed.json")
    damage_by_cutting(next(folder.glob("*.del"), next(folder.glob("*.fieldnorm"))))
    after = opened()
    assert before.position() == after.position() == 0
    assert before.apply([Document(2, "sqlite")], [], 1)
    assert found(before, "sqlite") == found(after, "sqlite") == [2]


def test_an_index_of_another_format_is_built_anew(opened: Opening, monkeypatch: pytest.MonkeyPatch) -> None:
    assert opened().apply([Document(1, "sqlite")], [], 1)
    monkeypatch.setattr(tantivy_storage, "FORMAT", tantivy_storage.FORMAT + 1)
    assert opened().position() == 0


def test_what_else_lies_in_the_folder_stays(opened: Opening, folder: Path) -> None:
    folder.mkdir()
    (folder / "blog.db").write_text("the truth")
    assert opened().apply([Document(1, "sqlite")], [], 1)
    damage_by_cutting(folder / "meta.json")
    assert opened().position() == 0
    assert (folder / "blog.db").read_text() == "the truth"


def test_a_sound_index_is_kept(opened: Opening) -> None:
    assert opened().apply([Document(1, "sqlite")], [], 1)
    assert opened().position() == 1


def test_a_damaged_index_in_use_is_not_touched(
    opened: Opening, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert opened().apply([Document(1, "sqlite")], [], 1)
    damage_by_cutting(folder / "meta.json")
    monkeypatch.setattr(tantivy_storage, "_PATIENCE", 0.0)
    with run(HOLD_LOCK, folder) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(DataFolderInUse):
            TantivyEngine(folder)
        process.communicate()
    assert opened().position() == 0


QUERIES = ["sqlite", "ruby", '"sqlite ruby"', "sqli*", "-sqlite", "sqlite OR ruby", "title:word1*", "common"]


def test_threads_get_the_same_answers_while_the_index_moves(opened: Opening) -> None:
    engine = opened()
    still = [Document(n, f"word{n}", "sqlite ruby common" if n % 3 else "ruby sqlite") for n in range(1, 120)]
    assert engine.apply(still, [], 1)
    everything = BitMap(range(1, 120))

    def ask(turn: int) -> list[int]:
        return list(engine.matches(parse(QUERIES[turn % len(QUERIES)]), nothing, everything))

    expected = [ask(turn) for turn in range(len(QUERIES))]

    with ThreadPoolExecutor(6) as pool:
        answers = pool.map(ask, range(240))
        for number in range(500, 520):
            assert engine.apply([Document(number, "other", "sqlite and others")], [], number)
        assert list(answers) == expected * 30


def test_of_two_threads_that_write_one_does(opened: Opening) -> None:
    engine = opened()
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda n: engine.apply([Document(n, "sqlite")], [], n), range(1, 40)))
    assert len(found(engine, "sqlite")) == sum(done) > 0


def test_a_forked_process_reads_and_writes_with_an_index_of_its_own(opened: Opening, folder: Path) -> None:
    assert opened().apply([Document(1, "sqlite")], [], 1)
    with run(FORK, folder) as process:
        assert process.wait() == 0


def test_documents_replaced_again_and_again_do_not_pile_up(opened: Opening, folder: Path) -> None:
    engine = opened()
    for position in range(1, 80):
        assert engine.apply([Document(1, "sqlite"), Document(2, "ruby")], [], position)
    assert found(engine, "sqlite OR ruby") == [1, 2]
    assert len(json.loads((folder / "meta.json").read_bytes())["segments"]) <= 8


def test_a_beginning_stands_for_the_most_frequent_words(opened: Opening) -> None:
    engine = opened()
    rare = [Document(number, f"word{number:04}") for number in range(1, 1_001)]
    frequent = [Document(number, "wordzzzz") for number in (1_001, 1_002)]
    assert engine.apply([*rare, *frequent], [], 1)
    matching = found(engine, "word*")
    assert len(matching) == MAX_EXPANSIONS + 1
    assert matching[-2:] == [1_001, 1_002]


@pytest.mark.parametrize("last", [191, 192, 5_000, 20_000_000, 2**32 - 1])
def test_ids_fetched_packed_are_those_fetched_one_by_one(
    opened: Opening, monkeypatch: pytest.MonkeyPatch, last: int
) -> None:
    engine = opened()
    chance = random.Random(last)
    ids = {1, 47, 48, 191, last, *(chance.randint(1, last) for _ in range(300))}
    assert engine.apply([Document(number, "", "sqlite" if number % 3 else "ruby") for number in ids], [], 1)
    assert engine.apply([], [47], 2)
    everything = BitMap(ids)
    queries = ["sqlite", "ruby OR sqlite", "sqlite -ruby", "-ruby", "absent"]
    expected = [found(engine, query, everything) for query in queries]
    engine.close()
    monkeypatch.setattr(tantivy_reader, "_FEW", 1)
    assert [found(engine, query, everything) for query in queries] == expected
    assert expected[0] == sorted(number for number in ids if number % 3 and number != 47)


def test_answers_are_remembered_within_bounds(opened: Opening, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tantivy_reader, "_REMEMBERED_BYTES", 2_000)
    engine = opened()
    assert engine.apply([Document(number, f"word{number}", "sqlite") for number in range(1, 50)], [], 1)
    for _ in range(2):
        assert [found(engine, f"word{number}") for number in range(1, 50)] == [
            [number] for number in range(1, 50)
        ]
    remembered = engine._snapshot()._remembered
    assert 0 < remembered._bytes <= 2_000
    assert len(remembered._answers) < 5


SOMETIMES = st.sampled_from(["web", "the web", "webs of the web", "sqlite", "the web sqlite", ""])
BATCHES = st.lists(
    st.tuples(
        st.lists(st.tuples(st.integers(1, 40), SOMETIMES, SOMETIMES), max_size=12),
        st.sets(st.integers(1, 40), max_size=4),
    ),
    min_size=2,
    max_size=6,
)
ASKED = [
    "web",
    "the",
    "the web",
    "web -sqlite",
    "-the",
    "web OR sqlite",
    "title:web",
    "title:web OR the",
    "web*",
    "-web*",
    '"the web" web',
    "title:the*",
]


@settings(max_examples=12, deadline=None)
@given(batches=BATCHES)
def test_what_is_kept_of_common_words_is_always_true(
    tmp_path_factory: pytest.TempPathFactory, batches: list[tuple[list[tuple[int, str, str]], set[int]]]
) -> None:
    with pytest.MonkeyPatch.context() as small:
        small.setattr(tantivy_reader, "_FEW", 1)
        for name, value in {"_SLICE": 8, "_LARGE": 1, "_SHARE": 3, "_COMMON": 2}.items():
            small.setattr(tantivy_postings, name, value)
        keeping = TantivyEngine(tmp_path_factory.mktemp("keeping"))
        small.setattr(tantivy_postings, "_COMMON", 1_000)
        plain = TantivyEngine(tmp_path_factory.mktemp("plain"))
        for position, (entries, removed) in enumerate(batches, start=1):
            documents = [Document(*one) for one in entries]
            assert plain.apply(documents, removed, position)
            small.setattr(tantivy_postings, "_COMMON", 2)
            assert keeping.apply(documents, removed, position)
            small.setattr(tantivy_postings, "_COMMON", 1_000)
            for typed in ASKED:
                assert found(keeping, typed) == found(plain, typed), typed
        assert not plain._snapshot().kept
        snapshot = keeping._snapshot()
        for field, term in snapshot.kept:
            expected = plain._snapshot().entries_with(field, term)
            assert snapshot.entries_with(field, term) == expected
        keeping.close()
        plain.close()


def test_common_words_are_kept_once_a_batch_shows_them(
    opened: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tantivy_postings, "_COMMON", 900)
    engine = opened()
    assert engine.apply([Document(n, "", "the web" if n % 50 else "seldom") for n in range(1, 1_001)], [], 1)
    assert engine._snapshot().kept == frozenset()
    assert engine.apply(
        [Document(n, "", "the web" if n % 50 else "seldom") for n in range(1_001, 1_600)], [], 2
    )
    assert engine._snapshot().kept == {
        ("text", "the"),
        ("text", "web"),
        ("text_words", "the"),
        ("text_words", "web"),
    }
    assert engine.apply([Document(70_000, "", "the end"), Document(1, "", "gone")], [2], 3)
    everything = BitMap([*range(1, 1_600), 70_000])
    assert found(engine, "the", everything) == [n for n in everything if (n % 50 and n > 2) or n == 70_000]
    assert found(opened(), "the -web", everything) == [70_000]
    assert engine.clear()
    assert engine._snapshot().kept == frozenset()


def texts(number: int) -> str:
    """Few different texts, so that very many entries are equally good."""
    return ("sqlite and more", "sqlite sqlite", "ruby and more", "nothing of it")[number % 7 % 4]


@pytest.mark.parametrize("by_id", [0, 1, 1_000])
@pytest.mark.parametrize("many", [tantivy_ranking._MANY, 0])
def test_the_best_within_are_the_same_however_they_are_looked_for(
    opened: Opening, monkeypatch: pytest.MonkeyPatch, many: int, by_id: int
) -> None:
    for name, value in {"_SLACK": 2, "_MORE": 3, "_MANY": many, "_BY_ID": by_id, "_WINDOW": 16}.items():
        monkeypatch.setattr(tantivy_ranking, name, value)
    engine = opened()
    for start in range(1, 700, 70):
        assert engine.apply(
            [Document(number, "", texts(number)) for number in range(start, start + 70)], [], start
        )
    chance = random.Random(5)
    rank = {"sqlite sqlite": 0, "sqlite and more": 1}
    for size in (1, 5, 6, 30, 200, 700):
        within = BitMap(chance.sample(range(1, 701), size))
        expected = sorted(within, key=lambda number: (rank.get(texts(number), 2), -number))
        for limit, offset in ((3, 0), (10, 5), (30, 90), (700, 0)):
            assert engine.best(parse("sqlite"), within, limit, offset) == expected[offset : offset + limit]


def test_a_beginning_ranks_titles_first_then_the_newest(opened: Opening) -> None:
    engine = opened()
    assert engine.apply([Document(n, "sqlite" if n < 4 else "", "about sqlite") for n in range(1, 9)], [], 1)
    assert engine.best(parse("sqli*"), BitMap(range(1, 9)), 5) == [3, 2, 1, 8, 7]


HOSTILE = [
    "????*",
    "[a TO z]",
    "word " * 2_000,
    "(" * 10_000,
    '"' * 10_001,
    "-" * 5_000 + "x",
    "a OR " * 2_000,
    "wor* " * 16,
    "*:*",
    "\x00\ud800\uffff",
    "日" * 5_000,
    "é́́́́" * 500,
]


@pytest.mark.parametrize("typed", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_queries_are_answered(opened: Opening, typed: str) -> None:
    engine = opened()
    assert engine.apply([Document(number, f"word{number}", "word a x 日日") for number in range(1, 50)], [], 1)
    query = parse(typed)
    matching = engine.matches(query, nothing, EVERYTHING)
    assert sorted(engine.best(query, matching, 2_000)) == list(matching)
    assert engine.suggest(query) is None or query.node is not None
    assert len(engine.similar(typed, EVERYTHING, 5)) <= 5
