"""Attributes predicted from images: sex, age group, ethnicity and age, by classifiers trained on `dev`.

They predict from scans as a system defaced them. To show what there was to hide, others predict from the
same scans undefaced and from photographs; each is trained on images of its kind. The classifiers of defaced
scans are audited: trained on shuffled labels, they must be no better than guessing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from mriprivacy.baselines.attacks.attributes import AttributesError
from mriprivacy.challenge.attackers.attribute_inference import infer, infer_ages, train_ages, train_classifier
from mriprivacy.challenge.attackers.levels import Images, Seen
from mriprivacy.challenge.attackers.linkage import people
from mriprivacy.challenge.attackers.networks import attacker_of
from mriprivacy.challenge.compute.parallel import run
from mriprivacy.challenge.edition.protocol import attacks_of
from mriprivacy.challenge.entry.attacker import Attacker
from mriprivacy.challenge.entry.entry import AGE, DEFACED_SCANS, PHOTOGRAPHS, UNDEFACED_SCANS, Check, Result
from mriprivacy.challenge.evaluation.checks.audit import SIGMAS
from mriprivacy.challenge.evaluation.context import Context
from mriprivacy.challenge.evaluation.metrics import scored_predictions
from mriprivacy.challenge.intake.submission import Submission
from mriprivacy.data_prep.formats.schema import NOT_AVAILABLE, Attributes

SHUFFLES = 5  # of the labels of dev; a training takes a quarter of a second, but there are a dozen


@dataclass(frozen=True)
class _Call:
    """One classifier: images of `dev` to train on and of `eval` to predict from, and by which attack."""

    dev: Images
    eval: Images
    attack: str
    attacker: Attacker
    kind: str


@dataclass(frozen=True)
class _Known:
    """Labels of the people of `dev`, by image: their attributes, ages, and the person."""

    attributes: Mapping[str, Attributes]
    ages: Mapping[str, float]
    who: Mapping[str, str]


def predict_from_images(
    context: Context, submission: Submission, original: Seen, defaced: Seen
) -> tuple[list[Result], list[Check], list[str]]:
    """Predict every attribute from every kind of image, with the features of every attack.

    Parameters
    ----------
    context, submission
        Edition with its key, and the submission that is judged.
    original, defaced : Seen
        Scans as released and as defaced, and photographs.

    Returns
    -------
    results : list of Result
        Trial list `probes` (scans as defaced), then `undefaced` and `photo` (photographs as they are),
        which do not count. No photographs where references are scans; no ages where the cohort has none.
    checks : list of Check
        One for each classifier of `probes`; the result of one that fails does not count.
    remarks : list of str
        Classifiers that could not be trained, and why.
    """
    kinds = {DEFACED_SCANS: defaced.scans, UNDEFACED_SCANS: original.scans}
    if not context.edition.eval.reference_contrast:
        kinds[PHOTOGRAPHS] = {split: original.photos[split, "raw"] for split in ("dev", "eval")}
    known = _known(context)
    wanted = [*Attributes._fields, *([AGE] if context.sealed.ages else [])]
    calls = [
        _Call(images["dev"], images["eval"], attack, attacker_of(attack, what, "informed"), kind)
        for (kind, images), attack, what in product(kinds.items(), attacks_of(context.protocol), wanted)
    ]
    found = run(
        partial(_predict_or_reason, known), calls, "attributes of scans and photographs", context.compute
    )
    predicted = [(call, own) for call, own in zip(calls, found, strict=True) if not isinstance(own, str)]
    audited = [call for call, _ in predicted if call.kind == DEFACED_SCANS]
    shuffled = run(partial(_predict_shuffled, known), audited, "shuffled attributes", context.compute)
    checks = [
        check
        for call, own in zip(audited, shuffled, strict=True)
        if (check := _check(context, submission, call.attacker, own))
    ]
    failed = {check.attacker for check in checks if not check.passed}
    scored = [
        scored_predictions(context, submission, call.attacker, own, call.kind) for call, own in predicted
    ]
    results = [
        replace(result, rates=result.rates and str(result.attacker) not in failed)
        for result in scored
        if result
    ]
    remarks = [
        f"{replace(call.attacker, target='').name}: not trained to predict {why}"
        + ("" if call.kind == DEFACED_SCANS else f" ({call.kind})")
        for call, why in zip(calls, found, strict=True)
        if isinstance(why, str)
    ]
    return results, checks, remarks


def _known(context: Context) -> _Known:
    """Return what is known of the people of `dev`, of their photographs, too."""
    dev = context.edition.dev
    who = people(dev.key)
    attributes = {who.get(probe, probe): own for probe, own in dev.attributes.items()}
    ages = {who.get(probe, probe): context.sealed.ages.get(probe) for probe in dev.probes}
    images = [*dev.probes, *(reference for reference in dev.references if reference in who)]
    return _Known(
        {name: attributes[who.get(name, name)] for name in images},
        {name: age for name in images if (age := ages[who.get(name, name)]) is not None},
        who,
    )


def _predict_or_reason(known: _Known, call: _Call) -> dict[str, Any] | str:
    """Predict one attribute of every image by features of one attack, or return why it cannot be done."""
    try:
        return _predict(known, call)
    except AttributesError as error:
        return str(error)


def _predict(known: _Known, call: _Call) -> dict[str, Any]:
    attack, what = call.attack, call.attacker.predicts
    dev = {name: image for name, image in call.dev.items() if name in known.attributes}
    if what == AGE:
        return infer_ages(attack, train_ages(attack, dev, known.ages, known.who), call.eval)
    return infer(attack, train_classifier(what, attack, dev, known.attributes, known.who), call.eval)


def _predict_shuffled(known: _Known, call: _Call) -> list[dict[str, Any]]:
    """Predict by classifiers trained on shuffled labels, of the same people and as many of each."""
    return [_predict(_shuffled(known, call, seed), call) for seed in range(SHUFFLES)]


def _shuffled(known: _Known, call: _Call, seed: int) -> _Known:
    """Permute the labels among the people of the training, person by person."""
    attack, what = call.attack, call.attacker.predicts
    truth: dict[str, Any] = dict(known.ages)
    if what != AGE:
        truth = {name: getattr(own, what) for name, own in known.attributes.items()}
    who = {name: known.who.get(name, name) for name, image in call.dev.items() if attack in image.vectors}
    label_of = {who[name]: truth[name] for name in who if truth.get(name, NOT_AVAILABLE) != NOT_AVAILABLE}
    order = np.random.default_rng(seed).permutation(len(label_of))
    values = list(label_of.values())
    other = {person: values[i] for person, i in zip(label_of, order, strict=True)}
    labels = {name: other[person] for name, person in who.items() if person in other}
    if what == AGE:
        return replace(known, ages=labels)
    attributes = {name: known.attributes[name]._replace(**{what: value}) for name, value in labels.items()}
    return replace(known, attributes=attributes)


def _check(
    context: Context, submission: Submission, attacker: Attacker, shuffled: Sequence[dict[str, Any]]
) -> Check | None:
    """Require that training on shuffled labels gains nothing over guessing.

    None if nothing is scored, or of so few people that no gain has an interval.
    """
    scored = [scored_predictions(context, submission, attacker, predicted) for predicted in shuffled]
    unit, figure = ("years", "gain_years") if attacker.predicts == AGE else ("accuracy", "gain")
    gains = [result.figures[figure] for result in scored if result]
    if not any(gain.bounded for gain in gains):
        return None
    values = np.array([gain.value for gain in gains])
    own = np.mean([(gain.high - gain.low) / (2 * 1.96) for gain in gains])
    value, error = float(values.mean()), float(np.hypot(values.std(ddof=1) / np.sqrt(len(values)), own))
    low, high = value - SIGMAS * error, value + SIGMAS * error
    question = f"trained on shuffled labels, is no better than guessing ({unit} gained)"
    return Check(question, str(attacker), value, low, high, low <= 0)
