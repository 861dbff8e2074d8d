"""Foreign text in Markdown, judged by a parser; in a terminal, by what characters do."""

import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from mriprivacy.data_prep.formats.atomic import OutsideError, inside
from mriprivacy.data_prep.formats.tables.foreign_text import (
    code_block,
    inline,
    markdown_table,
    one_line,
    visible,
)
from tests.helpers.hostile_text import HOSTILE

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def shown(markdown: str) -> list[tuple[str, str]]:
    """What a parser makes of Markdown: kinds of tokens, and the text of those that are text."""
    found = []
    for token in PARSER.parse(markdown):
        if token.type == "inline":
            found += [(child.type, child.content) for child in token.children or ()]
        else:
            found.append((token.type, token.content))
    return found


def words(tokens: list[tuple[str, str]]) -> str:
    return re.sub(r" +", " ", "".join(text for _, text in tokens)).strip()


@given(HOSTILE)
def test_in_a_line_it_is_read_as_text_and_as_the_same_text(text: str) -> None:
    tokens = shown(f"Cite {inline(text)}.")
    assert {kind for kind, _ in tokens} <= {"paragraph_open", "paragraph_close", "text", "text_special"}
    assert words(tokens) == re.sub(r" +", " ", f"Cite {one_line(text)}.").strip()


@given(HOSTILE)
def test_in_a_heading_it_is_read_as_text(text: str) -> None:
    tokens = shown(f"## x {inline(text)} (sha256)\n\nafter\n")
    kinds = [kind for kind, _ in tokens if not kind.startswith("text")]
    assert kinds == ["heading_open", "heading_close", "paragraph_open", "paragraph_close"]


@given(st.lists(st.lists(HOSTILE, min_size=3, max_size=3), min_size=2, max_size=4))
def test_a_table_keeps_its_shape_and_its_cells(rows: list[list[str]]) -> None:
    tokens = shown(markdown_table(rows[0], rows[1:]))
    kinds = [kind for kind, _ in tokens if kind not in ("text", "text_special")]
    plain = shown(markdown_table(["a"] * 3, [["b"] * 3 for _ in rows[1:]]))
    assert kinds == [kind for kind, _ in plain if kind != "text"]
    wanted = " ".join(one_line(cell) for row in rows for cell in row)
    assert words(tokens).replace(" ", "") == wanted.replace(" ", "")


@given(st.lists(HOSTILE, max_size=4))
def test_a_block_of_code_holds_its_lines_and_ends_where_it_ends(lines: list[str]) -> None:
    tokens = PARSER.parse(f"before\n\n{code_block(lines)}\n\nafter\n")
    kinds = [token.type for token in tokens if token.type != "inline"]
    assert kinds == ["paragraph_open", "paragraph_close", "fence", "paragraph_open", "paragraph_close"]
    (fence,) = [token for token in tokens if token.type == "fence"]
    assert fence.content == "".join(f"{one_line(line)}\n" for line in lines)


@given(HOSTILE)
def test_nothing_that_a_terminal_obeys_is_left_and_all_of_it_can_be_written(text: str) -> None:
    seen = visible(text)
    kinds = {unicodedata.category(char) for char in seen if char not in "\n\t"}
    assert not any(kind[0] == "C" or kind in ("Zl", "Zp") for kind in kinds)
    assert seen.encode("utf-8").decode("utf-8") == seen
    assert "\n" not in one_line(text)
    assert one_line(text).isprintable()


def test_what_people_write_stays_as_it_is() -> None:
    for text in (
        "replace_face",
        "0.50 [0.45, 0.55]",
        "rank [95 %]",
        "R&D, É. Müller (2026)",
        "a-b.c/1.0 +x",
    ):
        assert inline(text) == text


@pytest.mark.parametrize(
    "name", ["", ".", "/etc/x", "../x", "a/../../x", "a/..", "a\\..\\x", "a\x00b", "a\nb", "//x", "a/\u202eb"]
)
def test_a_name_that_leads_elsewhere_is_none(name: str) -> None:
    with pytest.raises(OutsideError, match="leads out of"):
        inside(Path("folder"), name)


@given(HOSTILE)
def test_every_other_name_lies_inside(name: str) -> None:
    try:
        path = inside(Path("/folder"), name)
    except OutsideError:
        return
    assert Path("/folder") in path.parents
    assert ".." not in path.parts
