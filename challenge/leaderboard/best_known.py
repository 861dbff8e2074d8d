"""Attacks on editions of defaced scans and further draws, and the defacing systems that they rate anew.

A defacing system is rated by the strongest attacker that is known: that of the kit, or an attack that was
sent to the edition of its scans (`challenge.release.defaced_edition`) and links significantly more people.
A randomised one is rated by its worst draw, by the same test.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mriprivacy.challenge.entry.attacker import Attacker
from mriprivacy.challenge.entry.entry import CHOSEN, SUBMITTED, Entry, Result, sound
from mriprivacy.challenge.entry.ranked_by import ranked_by
from mriprivacy.challenge.leaderboard.system_draws import DRAW_MARK, group, shown_draw, spread, stood_for
from mriprivacy.data_prep.formats.tables.foreign_text import one_line
from mriprivacy.scoring import Signature
from mriprivacy.scoring.ranking import ALPHA, holm, paired_p

MARK = "†"  # of a system that an attack submission rates
_ALIKE = ("interval", "seed", "version", "interpolation", "linkability")  # of two signatures
_OF_SCANS = ("probes", "failures_to_acquire", "without_nose")  # counts that no attack changes


@dataclass(frozen=True)
class BestKnown:
    """Entries, every defacing system of which is rated by its best known attack and its worst draw.

    Attributes
    ----------
    entries : tuple of Entry
        In the order given. Of a system that an attack rates, the result `CHOSEN` and the draws are those of
        the attack, which also stands among the attackers on all trials. Of a system that a further draw
        rates, everything that was measured is that draw's.
    notes : mapping from (edition, edition_hash) to tuple of str
        What became of every attack on defaced scans and of further draws, a line each; under the edition of
        the defacing system, or where none was compared under that of the attack.
    """

    entries: tuple[Entry, ...]
    notes: Mapping[tuple[str, str], tuple[str, ...]]


def rerated(entry: Entry) -> bool:
    """Say whether an attack submission rates a defacing system."""
    return entry.track == "defacing" and entry.strongest().level == SUBMITTED


def marks(entry: Entry) -> str:
    """Return the marks of what rates a system: an attack that was sent, a further draw, or both."""
    return MARK * rerated(entry) + DRAW_MARK * bool(shown_draw(entry))


def best_known(entries: Sequence[Entry]) -> BestKnown:
    """Rate every defacing system by the best known attack on it, and by its worst draw.

    An attack is compared with the kit's attackers, which are chosen anew in each draw, on the draws of people
    that both editions share. It rates the system only if it links more people at the level of the board, with
    Holm's adjustment for all attacks on the same system. Of several the one that links most does.

    A further draw of a randomised system is compared with the first in the same way, and so are attacks on
    its scans; Holm's adjustment is for all of them together. A draw that may not be ranked by itself stands
    for its system, which then is not ranked either.

    Parameters
    ----------
    entries : sequence of Entry
        Of all editions; those that cannot stand on one board are left out before
        (`challenge.leaderboard.comparable`).
    """
    defacing = [e for e in entries if e.track == "defacing"]
    systems = {(e.edition, e.edition_hash, e.submission_sha256): e for e in defacing}
    notes: dict[tuple[str, str], list[str]] = {}
    rivals: dict[str, list[_Rival]] = {}

    def note(entry: Entry, *lines: str) -> None:
        notes.setdefault((entry.edition, entry.edition_hash), []).extend(map(one_line, lines))

    draws = group(defacing)
    first_of = {}
    for system in (e for e in defacing if e.path in draws.of and sound(e)):
        for draw in draws.of[system.path]:
            if sound(draw) and (why := _unlike(draw, system, _code(draw))):
                note(system, f"{_named(draw)} does not count for {_named(system)}: {why}")
            elif sound(draw):
                rivals.setdefault(system.path, []).append(_Rival(draw, draw))
                first_of[draw.path] = system.path
    for attack in sorted((e for e in entries if e.defaced), key=lambda e: e.path):
        of = attack.defaced
        assert of is not None
        attacked = systems.get((of.edition, of.edition_hash, of.submission_sha256))
        if why := _why_not_compared(attack, attacked):
            note(attack, f"{_named(attack)} does not count for {of.name}: {why}")
        elif attacked is not None:
            home = first_of.get(attacked.path, attacked.path)
            rivals.setdefault(home, []).append(_Rival(attack, attacked))
    rated = {}
    for system in sorted(defacing, key=lambda e: e.path):
        own = draws.of.get(system.path, ())
        unsound = [draw for draw in own if not sound(draw)] if sound(system) else []
        if unsound:
            line = (
                f"{DRAW_MARK} {_named(system)} is not ranked, as its draw {unsound[0].system} by itself: all "
                "figures of the row are of that draw"
            )
            rated[system.path] = stood_for(system, unsound[0], one_line(line))
            note(system, line)
        elif found := rivals.get(system.path):
            rated[system.path], line = _rate(system, found)
            note(system, line)
        if own:
            note(system, f"{_named(system)}, {spread(system, own)}")
    for draw, line in draws.problems:
        note(draw, line)
    return BestKnown(
        tuple(rated.get(entry.path, entry) if entry.track == "defacing" else entry for entry in entries),
        {edition: tuple(lines) for edition, lines in notes.items()},
    )


@dataclass(frozen=True)
class _Rival:
    """What is compared with the kit's attackers on the first draw of a system.

    Attributes
    ----------
    entry : Entry
        Whose figures: an attack, or a further draw by the kit's attackers.
    scans : Entry
        Whose scans: the system, or one of its further draws.
    """

    entry: Entry
    scans: Entry


def _why_not_compared(attack: Entry, system: Entry | None) -> str:
    """Say why an attack cannot be compared with the kit's attackers on a system; empty if it can."""
    of = attack.defaced
    assert of is not None
    if system is None:
        return (
            f"no entry of {of.edition} (sha256 {of.edition_hash[:16]}) here is of the submission "
            f"{of.submission_sha256[:16]}"
        )
    if not system.rated:
        return "no attacker of the kit counts"
    return _unlike(attack, system, of.code)


def _unlike(rival: Entry, system: Entry, code: str) -> str:
    """Say in what two entries were made otherwise; empty if their draws can be compared."""
    by = ranked_by(system)
    own, other = (Signature.parse(entry.strongest().signature) for entry in (system, rival))
    unlike = [name for name in _ALIKE if getattr(own, name) != getattr(other, name)]
    if rival.exposure != system.exposure or by.name not in rival.strongest().figures:
        unlike.append("exposure")
    if own.code != code:
        unlike.append("code")
    if len(by.draws(rival)) != len(by.draws(system)) or len(by.draws(system)) < 2:
        unlike.append("draws")
    if not unlike:
        return ""
    return f"{', '.join(unlike)} of the two entries differ; evaluate both submissions with one kit"


def _rate(system: Entry, rivals: Sequence[_Rival]) -> tuple[Entry, str]:
    """Return the system as the strongest significant rival rates it, and what was found, in a line."""
    by = ranked_by(system)
    own = by.estimate(system)
    value = np.array([own.value, *(by.estimate(one.entry).value for one in rivals)])
    drawn = np.array([by.draws(system), *(by.draws(one.entry) for one in rivals)])
    p = holm(paired_p(value, drawn, own.n)[0, 1:])
    better = [i for i in range(len(rivals)) if value[i + 1] > own.value and p[i] < ALPHA]
    attacks = sum(one.entry is not one.scans for one in rivals)
    counts = {"attack{} on its scans": attacks, "further draw{}": len(rivals) - attacks}
    count = " and ".join(f"{n} {what.format('s' * (n > 1))}" for what, n in counts.items() if n)
    kit = system.strongest().attacker
    if not better:
        line = (
            f"{_named(system)} keeps its rating: {by.short} {own.value:.2f} by {kit}; no significant "
            f"difference to more in {count}"
        )
        return system, one_line(line)
    best = max(better, key=lambda i: (value[i + 1], rivals[i].entry.strongest().figures["auc"].value))
    attack, scans = rivals[best].entry, rivals[best].scans
    chance = "p < .001" if p[best] < 0.001 else f"p = {p[best]:.3f}".replace("0.", ".")
    how, marks, with_ = f"its draw {scans.system}", DRAW_MARK, f" by {scans.strongest().attacker}"
    if attack is not scans:
        how, marks, with_ = f"the attack {_named(attack)} on {attack.edition}", MARK, ""
        if scans is not system:
            how, marks = f"{how}, scans of its draw {scans.system}", MARK + DRAW_MARK
    line = one_line(
        f"{marks} {_named(system)} is rated by {how}: {by.short} {value[best + 1]:.2f}{with_}, was "
        f"{own.value:.2f} by {kit} (paired test, {chance}, Holm, {count})"
    )
    if scans is not system:
        system = stood_for(system, scans, line)
        return (_rated_by(attack, system) if attack is not scans else system), line
    return _rated_by(attack, replace(system, warnings=(*system.warnings, line))), line


def _rated_by(attack: Entry, system: Entry) -> Entry:
    before, found = system.strongest(), attack.strongest()
    attacker = Attacker(_named(attack), SUBMITTED)
    made = replace(Signature.parse(before.signature), attack=str(attacker))
    of_scans = {name: count for name, count in before.counts.items() if name in _OF_SCANS}
    chosen = Result(attacker, CHOSEN, found.figures, {**found.counts, **of_scans}, str(made))
    others = [result for result in system.results if result.trial_list != CHOSEN]
    return replace(
        system,
        results=(chosen, replace(chosen, trial_list="all"), *others),
        draws=attack.draws,
        exposure_draws=attack.exposure_draws,
    )


def _code(entry: Entry) -> str:
    return Signature.parse(entry.strongest().signature).code


def _named(entry: Entry) -> str:
    return f"{entry.team}/{entry.system}"
