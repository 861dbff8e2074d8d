"""Which entries can stand on one board: those that were made alike, as most of their edition were."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import fields, replace

from mriprivacy.challenge.entry.entry import Entry, may_be_ranked
from mriprivacy.challenge.leaderboard.standings import but_attack
from mriprivacy.scoring import Signature

AGAIN = "evaluate the submission again, with the kit of the others"


def comparable(entries: Sequence[Entry]) -> tuple[tuple[Entry, ...], dict[str, str]]:
    """Part the entries of every edition and track that were made alike from those that were not.

    `challenge.leaderboard.standings.board` compares entries in pairs, draw by draw, and refuses to do so
    across kits,
    intervals or seeds. So that one entry made otherwise does not cost all others their board, most decide;
    of two kinds that are equally many the later version stays.

    Parameters
    ----------
    entries : sequence of Entry
        Of any edition and track.

    Returns
    -------
    kept : tuple of Entry
        In the order given.
    problems : dict from `Entry.path` to str
        Why each of the others is left out.
    """
    groups: dict[tuple[str, str, str], list[Entry]] = {}
    for entry in entries:
        if entry.track != "attributes":
            groups.setdefault((entry.edition, entry.edition_hash, entry.track), []).append(entry)
    problems: dict[str, str] = {}
    for group in groups.values():
        unlike = _made_unlike(group)
        alike = [entry for entry in group if entry.path not in unlike and may_be_ranked(entry)]
        problems |= unlike | _drawn_unlike(alike)
    return tuple(entry for entry in entries if entry.path not in problems), problems


def _made_unlike(entries: Sequence[Entry]) -> dict[str, str]:
    made = {entry.path: replace(but_attack(entry.strongest()), system="") for entry in entries}
    counted = Counter(made.values())
    usual = max(counted, key=lambda one: (counted[one], one.version, str(one)))
    return {
        path: f"results: {_differences(own, usual)}, as {counted[usual]} others of its edition have; {AGAIN}"
        for path, own in made.items()
        if own != usual
    }


def _differences(own: Signature, usual: Signature) -> str:
    parts = [
        (field.name, getattr(own, field.name), getattr(usual, field.name)) for field in fields(Signature)
    ]
    return ", ".join(
        f"{name} is {one!r} in the signature; expected {other!r}"
        for name, one, other in parts
        if one != other
    )


def _drawn_unlike(entries: Sequence[Entry]) -> dict[str, str]:
    counted = Counter(len(entry.draws) for entry in entries if len(entry.draws) > 1)
    usual = max(counted, key=lambda length: (counted[length], length), default=0)
    expected = f"{usual}, as {counted[usual]} others of its edition have" if usual else "those of its edition"
    return {
        entry.path: f"draws are {len(entry.draws)}; expected {expected}; {AGAIN}"
        for entry in entries
        if len(entry.draws) != usual or not usual
    }
