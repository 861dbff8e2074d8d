"""Words that the kit does not use: one word for one thing, and attackers are things.

Checked in every string, docstring and comment of Python files, in pages, templates and settings, of the
places in COVERED. A name in `backticks` is a name, not a word.
"""

import io
import re
import tokenize
from pathlib import Path

import pytest

from tests.helpers.tracked_files import ROOT, tracked

COVERED = (
    "README.md",
    "CONTRIBUTING.md",
    "LEADERBOARD.md",
    "docs",
    "conf",
    "scoring",
    "baselines",
    "data_prep",
    "drawing",
    "scans",
    "challenge",
    "mriprivacy",
    "tests",
)

# pattern (any case), why not, write instead
WORDS = (
    (r"nonmated (trials?|pairs?|scores?|ones)", "the standard's spelling", "non-mated"),
    (r"strangers?", "two things", "distractor (a photograph); participant, or 'from outside' (a file)"),
    (r"mend(s|ed|ing)?", "one word", "fix"),
    (r"giveaways?|gives? (people|anybody) away", "the field's term", "metadata leak"),
    (r"(?<!scikit-)(?<!machine )learn(s|ed|t|ing)?(?![\w(])", "systems are things", "train, trained on, fit"),
    (r"taught|teach(es|ing)?", "systems are things", "train, trained on"),
    (r"readers? of (an? )?(attribute|sex|age)s?|attribute readers?", "a person, or of files", "classifier"),
    (r"(attacker|attack|system|classifier|fusion)s? (who|whom|whose)", "a thing", "that"),
    (
        r"(attacker|attack|system|classifier|scan|image|figure)s? (say|tell|ask)s?",
        "things do not speak",
        "show, hold",
    ),
    (r"he|him|his|himself", "a thing is it, a person is they", "it; they, the person"),
    (r"(is|are|was|were|be|been) (not )?told|told apart", "one word", "report; differ significantly"),
    (r"nobody", "hides the subject", "no person, no attacker, none"),
    (r"whoever", "hides the subject", "an attacker that, people who"),
    (r"(for|among|by|to) who", "hides the subject", "name the subject"),
    (r"rates nobody|(who|may|not) rate", "the field's term", "count, does not count"),
    (r"has no tier", "the field's term", "is not ranked"),
    (r"who is who(m)?", "the field's term", "the key"),
    (r"it said", "programs do not speak", "its output"),
    (r"people who (do not )?exist|where nobody exists", "one word", "synthetic people; real people"),
    (r"what the words mean", "one word", "glossary"),
)


def prose(path: Path) -> list[tuple[int, str]]:
    """Return lines that a person reads, with their numbers."""
    text = path.read_text()
    if path.suffix != ".py":
        return list(enumerate(text.splitlines(), 1))
    read = (tokenize.COMMENT, tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING))
    return [
        (token.start[0] + offset, line)
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type in read
        for offset, line in enumerate(token.string.splitlines())
    ]


def unwanted(line: str) -> list[str]:
    """Return what to write instead of each word of the line that is not used."""
    line = re.sub(r"`[^`]*`|https?://\S+|\{[^{}]*\}", "", line)
    found = [(re.search(rf"\b({pattern})\b", line, re.I), why, instead) for pattern, why, instead in WORDS]
    return [f"{hit[0]!r} ({why}); write: {instead}" for hit, why, instead in found if hit]


@pytest.mark.parametrize("place", COVERED)
def test_words_that_are_not_used(place: str) -> None:
    problems = [
        f"{path.relative_to(ROOT)}:{number}: {problem}"
        for path in tracked(place)
        for number, line in prose(path)
        for problem in unwanted(line)
    ]
    assert not problems, "\n" + "\n".join(problems)


@pytest.mark.parametrize("line", ["An attacker who learned", "Nonmated trials", "who rates nobody"])
def test_such_words_are_noticed(line: str) -> None:
    assert unwanted(line)


@pytest.mark.parametrize("line", ["with scikit-learn", "the theme of this page", "`learn` fits two maps"])
def test_names_and_longer_words_are_not(line: str) -> None:
    assert unwanted(line) == []


@pytest.mark.parametrize("package", ["challenge", "baselines", "data_prep", "drawing", "scans", "scoring"])
def test_no_file_name_twice_in_one_package(package: str) -> None:
    names = [path.name for path in tracked(package) if path.suffix == ".py" and path.name != "__init__.py"]
    assert sorted({name for name in names if names.count(name) > 1}) == []
