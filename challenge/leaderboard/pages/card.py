"""The card of a system, as Markdown: what it is, how to run it, what was measured, what that does not show.

After Mitchell et al., "Model cards for model reporting", FAT* 2019 (doi:10.1145/3287560.3287596). Everything
is from its entry; what an entry does not hold is marked as missing.
"""

from mriprivacy.challenge.entry.entry import Entry, may_be_ranked
from mriprivacy.challenge.leaderboard.best_known import rerated
from mriprivacy.challenge.leaderboard.pages.markdown import SYNTHETIC
from mriprivacy.challenge.leaderboard.pages.markdown import signatures as signed
from mriprivacy.challenge.leaderboard.standings import Board
from mriprivacy.challenge.leaderboard.verdict import HEADER, of_entry
from mriprivacy.data_prep.formats.tables.foreign_text import code_block, inline, markdown_table

_WHAT = {
    "defacing": "It anonymizes head MRI.",
    "attack": "It scores how likely a head MRI and a reference are of one person.",
    "attributes": "It predicts sex, age group and ethnicity from head MRI.",
}
_USE = {
    "defacing": "Before head MRI is shared. It is no proof that the scans are anonymous.",
    "attack": "To measure how well defacing protects. Not to recognize a person outside of a challenge.",
    "attributes": "To measure what defaced scans show. Not to classify a person outside of a challenge.",
}


def card(entry: Entry, board: Board | None = None) -> str:
    """Return the card of a system.

    Parameters
    ----------
    entry : Entry
        Of any track.
    board : Board, optional
        On which it stands beside others.
    """
    verdict = of_entry(entry, board)
    facts = [
        ("system", f"{entry.team}/{entry.system}"),
        ("track", f"{entry.track}. {_WHAT[entry.track]}"),
        ("the team's description", entry.description or "none"),
        ("paper or code", f"https://doi.org/{entry.doi}" if entry.doi else "no DOI given"),
        ("authors (ORCID)", entry.orcids.replace(",", ", ") or "none given"),
        ("submission", f"sha256 {entry.submission_sha256}"),
        ("received", entry.received or "not recorded"),
    ]
    rows = [(one.what, one.value, one.meaning) for one in verdict.lines]
    return "\n".join(
        [
            f"# Card of {inline(f'{entry.team}/{entry.system}')}",
            "",
            "## What it is",
            "",
            markdown_table(("", ""), facts),
            "## What it is for",
            "",
            _USE[entry.track],
            "",
            "## How to run it",
            "",
            _how_to_run(entry),
            "",
            "## What was measured",
            "",
            f"On edition {entry.edition} (sha256 {entry.edition_hash[:16]}), by kit {inline(entry.kit)}.",
            "",
            markdown_table(HEADER, rows),
            "## What it does not show",
            "",
            *(f"* {inline(line)}" for line in limits(entry)),
            "",
            "## Signatures",
            "",
            code_block(signed([entry])),
        ]
    )


def limits(entry: Entry) -> list[str]:
    """Return what the figures of a system do not show, the notes of its evaluation included."""
    lines = (
        [SYNTHETIC] if entry.synthetic else ["The figures are of one cohort; those of other people differ."]
    )
    if entry.track == "defacing":
        whose = "those of the kit and one that was sent" if rerated(entry) else "those of the kit"
        lines.append(f"The attackers are {whose}. A stronger attacker may link more people.")
    if entry.track != "attributes" and not may_be_ranked(entry):
        lines.append("The system is not ranked; its verdict says why.")
    lines += [f"Game: {line}" for line in entry.games]
    return lines + [
        f"{cause.text} ({cause.count} notes)" if cause.count > 1 else cause.text
        for cause in of_entry(entry).causes
    ]


def _how_to_run(entry: Entry) -> str:
    if entry.team != "reference":
        return "The submission does not state it. Ask the team, or see its paper or code."
    command = {"defacing": "deface", "attack": "attack", "attributes": "infer"}[entry.track]
    option = f" defacer={entry.system}" if entry.track == "defacing" else " ..."
    return (
        f"It comes with the kit: `mriprivacy {command}{option} edition=EDITION/public output=SUBMISSION`; "
        f"`mriprivacy {command} --help` lists the settings."
    )
