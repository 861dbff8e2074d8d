"""Which entries can stand on one board: those that were made alike, as most of their edition were."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import fields, replace

from mriprivacy.challenge.entry.entry import Entry, Result, may_be_ranked
from mriprivacy.challenge.entry.ranked_by import ranked_by
from mriprivacy.challenge.leaderboard.standings import but_attack
from mriprivacy.scoring import Signature
from mriprivacy.scoring.signature import described

AGAIN = "evaluate the submissions again with the kit of the others"


def comparable(entries: Sequence[Entry]) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
    """Part the entries of every edition and track that were made alike from those that were not.

    `challenge.leaderboard.standings.board` compares entries in pairs, draw by draw, and refuses to do so
    across kits, code, intervals or seeds. So that one entry made otherwise does not cost all others their
    board, most decide; of two kinds that are equally many the later version stays.

    Parameters
    ----------
    entries : sequence of Entry
        Of any edition and track.

    Returns
    -------
    kept : tuple of Entry
        In the order given.
    problems : tuple of str
        One line for each cause: how many entries are left out, of what, why, what to do, and their paths.
    """
    groups: dict[tuple[str, str, str], list[Entry]] = {}
    for entry in entries:
        groups.setdefault((entry.edition, entry.edition_hash, entry.track), []).append(entry)
    left_out: dict[str, str] = {}  # path: cause
    for (edition, _, track), group in groups.items():
        unlike = _made_unlike(group)
        if track != "attributes":
            unlike |= _drawn_unlike([e for e in group if e.path not in unlike and may_be_ranked(e)])
        left_out |= {path: f"{edition}, track {track}: {why}; {AGAIN}" for path, why in unlike.items()}
    problems = []
    for cause in dict.fromkeys(left_out.values()):
        paths = [path for path, own in left_out.items() if own == cause]
        problems.append(f"{len(paths)} of {cause}: {', '.join(paths)}")
    return tuple(entry for entry in entries if entry.path not in left_out), tuple(problems)


def _made_unlike(entries: Sequence[Entry]) -> dict[str, str]:
    made = {
        entry.path: replace(but_attack(_deciding(entry)), system="") for entry in entries if entry.results
    }
    if not made:
        return {}
    counted = Counter(made.values())
    usual = max(counted, key=lambda signature: (counted[signature], signature.version, str(signature)))
    parts = {path: _differing(own, usual) for path, own in made.items() if own != usual}
    values = {names: {made[path] for path in parts if parts[path] == names} for names in parts.values()}
    return {
        path: ", ".join(
            f"{name} is {' or '.join(sorted({described(own, name) for own in values[names]}))} "
            f"in the signature; expected {described(usual, name)}, as in {counted[usual]} others"
            for name in names
        )
        for path, names in parts.items()
    }


def _deciding(entry: Entry) -> Result:
    return entry.results[0] if entry.track == "attributes" else entry.strongest()


def _differing(own: Signature, usual: Signature) -> tuple[str, ...]:
    names = [field.name for field in fields(Signature)]
    return tuple(name for name in names if getattr(own, name) != getattr(usual, name))


def _drawn_unlike(entries: Sequence[Entry]) -> dict[str, str]:
    def drawn(entry: Entry) -> int:
        return min(len(entry.draws), len(ranked_by(entry).draws(entry)))

    counted = Counter(drawn(entry) for entry in entries if drawn(entry) > 1)
    usual = max(counted, key=lambda length: (counted[length], length), default=0)
    expected = f"{usual}, as in {counted[usual]} others" if usual else "those of their edition"
    unlike = {
        entry.path: f"draws are {drawn(entry)}; expected {expected}"
        for entry in entries
        if drawn(entry) != usual or not usual
    }
    return unlike | {
        entry.path: f"{name} is missing of the strongest attacker; expected, since entries are ranked by it"
        for entry in entries
        if (name := ranked_by(entry).name) not in entry.strongest().figures
    }
