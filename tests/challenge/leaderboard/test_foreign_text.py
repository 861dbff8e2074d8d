"""Whatever stands in the free text of an entry, board and site are built as with plain text."""

import io
import re
from dataclasses import replace

import html5lib
import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from mriprivacy.challenge import cli
from mriprivacy.challenge.entry.attacker import Attacker
from mriprivacy.challenge.entry.entry import Entry, Result
from mriprivacy.challenge.leaderboard.pages.glossary import Guide
from mriprivacy.challenge.leaderboard.pages.html import page
from mriprivacy.challenge.leaderboard.pages.markdown import leaderboard
from mriprivacy.challenge.leaderboard.pages.site import pages
from mriprivacy.challenge.leaderboard.pages.terminal import ranking, summary
from mriprivacy.challenge.settings.terminal_output import escaped_output
from mriprivacy.scoring.errors import UserError
from tests.helpers.board_entries import made_up
from tests.helpers.hostile_text import HOSTILE, WORST

OWN = ("description", "citation", "licence", "released", "received", "kit", "supersedes")
FIELDS = (*OWN, "warning", "name", "level", "group", "signature", "question", "attacker", "failed", "measure")
PLAIN = {field: f"plain {field}" for field in FIELDS}
WORST_OF_ALL = dict.fromkeys(FIELDS, f"x{WORST}x")
TEXTS = st.fixed_dictionaries({field: HOSTILE.map("x{}x".format) for field in FIELDS})
PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
QUICK = settings(max_examples=40)
# An example takes seconds of drawing, and to find a smaller one that fails takes minutes.
DRAWN = settings(max_examples=3, phases=[Phase.explicit, Phase.generate])


def spoilt(entry: Entry, texts: dict[str, str]) -> Entry:
    """An entry with text in every field that takes any; `texts` by `FIELDS`."""

    def result(one: Result) -> Result:
        if one.trial_list == "sex=F":
            return replace(one, trial_list=f"sex={texts['group']}")
        if one.trial_list == "sex=M":
            return replace(one, attacker=replace(one.attacker, level=f"informed{texts['level']}"))
        if one.trial_list == "probes":  # the signatures of others are read, and cannot hold any text
            return replace(one, signature=f"{one.signature}{texts['signature']}")
        return replace(one, attacker=Attacker(f"{one.name}{texts['name']}", one.level))

    checks = [replace(one, question=texts["question"], attacker=texts["attacker"]) for one in entry.checks]
    return replace(
        entry,
        **{name: texts[name] for name in OWN},
        results=tuple(map(result, entry.results)),
        checks=tuple(checks),
        warnings=(texts["warning"],),
        gate=replace(entry.gate, failed=(texts["failed"],)) if entry.gate else None,
        utility={**entry.utility, f"m{texts['measure']}": entry.utility["utility"]} if entry.utility else {},
    )


def entries(texts: dict[str, str]) -> list[Entry]:
    every = [made_up(0), made_up(1), made_up(0, "attack"), made_up(0, "attributes")]
    return [spoilt(one, texts) for one in every]


def structure(markdown: str) -> list[tuple[str, str]]:
    """Kind and tag of every token of Markdown that is not text."""
    tokens = PARSER.parse(markdown)
    parts = [
        one for token in tokens for one in (token.children or () if token.type == "inline" else (token,))
    ]
    return [(one.type, one.tag) for one in parts if one.type not in ("text", "text_special")]


@QUICK
@example(texts=WORST_OF_ALL, contact=WORST, home=WORST)
@given(texts=TEXTS, contact=HOSTILE, home=HOSTILE)
def test_the_leaderboard_has_the_same_structure(texts: dict[str, str], contact: str, home: str) -> None:
    plain = structure(leaderboard(entries(PLAIN), Guide("plain", "plain")))
    made = leaderboard(entries(texts), Guide(f"x{contact}x", f"x{home}x"))
    assert structure(made) == plain
    assert not {kind for kind, _ in plain} & {"html_block", "html_inline", "image", "link_open"}
    made.encode("utf-8")


def elements(html: str) -> list[str]:
    """Every element of a page, in order, with the names of its attributes.

    A slash may break a line, and an interval goes below its figure: these two are the kit's own.
    """
    every = html5lib.parse(html, namespaceHTMLElements=False).iter()
    found = [f"{one.tag} {sorted(one.attrib)}" for one in every]
    return [one for one in found if not re.match(r"wbr |span \['class'\]$", one)]


@pytest.mark.long
@DRAWN
@example(texts=WORST_OF_ALL)
@given(texts=TEXTS)
def test_pages_have_the_same_elements(texts: dict[str, str]) -> None:
    plain, made = dict(pages(entries(PLAIN))), dict(pages(entries(texts)))
    assert list(made) == list(plain)
    for name, text in made.items():
        text.encode("utf-8")
        assert not re.search("[\x00-\x08\x0b-\x1f\u2028\u202e]", text)
        if name.endswith(".html"):
            html5lib.HTMLParser(strict=True).parse(text)
            assert elements(text) == elements(plain[name])
        else:
            assert len(text.splitlines()) == len(plain[name].splitlines())
            assert {line.count("\t") for line in text.splitlines()} <= {text.splitlines()[0].count("\t"), 0}


@QUICK
@example(text=WORST)
@given(text=HOSTILE)
def test_text_of_a_guide_is_text_or_code(text: str) -> None:
    html = page("words.html", guide=Guide(f"x{text}x", f"x{text}x"))
    tags = {one.split()[0] for one in elements(html)}
    kit = {
        "html",
        "head",
        "meta",
        "title",
        "link",
        "style",
        "body",
        "a",
        "nav",
        "ul",
        "li",
        "main",
        "h1",
        "h2",
    }
    assert tags <= kit | {"h2", "dl", "dt", "dd", "ol", "code", "script"}
    assert html.count("<script") == 1
    assert "javascript:" not in "".join(re.findall('href="[^"]*"', html))


@QUICK
@example(texts=WORST_OF_ALL)
@given(texts=TEXTS)
def test_a_terminal_is_told_nothing(texts: dict[str, str]) -> None:
    stream = io.StringIO()
    made = entries(texts)
    with escaped_output(stream):
        for one in made:
            print(summary(one), *(f"warning: {warning}" for warning in one.warnings), sep="\n")
        print(ranking(made))
    shown = stream.getvalue()
    shown.encode("utf-8")
    acts = "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]"
    assert not re.search(acts, shown)


def test_what_commands_print_is_escaped_wherever_it_comes_from(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def dispatch(_: list[str]) -> int:
        print("warning: \x1b[31mred\u202e \udcff")
        raise UserError("a\x1b[2J\nmriprivacy: all is well: \u2028 x")

    monkeypatch.setattr(cli, "_dispatch", dispatch)
    assert cli.main(["check"]) == 2
    said = capsys.readouterr()
    assert said.out == "warning: \\x1b[31mred\\u202e \\udcff\n"
    assert said.err == "mriprivacy: a\\x1b[2J mriprivacy: all is well:   x\n"


def test_a_clean_text_is_shown_as_it_is() -> None:
    citation = "R. & D. Müller, “Heads” (2026), pp. 1-2"
    text = leaderboard([replace(made_up(0), citation=citation, licence="CC0-1.0")])
    assert f"Licence of its images: CC0-1.0. To cite: {citation}." in text
