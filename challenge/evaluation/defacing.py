"""Evaluation of a defacing system: gate, attackers, their audit, attributes predicted from the scans."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from mriprivacy.challenge.attackers.acquisition import (
    faceless_references,
    remarks_on_doppelgangers,
    remarks_on_references,
)
from mriprivacy.challenge.attackers.cross_fitted import cross_fitted_shuffled_aucs, run_cross_fitted
from mriprivacy.challenge.attackers.features import Extraction, ImageFeatures, extract
from mriprivacy.challenge.attackers.levels import (
    FUSED,
    AttackScores,
    Control,
    Images,
    Seen,
    run_attackers,
    shuffled_key_aucs,
)
from mriprivacy.challenge.attackers.photographs import Photographs, taken_photographs
from mriprivacy.challenge.compute.parallel import by_reason, run
from mriprivacy.challenge.edition.protocol import Rendering, attacks_of
from mriprivacy.challenge.entry.attacker import Attacker
from mriprivacy.challenge.entry.entry import EVERY_LEVEL, ORACLE, Check, Gate, Result, strongest
from mriprivacy.challenge.evaluation.attributes import predict_from_images
from mriprivacy.challenge.evaluation.checks.audit import EVERYBODY, LINKS, SHUFFLED_KEYS, audit
from mriprivacy.challenge.evaluation.checks.brain_gate import apply_gate
from mriprivacy.challenge.evaluation.checks.face_presence import look_for_faces, not_found
from mriprivacy.challenge.evaluation.checks.games import face_figures, games
from mriprivacy.challenge.evaluation.checks.kept_face import KeptFace
from mriprivacy.challenge.evaluation.checks.metadata_leak import leak_checks
from mriprivacy.challenge.evaluation.context import Context, Floats, Judged, summed, timed
from mriprivacy.challenge.evaluation.draws import exposure_of
from mriprivacy.challenge.evaluation.metrics import Ask, trial_masks, verification
from mriprivacy.challenge.evaluation.strongest_attacker import rate_strongest
from mriprivacy.challenge.evaluation.utility import measure_utility
from mriprivacy.challenge.intake.submission import DefacingSubmission
from mriprivacy.data_prep.formats.schema import NOT_AVAILABLE
from mriprivacy.scoring import Estimate

KEYS_A_CALL = 5  # so that two workers share them
# State of references that are scans: as the system under test defaced them.
DEFACED = "defaced"
DOPPELGANGER = "doppelganger"  # in the place of the split

Key = tuple[str, str]  # split and state
ByState = dict[Key, dict[str, ImageFeatures]]


@dataclass(frozen=True)
class _Audited:
    """All attackers, remarks on those that could not be trained, and their audit."""

    attackers: Sequence[AttackScores]
    remarks: Sequence[str]
    checks: Sequence[Check]
    seconds: Mapping[str, float]


def judge_defacing(context: Context, submission: DefacingSubmission) -> Judged:
    """Run the gate and every attacker; an attacker that fails the audit does not count.

    Parameters
    ----------
    context : Context
        Edition, key and means.
    submission : DefacingSubmission
        With the scans to be judged.

    Returns
    -------
    Judged
    """
    edition, sealed, compute, known = context.edition, context.sealed, context.compute, not context.rehearsal
    gated, gating = timed(
        "brain gate",
        apply_gate,
        edition,
        sealed,
        submission.scans,
        context.protocol.in_brain_change,
        context.cache,
        compute,
    )
    left, finding = timed(
        "faces left", look_for_faces, edition, submission.scans, gated.in_place, context.cache, compute
    )
    original, defaced, doubles, taken, looking = _look(context, submission, left.heads)
    control = Control(doubles, context.trials.mated) if doubles else None
    gate, lost = _without_lost(gated.gate, defaced)
    (played, face), comparing = timed("games", _games, context, gated.kept, original, defaced)
    audited = _audited(context, original, defaced, control)
    leak_checked, leaking = timed("audit", leak_checks, edition, sealed, compute) if known else ([], {})
    checks = [*audited.checks, *leak_checked]
    references = {condition: own for (split, condition), own in defaced.photos.items() if split == "eval"}
    counts = _counts(defaced.scans["eval"].values())
    asks = _asks(audited.attackers, checks, references, taken, counts)
    results, scoring = timed("figures", verification, context, submission, asks)
    asks, signs = _reversed(asks, results)
    if signs:  # few attackers, seldom: all figures are made again
        results, scoring = timed("figures", verification, context, submission, asks)
    (best, chosen), choosing = timed("strongest attacker", rate_strongest, context, submission, asks, counts)
    others = [
        *_by_group(context, asks, results, counts),
        Ask(Attacker("attributes", ORACLE), _agreement(context), trial_lists=["all"], rates=False),
    ]
    more, scoring_more = timed("figures", verification, context, submission, others)
    (predicted, predicted_checks, untrained), predicting = (
        timed("attributes", predict_from_images, context, submission, original, defaced)
        if known
        else (([], [], []), {})
    )
    (utility, utility_remarks), measuring = timed("utility", measure_utility, context, submission, gate)
    released = {key: own for key, own in defaced.photos.items() if key[1] != DEFACED}
    kind = "scans" if edition.eval.reference_contrast else "photographs"
    steps = (gating, finding, looking, comparing, audited.seconds, leaking, scoring, choosing)
    return Judged(
        results=[*results, *best, *more, *predicted],
        remarks=[
            *gated.remarks,
            *left.remarks,
            *not_found(left.whole, {p: i.acquired for own in defaced.scans.values() for p, i in own.items()}),
            *lost,
            *taken.remarks,
            *remarks_on_references(released, kind),
            *remarks_on_doppelgangers(doubles),
            *audited.remarks,
            *signs,
            *untrained,
            *utility_remarks,
        ],
        scores={ask.attacker: ask.scores for ask in (*asks, *others)},
        chosen=chosen,
        seconds=summed(*steps, scoring_more, predicting, measuring),
        gate=gate,
        checks=[*checks, *predicted_checks],
        utility=utility,
        face=face,
        presence=left.counts,
        games=played,
        images={
            "released": original.scans["eval"],
            "defaced": defaced.scans["eval"],
            **{f"reference_{condition}": own for condition, own in references.items()},
            **{f"doppelganger_{condition}": own for condition, own in doubles.items()},
        },
    )


def _counts(images: Collection[ImageFeatures]) -> dict[str, int]:
    return {
        "probes": len(images),
        "failures_to_acquire": sum(not image.acquired for image in images),
        "without_nose": sum(image.without_nose for image in images),
    }


def _asks(
    attackers: Sequence[AttackScores],
    checks: Sequence[Check],
    references: Mapping[str, Images],
    taken: Photographs,
    counts: Mapping[str, int],
) -> list[Ask]:
    """Ask for the figures of every attacker; one that failed the audit or acquired no face does not count.

    A weak attacker, which does not link undefaced scans, counts beside others: it makes no system look safe.
    Where all that see anything are weak, none counts.
    """
    weak = {check.attacker for check in checks if check.question == LINKS and not check.passed}
    failed = {check.attacker for check in checks if check.question != LINKS and not check.passed}
    able = {str(one.attacker) for one in attackers if one.scores_differ} - failed
    if EVERYBODY in failed or not able - weak:
        able = set()
    return [
        Ask(
            one.attacker,
            one.scores,
            {
                **counts,
                **({"learned_from": one.trained_on} if one.trained_on else {}),
                **faceless_references(references, one.attacker),
                **taken.counts(one.attacker),
            },
            rates=str(one.attacker) in able,
            doppelganger=one.doppelganger,
        )
        for one in attackers
    ]


def _games(
    context: Context, kept: Mapping[str, KeptFace], original: Seen, defaced: Seen
) -> tuple[list[str], dict[str, Estimate]]:
    return games(context, kept, original, defaced), face_figures(context, kept)


def _reversed(asks: Sequence[Ask], results: Sequence[Result]) -> tuple[list[Ask], list[str]]:
    """Turn the scores of attackers that are surely below chance: a leak with a sign is a leak."""
    below = {
        one.attacker: one.figures["auc"]
        for one in results
        if one.rates and one.trial_list == "all" and one.figures["auc"].high < 0.5
    }
    turned = [_turned(ask) if ask.attacker in below else ask for ask in asks]
    return turned, [
        f"{one}: links with the sign reversed: AUC {auc:.2f}, below chance; its scores are negated"
        for one, auc in below.items()
    ]


def _turned(ask: Ask) -> Ask:
    double = None if ask.doppelganger is None else -ask.doppelganger
    return replace(ask, scores=-ask.scores, counts={**ask.counts, "sign_reversed": 1}, doppelganger=double)


def _audited(context: Context, original: Seen, defaced: Seen, control: Control | None) -> _Audited:
    """Run and audit all attackers.

    An attacker that links by something else than people's heads is left out of the fusion. One that fails to
    link undefaced scans is not: a weak attacker makes no system look safe, since the strongest one counts.
    """
    asked = _ask(context, original, defaced, control)
    informed = _informed(asked.attackers)
    failed = {check.attacker for check in asked.checks if not check.passed and check.question != LINKS}
    sound = {one for one in informed if str(one) not in failed}
    if sound == informed:
        return asked
    again = _ask(context, original, defaced, control, sound)
    return replace(again, seconds=summed(asked.seconds, again.seconds))


def _ask(
    context: Context,
    original: Seen,
    defaced: Seen,
    control: Control | None,
    among: Collection[Attacker] | None = None,
) -> _Audited:
    (attackers, remarks, ceiling, shuffled), attacking = timed(
        "attackers", _attack, context, original, defaced, control, among
    )
    checks, auditing = timed("audit", audit, context, attackers, ceiling, shuffled)
    return _Audited(attackers, remarks, checks, summed(attacking, auditing))


def _attack(
    context: Context,
    original: Seen,
    defaced: Seen,
    control: Control | None,
    among: Collection[Attacker] | None,
) -> tuple[list[AttackScores], list[str], list[AttackScores], dict[Attacker, Floats]]:
    """Return all attackers and remarks on those not trained; attackers of undefaced scans; shuffled keys."""
    edition, protocol, mated = context.edition, context.protocol, context.trials.mated
    calls: list[Callable[[], Any]] = [
        partial(shuffled_key_aucs, edition, protocol, defaced, mated, range(n, n + KEYS_A_CALL), among)
        for n in range(0, SHUFFLED_KEYS, KEYS_A_CALL)
    ]
    subjects = context.sealed.subjects
    calls += [
        partial(
            cross_fitted_shuffled_aucs, edition, protocol, defaced, subjects, mated, range(n, n + KEYS_A_CALL)
        )
        for n in range(0, SHUFFLED_KEYS, KEYS_A_CALL)
    ]
    calls.append(partial(run_attackers, edition, protocol, defaced, among, control))
    *by_keys, (attackers, remarks) = run(_called, calls, "attackers", context.compute)
    ceiling, _ = run_attackers(edition, protocol, original, _informed(attackers) if among is None else among)
    fitted, lacking = run_cross_fitted(edition, protocol, defaced, subjects, control)
    ceiling += run_cross_fitted(edition, protocol, original, subjects)[0]
    attackers, remarks = [*attackers, *fitted], [*remarks, *lacking]
    shuffled = {
        one: np.concatenate([own[one] for own in by_keys if one in own])
        for one in dict.fromkeys(one for own in by_keys for one in own)
    }
    return attackers, remarks, ceiling, shuffled


def _informed(attackers: Sequence[AttackScores]) -> set[Attacker]:
    return {one.attacker for one in attackers if one.attacker.level == "informed"} - {FUSED}


def _called(what: Callable[[], Any]) -> Any:
    return what()


def _look(
    context: Context, submission: DefacingSubmission, heads: Mapping[str, Floats]
) -> tuple[Seen, Seen, dict[str, dict[str, ImageFeatures]], Photographs, dict[str, float]]:
    """Take features from scans as released and as defaced, and from photographs; each image once.

    `heads` says where the head lies in defaced scans. Photographs of doppelgangers, by condition, are kept
    apart: no attacker is trained on what it sees there.
    """
    edition, protocol = context.edition, context.protocol
    extraction = Extraction(
        attacks=attacks_of(protocol),
        camera=Rendering(protocol.spacing_mm, protocol.size, protocol.views, protocol.lights),
        cache=context.cache,
    )

    def look(
        sets: Mapping[Key, dict[str, Path]], kind: str, label: str, defaced: bool = False
    ) -> tuple[ByState, dict[str, float]]:
        # One list of all sets: a worker that is done with one goes on with the next.
        flat = {f"{set_} {name}": path for set_, paths in sets.items() for name, path in paths.items()}
        # Defaced scans come from outside, and their heads lie as `heads` says.
        lie = heads if defaced else {}
        known = {f"{s} {n}": lie[n] for s, paths in sets.items() for n in paths if n in lie}
        asked = (flat, kind, extraction, label, context.compute, defaced, known)
        found, seconds = timed(label, extract, *asked)
        seen = {set_: {name: found[f"{set_} {name}"] for name in paths} for set_, paths in sets.items()}
        return seen, seconds

    released, sent, shots = {}, {}, {}
    for name, split in edition.splits.items():
        released[name, ""] = {probe: split.scan(probe) for probe in split.probes}
        sent[name, ""] = {probe: submission.scans[name, probe] for probe in split.probes}
        for condition in edition.conditions:
            shots[name, condition] = {one: split.reference(one, condition) for one in split.references}
        if split.reference_contrast:
            sent[name, DEFACED] = {one: submission.scans[name, one] for one in split.references}
    doubles = {c: own for c in edition.conditions if (own := context.sealed.doppelgangers(c))}
    shots |= {(DOPPELGANGER, condition): own for condition, own in doubles.items()}
    scans, looking = look(released, "scan", "faces of released scans")
    defaced, looking_again = look(sent, "scan", "faces of defaced scans", defaced=True)
    contrast = edition.eval.reference_contrast
    label = f"faces of {'references' if contrast else 'photographs'}"
    checked = (shots, edition.description, context.cache, context.compute)
    taken, checking = timed("hair removal", taken_photographs, *checked)
    raw, looking_last = look(taken.paths, edition.eval.reference_kind, label)
    doppelgangers = {condition: raw.pop((DOPPELGANGER, condition)) for condition in doubles}
    both = dict(raw)
    if contrast:  # both sides are scans: linked with one of them defaced, and with both
        for name in edition.splits:
            raw[name, DEFACED], both[name, DEFACED] = raw[name, "raw"], defaced.pop((name, DEFACED))
    return (
        Seen({name: own for (name, _), own in scans.items()}, raw),
        Seen({name: own for (name, _), own in defaced.items()}, both),
        doppelgangers,
        taken,
        summed(looking, looking_again, checking, looking_last),
    )


def _without_lost(gate: Gate | None, defaced: Seen) -> tuple[Gate | None, list[str]]:
    """Take the pass from scans that ended a worker: to stop the attackers is no protection."""
    images = [one for split in defaced.scans.values() for one in split.items()]
    images += [one for (_, state), own in defaced.photos.items() if state == DEFACED for one in own.items()]
    lost = [(name, image.reason) for name, image in images if image.lost]
    if lost and gate:
        gate = replace(gate, passed=max(0, min(gate.passed, gate.scans - len(lost))))
    return gate, [f"faces: {reason} ({images}); no pass of the gate" for reason, images in by_reason(lost)]


def _by_group(
    context: Context, asks: Sequence[Ask], results: Sequence[Result], counts: Mapping[str, int]
) -> list[Ask]:
    """Figures by group of each level's strongest attacker: an average hides the people who are linked."""
    rating = [result for result in results if result.rates and result.trial_list == "all"]
    groups = [name for name in trial_masks(context) if "=" in name]
    best = [
        strongest(of_level, exposure_of(context)).attacker
        for level in EVERY_LEVEL
        if (of_level := [result for result in rating if result.level == level])
    ]
    return [
        Ask(one, ask.scores, counts, groups, rates=False, doppelganger=ask.doppelganger)
        for one in best
        for ask in asks
        if ask.attacker == one
    ]


def _agreement(context: Context) -> Floats:
    """Score trials by how many true attributes the two people share: how far demographics alone link.

    An attribute that is not known of either is not shared.
    """
    sealed = context.sealed
    of = {sealed.subjects[probe]: own for probe, own in sealed.attributes.items()}
    pairs = [(of[probe], of[reference]) for probe, reference in context.trials.subjects.tolist()]
    return np.array(
        [sum(a == b != NOT_AVAILABLE for a, b in zip(*pair, strict=True)) for pair in pairs], np.float64
    )
