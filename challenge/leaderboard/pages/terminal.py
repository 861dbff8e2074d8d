"""What commands print of entries, for a terminal of 80 columns."""

import io
from collections.abc import Sequence
from dataclasses import asdict
from textwrap import wrap
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mriprivacy.challenge.entry.entry import ORACLE, Entry, unreadable
from mriprivacy.challenge.leaderboard.metric_block import Block
from mriprivacy.challenge.leaderboard.pages.markdown import Section
from mriprivacy.challenge.leaderboard.standings import FRONT, OPEN, Board, Place, board
from mriprivacy.challenge.leaderboard.tables import figure, gate
from mriprivacy.challenge.leaderboard.verdict import shortened, why_not_ranked
from mriprivacy.scoring.ranking import ALPHA

DEFACERS = ("ranks", "system", "{}", "brain", "attacker", "AUC", "AUC, ignorant")
ATTACKS = ("ranks", "system", "{}", "AUC", "rank-1")
ATTACKERS = "An ignorant attacker takes scans as they come; the others are trained on defaced scans."
RANKS = "Ranks: those that the data leave open, all together with 95 % confidence."
SHOWN = (
    *("eer", "auc", "auc_doppelganger", "identity", "linkability"),
    *("accuracy", "balanced_accuracy", "gain", "mae_years", "gain_years"),
)


def summary(entry: Entry) -> str:
    """Return the figures of one entry."""
    lines = [f"{entry.team}/{entry.system}, track {entry.track}, edition {entry.edition}"]
    for result in entry.results:
        where = "" if result.trial_list in ("all", "probes") else f" [{result.trial_list}]"
        shown = [f"{name} {figure(name, result).text}" for name in SHOWN if name in result.figures]
        about = " (no attacker: its input is the true attributes)" if result.level == ORACLE else ""
        lines.append(f"  {result.attacker}{where}{about}: {', '.join(shown)}")
    if entry.gate:
        lines.append(f"  brain gate: {gate(entry)}")
    if entry.face:
        lines.append(f"  share of the face that is still the original's: {entry.face['kept_share']:.2f}")
    lines += [f"  not ranked: {line}" for line in (*entry.games, unreadable(entry)) if line]
    if entry.utility:
        names = [name for name in ("utility", "brain_dice", "displacement_mm") if name in entry.utility]
        shown = [f"{name} {entry.utility[name]:.3f}" for name in names]
        lines.append(f"  {', '.join(shown)} (docs/explanation/utility.md)")
    return "\n".join(lines)


def ranking(entries: Sequence[Entry]) -> str:
    """Return the ranking of one edition."""
    defacers = [entry for entry in entries if entry.track == "defacing"]
    attacks = [entry for entry in entries if entry.track == "attack"]
    defaced = any(entry.defaced for entry in attacks)
    lines = []
    if defacers:
        ranked = board(defacers)
        about = f"Defacers, by the {ranked.by.title} (chance: {ranked.by.chance:.2f}). {ATTACKERS} {RANKS}"
        lines += [*wrap(about, 80), ""]
        rows: list[tuple[object, ...]] = []
        for place in ranked.places:
            entry, best = place.entry, place.entry.strongest()
            brain = gate(entry).split(" on ")[0]
            if "utility" in entry.utility:
                brain += f" {entry.utility['utility'].value:.2f}"
            private = f"{ranked.by.estimate(entry):.2f}"
            areas = [figure("auc", one).text.split(" ")[0] for one in (best, entry.strongest_of("ignorant"))]
            rows.append((place.ranks, entry.system, private, brain, best.level, *areas))
        lines += [_table(rows, [head.format(ranked.by.short) for head in DEFACERS]), ""]
    if attacks:
        rows = []
        ranked = board(attacks)
        for place in ranked.places:
            best = place.entry.strongest()
            shown = [figure(name, best).text for name in (ranked.by.name, "auc", "rank1")]
            rows.append((place.ranks, place.entry.system, *shown))
        heads = [head.format(ranked.by.short) for head in ATTACKS]
        lines += [f"Attacks on {'' if defaced else 'un'}defaced scans", RANKS, "", _table(rows, heads), ""]
    return "\n".join(lines)


def boards(sections: Sequence[Section], longest: int = 11) -> Block:
    """Return for each board its first system, the ones that are not significantly worse, and the unranked."""
    found = [(section, track, ranks) for section in sections for track, ranks in section.boards.items()]
    lines = [
        line for section, track, ranks in found for line in _verdict(f"{section.edition}, {track}", ranks)
    ]
    more = [f"... and {len(lines) - longest} more lines, on the board"] if len(lines) > longest else []
    return Block(
        above=(*(shortened(line) for line in lines[:longest]), *more),
        header=(),
        rows=(),
        below=(),
        data={
            "boards": [
                {
                    "edition": section.edition,
                    "edition_hash": section.edition_hash,
                    "track": track,
                    "metric": ranks.by.name,
                    "other_attacks_and_draws": list(section.notes),
                    "places": [_data(place, ranks) for place in ranks.places],
                }
                for section, track, ranks in found
            ]
        },
    )


def _data(place: Place, ranks: Board) -> dict[str, Any]:
    """Return a place for machines."""
    entry, best = place.entry, place.entry.strongest()
    found = {ranks.by.name: best.figures.get(ranks.by.name), "utility": entry.utility.get("utility")}
    return {
        "system": f"{entry.team}/{entry.system}",
        "rank": place.rank,
        "lowest_rank": place.low,
        "highest_rank": place.high,
        "pareto": {FRONT: "on", OPEN: "perhaps"}.get(place.front, ""),
        "attacker": str(best.attacker),
        "figures": {name: asdict(one) for name, one in found.items() if one},
        "not_ranked": why_not_ranked(entry),
    }


def _verdict(title: str, ranks: Board) -> list[str]:
    others = [f"{p.entry.system} ({why_not_ranked(p.entry)})" for p in ranks.places if p.rank is None]
    unranked = [f"  not ranked: {_listed(others)}"] if others else []
    if not ranks.ranked:
        return [f"{title}: no system is ranked", *unranked]
    first, *rest = ranks.ranked
    alike, worse = (
        [
            f"{p.entry.system} {ranks.by.estimate(p.entry).value:.2f}"
            for p, q in zip(rest, ranks.p_holm[0, 1:], strict=True)
            if bool(q < ALPHA) == is_worse
        ]
        for is_worse in (False, True)
    )
    entry = first.entry
    useful = f", utility {entry.utility['utility']:.2f}" if "utility" in entry.utility else ""
    than = [
        f"  {how} better than {_listed(names)}"
        for how, names in (("significantly", worse), ("not significantly", alike))
        if names
    ]
    return [
        f"{title}: {entry.team}/{entry.system} is first of {len(ranks.ranked)}",
        f"  {ranks.by.short} {ranks.by.estimate(entry):.2f} by {entry.strongest().attacker}{useful}",
        *than,
        *unranked,
    ]


def _listed(names: Sequence[str], longest: int = 3) -> str:
    more = f" and {len(names) - longest} more" if len(names) > longest else ""
    return ", ".join(names[:longest]) + more


def _table(rows: Sequence[tuple[object, ...]], header: Sequence[str]) -> str:
    grid = Table.grid(padding=(0, 1))  # one space between columns, so that all stand in 80
    for row in (header, *rows):
        grid.add_row(*(Text(str(cell), no_wrap=True) for cell in row))
    console = Console(file=io.StringIO(), width=1000)
    with console.capture() as captured:
        console.print(grid)
    return "\n".join(line.rstrip() for line in captured.get().splitlines())
