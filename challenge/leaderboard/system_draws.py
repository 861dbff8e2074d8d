"""Which submissions are draws of one randomised defacing system, and how far they spread."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mriprivacy.challenge.entry.entry import Entry
from mriprivacy.challenge.entry.ranked_by import ranked_by
from mriprivacy.data_prep.formats.tables.foreign_text import one_line
from mriprivacy.scoring import Signature

DRAW_MARK = "‡"  # of a system that a further draw stands for


@dataclass(frozen=True)
class FurtherDraws:
    """Further draws of every system.

    Attributes
    ----------
    of : mapping from str to tuple of Entry
        By `Entry.path` of the first draw, ordered by path; systems without further draws are not in it.
    problems : tuple of (Entry, str)
        Further draws that belong to no first one, and why, in a line.
    """

    of: Mapping[str, tuple[Entry, ...]]
    problems: tuple[tuple[Entry, str], ...]


def group(entries: Sequence[Entry]) -> FurtherDraws:
    """Find the first draw of every further one: the system of that name, of the same team and edition."""
    by_name = {_key(entry, entry.system): entry for entry in entries if entry.track == "defacing"}
    of: dict[str, tuple[Entry, ...]] = {}
    problems = []
    for entry in sorted(by_name.values(), key=lambda e: e.path):
        if not entry.draw_of:
            continue
        first = by_name.get(_key(entry, entry.draw_of))
        name = f"{entry.team}/{entry.system} is a draw of {entry.team}/{entry.draw_of}"
        if first is None:
            problems.append((entry, one_line(f"{name}, of which there is no entry here: it is not ranked")))
        elif first.draw_of:
            why = f"a draw of {first.draw_of} itself: name {first.draw_of} in draw_of"
            problems.append((entry, one_line(f"{name}, which is {why}; it is not ranked")))
        else:
            of[first.path] = (*of.get(first.path, ()), entry)
    return FurtherDraws(of, tuple(problems))


def stood_for(system: Entry, draw: Entry, note: str) -> Entry:
    """Return the entry of a system with everything that was measured of one of its further draws.

    Signatures stay those of the draw, so they name the system under which it was submitted.
    """
    return replace(
        draw,
        system=system.system,
        description=system.description,
        submission_sha256=system.submission_sha256,
        received=system.received,
        doi=system.doi,
        orcids=system.orcids,
        draw_of="",
        warnings=(*draw.warnings, note),
        salt=system.salt,
        organizer_signature=system.organizer_signature,
    )


def shown_draw(entry: Entry) -> str:
    """Return the further draw whose figures an entry of a system has; empty if they are its own."""
    if entry.track != "defacing":
        return ""
    measured = Signature.parse(entry.strongest().signature).system
    return "" if measured in ("", f"{entry.team}/{entry.system}") else measured.partition("/")[2]


def spread(first: Entry, others: Sequence[Entry]) -> str:
    """Say how far the draws of a system spread, as the kit's attackers rate them.

    Draws for which no attacker counts are left out, and those without the metric.
    """
    by = ranked_by(first)
    alike = [one for one in (first, *others) if one.rated and by.name in one.strongest().figures]
    values = [by.estimate(one).value for one in alike]
    count = f"{len(others) + 1} draws"
    if len(values) < 2:
        return count
    rated = f"{count}, {len(values)} of them rated" if len(values) <= len(others) else count
    return (
        f"{rated}: {by.short} {min(values):.2f} to {max(values):.2f}, mean {np.mean(values):.2f}, "
        f"standard deviation {np.std(values, ddof=1):.2f}"
    )


def _key(entry: Entry, system: str) -> tuple[str, str, str, str]:
    return entry.edition, entry.edition_hash, entry.team, system
