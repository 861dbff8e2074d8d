"""Attacks on editions of defaced scans, and the defacing systems that they rate anew.

A defacing system is rated by the strongest attacker that is known: that of the kit, or an attack that was
sent to the edition of its scans (`challenge.release.defaced_edition`) and links significantly more people.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mriprivacy.challenge.entry.attacker import Attacker
from mriprivacy.challenge.entry.entry import CHOSEN, SUBMITTED, Entry, Result
from mriprivacy.challenge.entry.ranked_by import ranked_by
from mriprivacy.data_prep.formats.tables.foreign_text import one_line
from mriprivacy.scoring import Signature
from mriprivacy.scoring.ranking import ALPHA, holm, paired_p

MARK = "†"  # of a system that an attack submission rates
_ALIKE = ("interval", "seed", "version", "interpolation", "linkability")  # of two signatures
_OF_SCANS = ("probes", "failures_to_acquire", "without_nose")  # counts that no attack changes


@dataclass(frozen=True)
class BestKnown:
    """Entries, every defacing system of which is rated by its best known attack.

    Attributes
    ----------
    entries : tuple of Entry
        In the order given. Of a system that an attack rates, the result `CHOSEN` and the draws are those of
        the attack, which also stands among the attackers on all trials.
    notes : mapping from (edition, edition_hash) to tuple of str
        What became of every attack on defaced scans, a line each; under the edition of the defacing system,
        or where none was compared under that of the attack.
    """

    entries: tuple[Entry, ...]
    notes: Mapping[tuple[str, str], tuple[str, ...]]


def rerated(entry: Entry) -> bool:
    """Say whether an attack submission rates a defacing system."""
    return entry.track == "defacing" and entry.strongest().level == SUBMITTED


def best_known(entries: Sequence[Entry]) -> BestKnown:
    """Rate every defacing system by the best known attack on it.

    An attack is compared with the kit's attackers, which are chosen anew in each draw, on the draws of people
    that both editions share. It rates the system only if it links more people at the level of the board, with
    Holm's adjustment for all attacks on the same submission. Of several the one that links most does.

    Parameters
    ----------
    entries : sequence of Entry
        Of all editions; those that cannot stand on one board are left out before
        (`challenge.leaderboard.comparable`).
    """
    systems = {(e.edition, e.edition_hash, e.submission_sha256): e for e in entries if e.track == "defacing"}
    notes: dict[tuple[str, str], list[str]] = {}
    rivals: dict[str, list[Entry]] = {}
    for attack in sorted((e for e in entries if e.defaced), key=lambda e: e.path):
        of = attack.defaced
        assert of is not None
        system = systems.get((of.edition, of.edition_hash, of.submission_sha256))
        if why := _why_not_compared(attack, system):
            line = f"{_named(attack)} does not count for {of.name}: {why}"
            notes.setdefault((attack.edition, attack.edition_hash), []).append(one_line(line))
        elif system is not None:
            rivals.setdefault(system.path, []).append(attack)
    rated = {}
    for system in sorted(systems.values(), key=lambda e: e.path):
        if attacks := rivals.get(system.path):
            rated[system.path], line = _rate(system, attacks)
            notes.setdefault((system.edition, system.edition_hash), []).append(line)
    return BestKnown(
        tuple(rated.get(entry.path, entry) if entry.track == "defacing" else entry for entry in entries),
        {edition: tuple(lines) for edition, lines in notes.items()},
    )


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
    by = ranked_by(system)
    own, other = (Signature.parse(entry.strongest().signature) for entry in (system, attack))
    unlike = [name for name in _ALIKE if getattr(own, name) != getattr(other, name)]
    if attack.exposure != system.exposure or by.name not in attack.strongest().figures:
        unlike.append("exposure")
    if own.code != of.code:
        unlike.append("code")
    if len(by.draws(attack)) != len(by.draws(system)) or len(by.draws(system)) < 2:
        unlike.append("draws")
    if not unlike:
        return ""
    return f"{', '.join(unlike)} of the two entries differ; evaluate both submissions with one kit"


def _rate(system: Entry, attacks: Sequence[Entry]) -> tuple[Entry, str]:
    """Return the system as its best known attack rates it, and what was found, in a line."""
    by = ranked_by(system)
    own = by.estimate(system)
    value = np.array([own.value, *(by.estimate(attack).value for attack in attacks)])
    draws = np.array([by.draws(system), *(by.draws(attack) for attack in attacks)])
    p = holm(paired_p(value, draws, own.n)[0, 1:])
    better = [i for i in range(len(attacks)) if value[i + 1] > own.value and p[i] < ALPHA]
    count = f"{len(attacks)} attack{'s' * (len(attacks) > 1)} on its scans"
    kit = system.strongest().attacker
    if not better:
        line = (
            f"{_named(system)} keeps its rating: {by.short} {own.value:.2f} by {kit}; no significant "
            f"difference to more in {count}"
        )
        return system, one_line(line)
    best = max(better, key=lambda i: (value[i + 1], attacks[i].strongest().figures["auc"].value))
    attack = attacks[best]
    chance = "p < .001" if p[best] < 0.001 else f"p = {p[best]:.3f}".replace("0.", ".")
    line = (
        f"{MARK} {_named(system)} is rated by the attack {_named(attack)} on {attack.edition}: {by.short} "
        f"{value[best + 1]:.2f}, was {own.value:.2f} by {kit} (paired test, {chance}, Holm, {count})"
    )
    return _rated_by(attack, system, one_line(line)), one_line(line)


def _rated_by(attack: Entry, system: Entry, note: str) -> Entry:
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
        warnings=(*system.warnings, note),
    )


def _named(entry: Entry) -> str:
    return f"{entry.team}/{entry.system}"
