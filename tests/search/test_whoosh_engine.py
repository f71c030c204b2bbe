"""What is Whoosh's own: its files, its locks, several processes, hostile queries."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pyroaring import BitMap

from blog.domain.errors import DataFolderInUse
from blog.domain.textquery import parse
from blog.search import whoosh_storage
from blog.search.engine import MAX_EXPANSIONS, Document
from blog.search.whoosh_engine import WhooshEngine

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
EVERYTHING = BitMap(range(1, 2_000))
LOCK = f"{whoosh_storage.INDEX_NAME}_WRITELOCK"


Opening = Callable[[], WhooshEngine]


def nothing(_name: str, _value: str) -> BitMap:
    return BitMap()


def found(engine: WhooshEngine, typed: str) -> list[int]:
    return list(engine.matches(parse(typed), nothing, EVERYTHING))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "search"


@pytest.fixture
def opened(folder: Path) -> Iterator[Opening]:
    """Open engines on the same folder; they are closed at the end."""
    engines: list[WhooshEngine] = []

    def opening() -> WhooshEngine:
        engines.append(WhooshEngine(folder))
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
with open(pathlib.Path(sys.argv[1]) / {LOCK!r}, "w") as file:
    fcntl.flock(file, fcntl.LOCK_EX)
    print("held", flush=True)
    sys.stdin.read()
"""

DIE_AT_THE_COMMIT = """
import os, signal, sys, pathlib
from blog.search import whoosh_storage
from blog.search.engine import Document
from blog.search.whoosh_engine import WhooshEngine
engine = WhooshEngine(pathlib.Path(sys.argv[1]))
whoosh_storage.DurableStorage.rename_file = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
engine.apply([Document(1, "never seen"), Document(2, "nor this")], [], 2)
"""

APPLY_ONE = """
import sys, pathlib
from blog.search.engine import Document
from blog.search.whoosh_engine import WhooshEngine
engine = WhooshEngine(pathlib.Path(sys.argv[1]))
assert engine.apply([Document(2, "from elsewhere")], [], 2)
engine.close()
"""


FORK = """
import os, sys, pathlib
from pyroaring import BitMap
from blog.domain.textquery import parse
from blog.search.whoosh_engine import WhooshEngine
engine = WhooshEngine(pathlib.Path(sys.argv[1]))
ask = lambda: list(engine.matches(parse("sqlite"), None, BitMap([1, 2])))
assert ask() == [1]
files = engine._opened
child = os.fork()
if child == 0:
    os._exit(0 if ask() == [1] and engine._opened is not files else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert ask() == [1] and engine._opened is files
engine.close()
"""


def test_what_another_process_commits_is_found_at_once(opened: Opening, folder: Path) -> None:
    engine = opened()
    assert engine.apply([Document(1, "from here")], [], 1)
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


def test_a_failing_apply_changes_nothing_and_holds_no_lock(opened: Opening) -> None:
    engine = opened()
    engine.apply([Document(1, "sqlite")], [], 1)
    with pytest.raises(TypeError):
        engine.apply([Document(2, "ruby"), Document(3, 5)], [], 2)  # type: ignore[arg-type]  # what is tested
    assert (engine.position(), found(engine, "sqlite OR ruby")) == (1, [1])
    assert engine.apply([Document(2, "ruby")], [], 2)


def damage_by_cutting(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-7])


def damage_by_zeros(file: Path) -> None:
    file.write_bytes(bytes(file.stat().st_size))


def damage_by_emptying(file: Path) -> None:
    file.write_bytes(b"")


DAMAGES = [damage_by_cutting, damage_by_zeros, damage_by_emptying, Path.unlink]


@pytest.mark.parametrize("damage", DAMAGES, ids=[damage.__name__ for damage in DAMAGES])
@pytest.mark.parametrize("ending", [".pst", ".trm", ".entry.col", "_length.col", ".toc", ".receipt"])
def test_a_damaged_index_is_built_anew(
    opened: Opening, folder: Path, ending: str, damage: Callable[[Path], None]
) -> None:
    before = opened()
    assert before.apply([Document(1, "sqlite"), Document(2, "ruby")], [], 1)
    before.close()
    damage(next(file for file in sorted(folder.iterdir()) if file.name.endswith(ending)))
    after = opened()
    assert (after.position(), found(after, "sqlite")) == (0, [])
    assert after.apply([Document(1, "sqlite")], [], 1)
    assert found(after, "sqlite") == [1]


def test_an_index_of_another_format_is_built_anew(opened: Opening, monkeypatch: pytest.MonkeyPatch) -> None:
    assert opened().apply([Document(1, "sqlite")], [], 1)
    monkeypatch.setattr(whoosh_storage, "FORMAT", whoosh_storage.FORMAT + 1)
    assert opened().position() == 0


def test_what_else_lies_in_the_folder_stays(opened: Opening, folder: Path) -> None:
    folder.mkdir()
    (folder / "blog.db").write_text("the truth")
    assert opened().apply([Document(1, "sqlite")], [], 1)
    damage_by_cutting(next(folder.glob("*.toc")))
    assert opened().position() == 0
    assert (folder / "blog.db").read_text() == "the truth"


def test_a_sound_index_is_kept(opened: Opening) -> None:
    assert opened().apply([Document(1, "sqlite")], [], 1)
    assert opened().position() == 1


def test_a_damaged_index_in_use_is_not_touched(
    opened: Opening, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert opened().apply([Document(1, "sqlite")], [], 1)
    damage_by_cutting(next(folder.glob("*.toc")))
    monkeypatch.setattr(whoosh_storage, "_PATIENCE", 0.0)
    with run(HOLD_LOCK, folder) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(DataFolderInUse):
            WhooshEngine(folder)
        process.communicate()
    assert opened().position() == 0


QUERIES = ["sqlite", "ruby", '"sqlite ruby"', "sqli*", "-sqlite", "sqlite OR ruby", "title:word1*", "common"]


def test_a_commit_whose_process_died_before_it_cleaned_up_is_seen(opened: Opening, folder: Path) -> None:
    engine = opened()
    assert engine.apply([Document(1, "sqlite")], [], 1)
    assert engine.position() == 1
    table = next(folder.glob("*.toc"))
    kept = table.with_name("kept")
    kept.hardlink_to(table)
    assert opened().apply([Document(2, "sqlite")], [], 2)
    kept.rename(table)
    assert engine.position() == 2


def test_an_index_begun_anew_is_seen_though_its_table_has_the_same_name(opened: Opening, folder: Path) -> None:
    engine = opened()
    assert engine.apply([Document(1, "sqlite")], [], 1)
    assert found(engine, "sqlite") == [1]
    for file in folder.glob("*crosstag_*"):
        file.unlink()
    assert opened().apply([Document(2, "sqlite")], [], 2)
    assert (found(engine, "sqlite"), engine.position()) == ([2], 2)


def test_to_know_that_nothing_has_changed_lists_no_folder(
    opened: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = opened()
    assert engine.apply([Document(1, "sqlite")], [], 1)
    assert engine.position() == 1
    monkeypatch.setattr(whoosh_storage.DurableStorage, "list", lambda _self: pytest.fail("listed"))
    assert engine.position() == 1


def test_threads_get_the_same_answers_while_the_index_moves(opened: Opening) -> None:
    engine = opened()
    still = [Document(n, f"word{n}", "sqlite ruby common" if n % 3 else "ruby sqlite") for n in range(1, 120)]
    assert engine.apply(still, [], 1)
    everything = BitMap(range(1, 120))

    def ask(turn: int) -> tuple[list[int], list[int]]:
        query = parse(QUERIES[turn % len(QUERIES)])
        matching = engine.matches(query, nothing, everything)
        return list(matching), engine.best(query, matching, 20)

    expected = [ask(turn) for turn in range(len(QUERIES))]

    with ThreadPoolExecutor(6) as pool:
        answers = pool.map(ask, range(240))
        for number in range(500, 520):
            assert engine.apply([Document(number, "other", "sqlite and others")], [], number)
        assert list(answers) == expected * 30


def test_a_forked_process_reads_files_of_its_own(opened: Opening, folder: Path) -> None:
    assert opened().apply([Document(1, "sqlite")], [], 1)
    with run(FORK, folder) as process:
        assert process.wait() == 0


def test_documents_replaced_again_and_again_do_not_pile_up(opened: Opening, folder: Path) -> None:
    engine = opened()
    for position in range(1, 80):
        assert engine.apply([Document(1, "sqlite"), Document(2, "ruby")], [], position)
    assert found(engine, "sqlite OR ruby") == [1, 2]
    assert len(list(folder.glob("*.pst"))) <= 4


def test_merging_leaves_out_what_is_dead(opened: Opening) -> None:
    engine = opened()
    for position in range(4):
        first = position * 10
        assert engine.apply(
            [Document(first + number, "sqlite") for number in range(1, 11)],
            [first - 1] if first else [],
            position,
        )
    assert len(engine._snapshot().segments) == 4
    assert engine.apply([Document(1_000, "ruby")], [], 5)
    # Forty, less the three removed; the new one; and the document that keeps the position.
    assert engine._snapshot().documents == 37 + 1 + 1


def test_a_beginning_stands_for_the_most_frequent_words(opened: Opening) -> None:
    engine = opened()
    rare = [Document(number, f"word{number:04}") for number in range(1, 1_001)]
    frequent = [Document(number, "wordzzzz") for number in (1_001, 1_002)]
    assert engine.apply([*rare, *frequent], [], 1)
    matching = found(engine, "word*")
    assert len(matching) == MAX_EXPANSIONS + 1
    assert matching[-2:] == [1_001, 1_002]


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
