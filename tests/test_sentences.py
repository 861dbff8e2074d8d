"""No sentence of more than thirty words in what people read first: pages, messages and the board."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from mriprivacy.challenge.entry.entry_file import read_entries
from mriprivacy.challenge.leaderboard.pages.site import pages
from tests.helpers.markdown_pages import ROOT
from tests.helpers.sentences import of_html, of_markdown, of_python, of_template, sentences, words
from tests.helpers.tracked_files import tracked

MOST = 30
# Records in docs/decisions are in the words of their day: `tracked` leaves them out.
PAGES = ("README.md", "CONTRIBUTING.md", "LEADERBOARD.md", "docs")
PACKAGES = ("scoring", "baselines", "data_prep", "drawing", "scans", "challenge", "docs")
# Texts of published editions, which their hashes cover, and programs in other languages.
LEFT_OUT = ("data_prep/editions/datasheet.py", "challenge/settings/completion_script.py")


def too_long(found: Iterable[tuple[int, str]]) -> list[str]:
    return [f"{line}: {count} words: {one}" for line, one in found if (count := words(one)) > MOST]


def named(path: Path, problems: Iterable[str]) -> list[str]:
    return [f"{path.relative_to(ROOT)}:{problem}" for problem in problems]


@pytest.mark.parametrize("place", PAGES)
def test_pages(place: str) -> None:
    pages = [path for path in tracked(place) if path.suffix == ".md"]
    assert pages
    problems = [line for path in pages for line in named(path, too_long(of_markdown(path.read_text())))]
    assert not problems, "\n" + "\n".join(problems)


@pytest.mark.parametrize("package", PACKAGES)
def test_messages_and_texts_of_the_program(package: str) -> None:
    sources = [path for path in tracked(package) if path.suffix == ".py"]
    sources = [path for path in sources if str(path.relative_to(ROOT)) not in LEFT_OUT]
    assert sources
    problems = [line for path in sources for line in named(path, too_long(of_python(path.read_text())))]
    assert not problems, "\n" + "\n".join(problems)


def test_templates() -> None:
    templates = [path for path in tracked("challenge") if path.parent.name == "templates"]
    assert len(templates) > 20
    problems = []
    for path in templates:
        text = of_template(path.read_text())
        found = of_markdown(text) if path.suffix == ".md" else [(1, one) for one in of_html(text)]
        problems += named(path, too_long(found))
    assert not problems, "\n" + "\n".join(problems)


@pytest.mark.long
def test_every_page_of_the_board() -> None:
    """As `rank` makes it from the committed entries; what a team wrote of its system is its own."""
    entries = read_entries(ROOT / "entries")
    theirs = {one for entry in entries for one in sentences(entry.description)}
    html = {name: text for name, text in pages(entries) if name.endswith(".html")}
    assert len(html) > 10
    found = {(1, one): name for name, page in html.items() for one in of_html(page) if one not in theirs}
    problems = [f"{found[pair]}:{line}" for pair in found for line in too_long([pair])]
    assert not problems, "\n" + "\n".join(problems)


LONG = "This sentence has " + "very " * 30 + "many words"


@pytest.mark.parametrize("text", [f"{LONG}.", f"Short. {LONG}", f"* An item\n  {LONG}.", f"| a | {LONG} |"])
def test_a_long_sentence_on_a_page_is_noticed(text: str) -> None:
    assert too_long(of_markdown(text))


@pytest.mark.parametrize(
    "text",
    [
        f"```\n{LONG}\n```",
        "Short. " * 20,
        f"{'word ' * 20}\n\n{'word ' * 20}",
        "`" + "a " * 40 + "`",
        f"* An item:\n\n  | {'word ' * 20} | {'word ' * 20} |",
    ],
)
def test_code_and_several_sentences_are_not(text: str) -> None:
    assert too_long(of_markdown(text)) == []


def test_messages_are_read_as_they_are_printed() -> None:
    assert too_long(of_python(f"raise UserError(f'{{name}}: {LONG}' '; expected less')"))
    assert too_long(of_python(f'def f():\n    """{LONG}."""\n    return 1')) == []
    assert too_long([(1, one) for one in of_html(f"<p>{LONG[:90]}<b>{LONG[90:]}</b></p>")])
