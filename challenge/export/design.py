"""A challenge design document in the structure that MICCAI asks for, filled in from an edition.

The headings are those of the structured description by Maier-Hein et al., "BIAS: Transparent reporting of
biomedical image analysis challenges", Medical Image Analysis 66, 2020 (doi:10.1016/j.media.2020.101796).
What an edition cannot know is marked as blank, never made up.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mriprivacy.challenge.edition.protocol import attacks_of, read_protocol
from mriprivacy.challenge.edition.public import Edition
from mriprivacy.challenge.export.packing import FILES, QUESTIONS, text
from mriprivacy.challenge.leaderboard.pages.html import page
from mriprivacy.data_prep.editions.datasheet import title, whose
from mriprivacy.data_prep.formats.atomic import write_whole
from mriprivacy.data_prep.formats.tables.foreign_text import inline, one_line

BLANK = "[BLANK: for the organizers to fill in]"
_TASKS = {"defacing": "anonymization", "attack": "verification (linkage)", "attributes": "classification"}


@dataclass(frozen=True)
class Asked:
    """One thing that is asked under a heading; an empty answer is a blank."""

    what: str
    answer: str


@dataclass(frozen=True)
class Heading:
    """A heading of the document, such as "Ethics approval", in its chapter, and what is asked under it."""

    chapter: str
    name: str
    asked: tuple[Asked, ...]


def write_design(edition: Edition, folder: Path) -> int:
    """Write `design.md` and `design.html`; return how many blanks they have.

    Parameters
    ----------
    edition : Edition
        The public side is all that is needed.
    folder : Path
        Where to.
    """
    headings, name = design(edition), title(edition.description)
    blanks = sum(not one.answer for heading in headings for one in heading.asked)
    write_whole(folder / "design.md", as_markdown(name, headings, blanks))
    html = page("design.html", name=name, headings=headings, blank=BLANK, blanks=blanks)
    write_whole(folder / "design.html", html)
    return blanks


def design(edition: Edition) -> tuple[Heading, ...]:
    """Return every heading of the structure in its order, with answers from the edition.

    Parameters
    ----------
    edition : Edition
        The public side is all that is needed.
    """
    about, protocol = edition.description, read_protocol(edition.description)
    groups = (f"{name}: {', '.join(values)}" for name, values in edition.attribute_values.items())
    counts = (
        f"{name}: {own['probes']} scans, {own['references']} references, {own['trials']} trials"
        for name, own in about["counts"].items()
    )
    # What an edition lacks is an empty answer.
    known = defaultdict(str, {n: one_line(v) if isinstance(v, str) else v for n, v in about.items()})
    filled = text(
        "design.txt",
        edition,
        about=known,
        protocol=protocol,
        title=title(about),
        whose=one_line(whose(about)),
        questions=" ".join(QUESTIONS[track] for track in edition.tracks),
        tasks=", ".join(_TASKS[track] for track in edition.tracks),
        files="; ".join(f"{track}: {FILES[track]}" for track in edition.tracks).replace("`", ""),
        authors=one_line(_authors(about)),
        people=_people(about),
        centres=_centres(about.get("design", {}).get("dev_sites") or ()),
        listed="list" in about,
        groups=one_line("; ".join(groups)),
        numbers="; ".join(counts),
        attackers=", ".join(attacks_of(protocol)),
    )
    return tuple(_parsed(filled))


def as_markdown(name: str, headings: tuple[Heading, ...], blanks: int) -> str:
    """Return the document as Markdown, in which every answer is text."""
    blocks = [
        f"# Challenge design: {inline(name)}",
        f"Filled in from the edition. {blanks} answers that it cannot know are marked {BLANK}.",
    ]
    chapter = ""
    for heading in headings:
        if heading.chapter != chapter:
            chapter = heading.chapter
            blocks.append(f"## {chapter}")
        blocks.append(f"### {heading.name}")
        rows = (f"* {one.what}: {inline(one.answer) if one.answer else BLANK}" for one in heading.asked)
        blocks.append("\n".join(rows))
    return "\n\n".join(blocks) + "\n"


def _parsed(filled: str) -> list[Heading]:
    """Take the filled template apart: `# chapter`, `## heading`, and a line `what: answer` a question."""
    chapter, headings = "", []
    for line in filter(None, map(str.strip, filled.splitlines())):
        if line.startswith("# "):
            chapter = line[2:]
        elif line.startswith("## "):
            headings.append(Heading(chapter, line[3:], ()))
        else:
            what, _, answer = line.partition(":")
            before = headings.pop()
            headings.append(Heading(chapter, before.name, (*before.asked, Asked(what, answer.strip()))))
    return headings


def _authors(about: Mapping[str, Any]) -> str:
    names = about.get("authors") or ()
    orcids = about.get("orcids") or [""] * len(names)
    return ", ".join(f"{n} (ORCID {o})" if o else str(n) for n, o in zip(names, orcids, strict=True))


def _people(about: Mapping[str, Any]) -> str:
    if about.get("synthetic") is True:
        return "Synthetic people"
    if "list" not in about:
        return "Real people of one cohort"
    own = about["list"]
    present = own["people"] - len(own["missing"])
    return f"Real people of the public list {own['name']}: {present} of its {own['people']}"


def _centres(sites: Sequence[str]) -> str:
    return f"dev is from {', '.join(sites)}, eval from other sites of the list" if sites else ""
