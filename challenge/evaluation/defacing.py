"""Evaluation of a defacing system: gate, attackers, their audit, what is read from the scans."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mriprivacy.challenge.attackers.acquisition import faceless_references, remarks_on_references
from mriprivacy.challenge.attackers.features import Extraction, ImageFeatures, extract
from mriprivacy.challenge.attackers.levels import FUSION, Attacker, Looks, run_attackers, taught_nothing
from mriprivacy.challenge.compute.parallel import by_reason, run
from mriprivacy.challenge.edition.protocol import Camera
from mriprivacy.challenge.entry.entry import LEVELS, ORACLE, Result
from mriprivacy.challenge.evaluation.attributes import read_from_images
from mriprivacy.challenge.evaluation.audit import LINKS, SHUFFLED_KEYS, Check, audit
from mriprivacy.challenge.evaluation.brain_gate import apply_gate
from mriprivacy.challenge.evaluation.context import Evaluator, Judged, timed, whose
from mriprivacy.challenge.evaluation.metadata_leak import giveaway_checks
from mriprivacy.challenge.evaluation.metrics import Ask, trial_masks, verification
from mriprivacy.challenge.evaluation.utility import measure_utility
from mriprivacy.challenge.intake.submission import Submission
from mriprivacy.data_prep.formats.schema import NOT_AVAILABLE

KEYS_A_CALL = 5  # so that two workers share them
# State of references that are scans: as the system under test defaced them.
DEFACED = "defaced"

Key = tuple[str, str]  # split and state
Seen = dict[Key, dict[str, ImageFeatures]]


def judge_defacing(evaluator: Evaluator, submission: Submission) -> Judged:
    """Run the gate and every attacker, and let nobody rate who fails the audit.

    Parameters
    ----------
    evaluator : Evaluator
        Edition, key and means.
    submission : Submission
        Of the track `defacing`.

    Returns
    -------
    Judged
    """
    edition, protocol = evaluator.edition, evaluator.protocol
    assert submission.scans is not None
    with timed(evaluator, "brain gate"):
        gate, remarks = apply_gate(
            edition,
            evaluator.sealed,
            submission.scans,
            protocol.in_brain_change,
            evaluator.cache,
            evaluator.compute,
        )
    original, defaced = _look(evaluator, submission)
    remarks += _punish_lost(gate, defaced)
    kind = "scans" if edition.eval.reference_contrast else "photographs"
    released = {key: own for key, own in defaced.photos.items() if key[1] != DEFACED}
    remarks += remarks_on_references(released, kind)
    attackers, said, checks = _audited(evaluator, original, defaced)
    remarks += said
    with timed(evaluator, "audit"):
        checks += giveaway_checks(edition, evaluator.sealed, evaluator.compute)
    failed = {check.attacker for check in checks if not check.passed}
    images = defaced.scans["eval"].values()
    evaluator.failures |= {p: i.reason for p, i in defaced.scans["eval"].items() if not i.acquired}
    references = {condition: own for (split, condition), own in defaced.photos.items() if split == "eval"}
    evaluator.images = {
        "released": dict(original.scans["eval"]),
        "defaced": dict(defaced.scans["eval"]),
        **{f"reference_{condition}": dict(own) for condition, own in references.items()},
    }
    counts = {
        "probes": len(images),
        "failures_to_acquire": sum(not image.acquired for image in images),
        "without_nose": sum(image.without_nose for image in images),
    }
    asks = []
    for one in attackers:
        rates = one.saw_somebody and not failed & {f"{one.name}/{one.level}", "everybody"}
        own = counts | ({"learned_from": one.learned_from} if one.learned_from else {})
        own |= faceless_references(references, one.name)
        asks.append(Ask(one.name, one.level, one.scores, own, rates=rates))
    results = verification(evaluator, submission, asks)
    asks = _by_group(evaluator, attackers, results, counts)
    asks += [Ask("attributes", ORACLE, _agreement(evaluator), {}, ["all"], rates=False)]
    results += verification(evaluator, submission, asks)
    read, asked = read_from_images(evaluator, submission, original, defaced, remarks)
    results, checks = [*results, *read], [*checks, *asked]
    with timed(evaluator, "utility"):
        utility, lines = measure_utility(
            edition, evaluator.sealed, submission, gate, protocol, evaluator.cache, evaluator.compute
        )
    return Judged(results, [*remarks, *lines], gate, [asdict(check) for check in checks], utility)


Asked = tuple[list[Attacker], list[str], list[Check]]


def _audited(evaluator: Evaluator, original: Looks, defaced: Looks) -> Asked:
    """Return all attackers, who could not learn and why, and their audit.

    Whoever links by something else than people's heads is no part of the fusion either. Who cannot be shown
    to link undefaced scans is: a weak one makes nobody look safe, for the strongest rates.
    """
    asked = _ask(evaluator, original, defaced)
    learned = _learned(asked[0])
    failed = {check.attacker for check in asked[2] if not check.passed and check.question != LINKS}
    sound = {name for name in learned if f"{name}/informed" not in failed}
    return asked if sound == learned else _ask(evaluator, original, defaced, sound)


def _ask(
    evaluator: Evaluator, original: Looks, defaced: Looks, among: Collection[str] | None = None
) -> Asked:
    edition, protocol, mated = evaluator.edition, evaluator.protocol, whose(evaluator)[0]
    with timed(evaluator, "attackers"):
        calls: list[Callable[[], Any]] = [
            partial(taught_nothing, edition, protocol, defaced, mated, range(n, n + KEYS_A_CALL), among)
            for n in range(0, SHUFFLED_KEYS, KEYS_A_CALL)
        ]
        calls.append(partial(run_attackers, edition, protocol, defaced, among))
        *taught, (attackers, said) = run(_called, calls, "attackers", evaluator.compute)
        ceiling, _ = run_attackers(
            edition, protocol, original, _learned(attackers) if among is None else among
        )
    shuffled = {
        name: np.concatenate([own[name] for own in taught if name in own])
        for name in dict.fromkeys(name for own in taught for name in own)
    }
    with timed(evaluator, "audit"):
        return attackers, said, audit(evaluator, attackers, ceiling, shuffled)


def _learned(attackers: Sequence[Attacker]) -> set[str]:
    return {one.name for one in attackers if one.level == "informed"} - {FUSION}


def _called(what: Callable[[], Any]) -> Any:
    return what()


def _look(evaluator: Evaluator, submission: Submission) -> tuple[Looks, Looks]:
    """Take features from scans as released and as defaced, and from photographs; each image once."""
    edition, protocol = evaluator.edition, evaluator.protocol
    extraction = Extraction(
        attacks=tuple(protocol.attacks),
        model=protocol.model,
        camera=Camera(protocol.spacing_mm, protocol.size, protocol.views, protocol.lights),
        cache=evaluator.cache,
    )

    def look(sets: Mapping[Key, dict[str, Path]], kind: str, label: str, untrusted: bool = False) -> Seen:
        # One list of all sets: whoever is done with one goes on with the next.
        flat = {f"{set_} {name}": path for set_, paths in sets.items() for name, path in paths.items()}
        with timed(evaluator, label):
            found = extract(flat, kind, extraction, label, evaluator.compute, untrusted)
        return {set_: {name: found[f"{set_} {name}"] for name in paths} for set_, paths in sets.items()}

    assert submission.scans is not None
    released, sent, shots = {}, {}, {}
    for name, split in edition.splits.items():
        released[name, ""] = {probe: split.scan(probe) for probe in split.probes}
        sent[name, ""] = {probe: submission.scans[name, probe] for probe in split.probes}
        for condition in edition.conditions:
            shots[name, condition] = {one: split.reference(one, condition) for one in split.references}
        if split.reference_contrast:
            sent[name, DEFACED] = {one: submission.scans[name, one] for one in split.references}
    scans = look(released, "scan", "faces of released scans")
    defaced = look(sent, "scan", "faces of defaced scans", untrusted=True)
    contrast = edition.eval.reference_contrast
    raw = look(shots, edition.eval.reference_kind, f"faces of {'references' if contrast else 'photographs'}")
    both = dict(raw)
    if contrast:  # both sides are scans: linked with one of them defaced, and with both
        for name in edition.splits:
            raw[name, DEFACED], both[name, DEFACED] = raw[name, "raw"], defaced.pop((name, DEFACED))
    return (
        Looks({name: own for (name, _), own in scans.items()}, raw),
        Looks({name: own for (name, _), own in defaced.items()}, both),
    )


def _punish_lost(gate: dict[str, Any], defaced: Looks) -> list[str]:
    """Take the pass from scans nobody could look at: who stops the attackers has not protected anybody."""
    images = [one for split in defaced.scans.values() for one in split.items()]
    images += [one for (_, state), own in defaced.photos.items() if state == DEFACED for one in own.items()]
    lost = [(name, image.reason) for name, image in images if image.lost]
    if lost and gate:
        gate["passed"] = max(0, min(gate["passed"], gate["scans"] - len(lost)))
    return [f"faces: {reason} ({told}); no pass of the gate" for reason, told in by_reason(lost)]


def _by_group(
    evaluator: Evaluator, attackers: list[Attacker], results: list[Result], counts: Mapping[str, int]
) -> list[Ask]:
    """Figures by group of each level's strongest attacker: an average hides who is found."""
    rating = [result for result in results if result.rates and result.trial_list == "all"]
    groups = [name for name in trial_masks(evaluator) if "=" in name]
    asks = []
    for level in LEVELS:
        of_level = [result for result in rating if result.level == level]
        if of_level:
            best = max(of_level, key=lambda result: result.figures["auc"].value)
            (one,) = (a for a in attackers if (a.name, a.level) == (best.name, best.level))
            asks.append(Ask(one.name, one.level, one.scores, counts, groups, rates=False))
    return asks


def _agreement(evaluator: Evaluator) -> NDArray[np.float64]:
    """Score trials by how many true attributes the two people share: what demographics alone would tell.

    What is not known of either is nothing that they share.
    """
    sealed = evaluator.sealed
    of = {sealed.subjects[probe]: own for probe, own in sealed.attributes.items()}
    pairs = [(of[sealed.subjects[p]], of[sealed.subjects[r]]) for p, r in evaluator.edition.eval.trials]
    return np.array(
        [sum(a == b != NOT_AVAILABLE for a, b in zip(*pair, strict=True)) for pair in pairs], np.float64
    )
