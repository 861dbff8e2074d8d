"""Every sentence of README.md and of the questions is held by a test, or claims nothing to test.

promises.tsv lists them by how they begin. What holds a sentence is a test, or why none does: it is advice, a
definition, a judgement, a pointer, a title, or a record of what was done once.
"""

import re
import shlex
from functools import cache

import pytest

from mriprivacy.challenge.cli import main
from mriprivacy.challenge.commands.demo import DemoSettings, plan
from mriprivacy.challenge.entry.entry_file import read_entries
from mriprivacy.challenge.settings.bare_words import POSITIONAL
from mriprivacy.challenge.settings.compose import compose_settings, schema_of
from tests.helpers.markdown_pages import ROOT
from tests.helpers.sentences import of_markdown

README = (ROOT / "README.md").read_text(encoding="utf-8")
FAQ = "docs/how-to/faq.md"
NO_TEST = ("advice", "definition", "judgement", "pointer", "title", "record")
HEADER, *ROWS = (ROOT / "tests" / "docs" / "promises.tsv").read_text(encoding="utf-8").splitlines()
PROMISES = [tuple(row.split("\t")) for row in ROWS]
ENTRIES = {entry.system: entry for entry in read_entries(ROOT / "entries")}


@cache
def promising(page: str) -> list[str]:
    """Return the sentences of a page; no questions, and no cells of a word, code or a link alone."""
    found = [one for _, one in of_markdown((ROOT / page).read_text(encoding="utf-8"))]
    asked = ("<!--", "**") if page == FAQ else ("<!--",)
    return [
        one
        for one in found
        if not one.startswith(asked)
        and not one.endswith("?")
        and len(re.findall(r"[A-Za-z]{2,}", re.sub(r"`[^`]*`", "", one))) > 2
    ]


def begins(page: str) -> list[str]:
    return [start for where, start, _ in PROMISES if where == page]


@pytest.mark.parametrize("page", ["README.md", FAQ])
def test_every_sentence_is_listed(page: str) -> None:
    new = [one for one in promising(page) if not one.startswith(tuple(begins(page)))]
    assert not new, "name in promises.tsv what holds:\n" + "\n".join(new)


@pytest.mark.parametrize("page", ["README.md", FAQ])
def test_every_row_is_of_a_sentence(page: str) -> None:
    every = [one for _, one in of_markdown((ROOT / page).read_text(encoding="utf-8"))]
    assert [start for start in begins(page) if not any(one.startswith(start) for one in every)] == []


def test_every_row_names_a_test_that_exists() -> None:
    lacking = []
    for page, start, held in PROMISES:
        path, _, name = held.partition("::")
        is_there = name and (ROOT / path).is_file() and f"\ndef {name}(" in (ROOT / path).read_text()
        if not is_there and held not in NO_TEST:
            lacking.append(f"{page}: {start}: {held}")
    assert lacking == []
    assert sum("::" in held for _, _, held in PROMISES) > 90


def commands_of(text: str) -> list[list[str]]:
    blocks = re.findall(r"^```\n(.*?)^```$", text, re.S | re.M)
    lines = [line for block in blocks for line in block.splitlines() if line.startswith("uv run mriprivacy")]
    return [shlex.split(line, comments=True)[3:] for line in lines]


@pytest.mark.parametrize("words", commands_of(README), ids=" ".join)
def test_commands_of_the_readme_have_valid_settings(words: list[str]) -> None:
    command, *given = words
    keys = iter(POSITIONAL.get(command, ()))
    given = [word if "=" in word else f"{next(keys)}={word}" for word in given]
    given = [word.replace("$SEED", "1") for word in given]
    assert compose_settings(command, schema_of(command), given)


def test_the_readme_opens_with_lines_that_work_a_verdict_a_picture_and_the_roles() -> None:
    assert len(README.splitlines()) <= 220
    order = ["mriprivacy demo", "<!-- verdict -->", "](docs/images/", "## Who it is for", "## Limits"]
    places = [README.index(one) for one in order]
    assert places == sorted(places)
    assert len(README[: places[1]].split("```")[1].strip().splitlines()) <= 10
    limits = README.split("## Limits\n")[1].split("\n## ")[0]
    assert len(re.findall(r"^\* ", limits, re.M)) == 5


def test_the_demo_is_as_the_readme_counts_it() -> None:
    steps = plan(DemoSettings())
    assert DemoSettings().subjects == 24
    assert sum(step.command == "deface" for step in steps) == 5
    assert len(DemoSettings().attacks) == 2
    assert [step.command for step in steps].count("infer") == 1


def test_what_the_readme_reads_off_the_board(capsys: pytest.CaptureFixture[str]) -> None:
    def shown(name: str) -> str:
        assert main(["show", str(ROOT / "entries" / f"synth-demo-2026.2/reference__{name}.json")]) == 0
        return capsys.readouterr().out

    assert re.search(r"^people linked  0\.(3[5-9]|4[0-4]) ", shown("blur"), re.M)
    assert re.search(r"^utility +0\.9[5-9] ", shown("blur"), re.M)
    assert re.search(r"^brain gate +unchanged ", shown("identity"), re.M)
    assert re.search(r"^rank +not ranked ", shown("identity"), re.M)
    brains = shown("skull_strip")
    assert re.search(r"^faces left .*: 24 no head$", brains, re.M)
    assert re.search(r"^people linked +0\.[01]\d \[0\.00, ", brains, re.M)
    assert all(entry.synthetic for entry in ENTRIES.values())


def test_the_result_of_the_readme_is_that_of_its_page() -> None:
    page = (ROOT / "docs" / "results" / "attacks.md").read_text(encoding="utf-8")
    (of_200,) = re.findall(r"^## A hundred people: .*?(?=^## )", page, re.M | re.S)
    (result,) = re.findall(r"^## A result$.*?(?=^The kit turns)", README, re.M | re.S)
    assert "`synth-200/2026.2`" in of_200
    told, found = (
        table(result, "| defacer | ranks | people linked |"),
        table(of_200, "| defacer | ranks | people"),
    )
    assert len(told) > 6
    assert told == [[row[i] for i in (0, 1, 2, 7, 8, 10)] for row in found]
    levels = {tuple(row[:3:2]): row for row in table(of_200, "| defacer | no face | level |")}
    mask = {level: levels["`remove_face`", level] for level in ("ignorant", "adapted", "informed")}
    assert mask["ignorant"][1] == "120/123"
    assert [row[5].split()[0] for row in mask.values()] == ["0.50", "0.76", "0.87"]
    assert "in 3 of 123 scans. An ignorant attacker is at chance (AUC .50)" in result
    assert "scans reaches .76, and one trained with their identities .87" in result
    assert levels["`quickshear`", "informed"][1] == "123/123"


def table(page: str, head: str) -> list[list[str]]:
    """The rows of the table that begins so."""
    (lines,) = re.findall(rf"^{re.escape(head)}.*\n\|[-|]+\n((?:\|.*\n)+)", page, re.M)
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines.splitlines()]


def test_python_of_the_readme() -> None:
    (line,) = re.findall(r"^`(from mriprivacy[^`]*)`", README, re.M)
    exec(compile(line, "README.md", "exec"), {})
    assert (ROOT / "LICENSE").read_text().startswith("MIT License")
