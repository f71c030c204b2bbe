"""Drawing cards, and keeping them."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from blog.cards.drawing import Card, draw_card
from blog.cards.kept import keep_card, kept_card
from blog.cards.typefaces import SERIF, runs, settable, width

if TYPE_CHECKING:
    from pathlib import Path

# A letter of a script that no font is installed for, here or nearly anywhere: Tangut.
UNKNOWN = "\U00017000"

TEXTS = [
    ("Plain  text\n", "Plain text"),
    ("Čeština, ßüéñ – “quoted” it’s", "Čeština, ßüéñ – “quoted” it’s"),
    ("Combined e\u0301", "Combined é"),
    ("Shipped \U0001f680 it", "Shipped it"),
    (f"Half {UNKNOWN} readable", ""),
    ("", ""),
]


@pytest.mark.parametrize(("text", "shown"), TEXTS)
def test_signs_without_a_font_are_left_out_and_texts_without_their_letters(text: str, shown: str) -> None:
    assert settable(text) == shown


def test_a_word_is_set_in_one_family_and_no_letter_of_it_is_lost() -> None:
    for text in ("Page two – čeština", "naïve “words”", "a  b"):
        assert "".join(letters for letters, _ in runs(text, 40, SERIF)) == text
    assert {font.getname()[0] for _, font in runs("Čeština", 40, SERIF)} == {"Crosstag Serif"}
    assert width("WW", 40) > width("W", 40) > 0


CARDS = [
    Card(site="Blog", title="A title"),
    Card(site="", title=""),
    Card(site="s" * 500, title="W" * 5_000, line="l" * 500, tags=("t" * 300,) * 50),
    Card(site="Blog", title=" ".join(["word"] * 300)),
    Card(site="Blog", title=UNKNOWN, tags=(UNKNOWN,)),
    Card(site="ב", title="\u202eabc \x00 \ufffe"),
]


@pytest.mark.parametrize("card", CARDS)
def test_whatever_is_on_it_a_card_is_a_small_picture(card: Card) -> None:
    data = draw_card(card)
    assert len(data) < 100_000
    with Image.open(io.BytesIO(data)) as image:
        assert image.size == (1200, 630)
        edge = image.convert("RGB").crop((1_150, 30, 1_200, 630))
    colours = edge.getcolors()
    assert colours
    assert len(colours) == 1  # nothing is written over the edge


def test_another_word_is_another_digest() -> None:
    cards = [Card(site="a", title="b"), Card(site="a", title="b", tags=("c",)), Card(site="ab", title="")]
    assert len({card.digest for card in cards}) == 3
    assert cards[0].digest == Card(site="a", title="b").digest


def test_kept_cards_are_bounded_and_the_oldest_go_first(tmp_path: Path) -> None:
    folder = tmp_path / "cache" / "cards"
    for number in range(5):
        keep_card(folder, f"{number:016x}", b"x" * 100, most=250)
        assert kept_card(folder, f"{number:016x}") == b"x" * 100
    kept = [number for number in range(5) if kept_card(folder, f"{number:016x}")]
    assert kept[-1] == 4
    assert len(kept) == 2
    assert kept_card(folder, "../../secret") is None


def test_a_disk_that_cannot_be_written_keeps_nothing_and_breaks_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    keep_card(tmp_path / "file" / "cards", "0" * 16, b"x")
    assert kept_card(tmp_path / "file" / "cards", "0" * 16) is None
