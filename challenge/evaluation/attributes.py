"""What is read of people from their images: sex, age group, ethnicity and age, learned on `dev`.

From scans as a system defaced them; and, as what there was to hide, from the same scans undefaced and from
photographs, each by somebody who learned on images of that kind. Who reads from defaced scans is audited:
taught shuffled labels, he must read nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from mriprivacy.baselines.attacks.attributes import AttributesError
from mriprivacy.challenge.attackers.attribute_inference import infer, infer_ages, learn, learn_ages
from mriprivacy.challenge.attackers.levels import Images, Looks
from mriprivacy.challenge.attackers.linkage import people
from mriprivacy.challenge.compute.parallel import run
from mriprivacy.challenge.entry.entry import DEFACED_SCANS, PHOTOGRAPHS, UNDEFACED_SCANS, Result
from mriprivacy.challenge.evaluation.audit import SIGMAS, Check
from mriprivacy.challenge.evaluation.context import Evaluator, timed
from mriprivacy.challenge.evaluation.metrics import scored_age, scored_attribute
from mriprivacy.challenge.intake.submission import Submission
from mriprivacy.data_prep.formats.schema import NOT_AVAILABLE, Attributes

AGE = "age"
LEVEL = "informed"
SHUFFLES = 5  # of the labels of dev; a reader learns in a quarter of a second, but there are a dozen
Call = tuple[Images, Images, str, str]  # dev, eval, attack, attribute


@dataclass(frozen=True)
class _Known:
    """What is known of the people of `dev`, by image: their attributes, ages, and who they are."""

    attributes: Mapping[str, Attributes]
    ages: Mapping[str, float]
    who: Mapping[str, str]


def read_from_images(
    evaluator: Evaluator, submission: Submission, original: Looks, defaced: Looks, remarks: list[str]
) -> tuple[list[Result], list[Check]]:
    """Read every attribute from every kind of image, with the features of every attack.

    Parameters
    ----------
    evaluator, submission
        Whose key, and who is judged.
    original, defaced : Looks
        Scans as released and as defaced, and photographs.
    remarks : list of str
        Who could learn nothing, and why, is added.

    Returns
    -------
    list of Result
        Trial list `probes` (scans as defaced), then `undefaced` and `photo` (photographs as they are),
        which rate nobody. No photographs where references are scans; no ages where the cohort has none.
    list of Check
        One for each reader of `probes`; the result of one that fails rates nobody either.
    """
    kinds = {DEFACED_SCANS: defaced.scans, UNDEFACED_SCANS: original.scans}
    if not evaluator.edition.eval.reference_contrast:
        kinds[PHOTOGRAPHS] = {split: original.photos[split, "raw"] for split in ("dev", "eval")}
    known = _known(evaluator)
    wanted = [*Attributes._fields, *([AGE] if evaluator.sealed.ages else [])]
    asked = list(product(kinds, evaluator.protocol.attacks, wanted))
    with timed(evaluator, "attributes"):
        calls = [(kinds[kind]["dev"], kinds[kind]["eval"], attack, what) for kind, attack, what in asked]
        found = run(partial(_said, known), calls, "attributes of scans and photographs", evaluator.compute)
        audited = [
            call
            for (kind, _, _), call, said in zip(asked, calls, found, strict=True)
            if kind == DEFACED_SCANS and not isinstance(said, str)
        ]
        taught = run(partial(_taught_nothing, known), audited, "shuffled attributes", evaluator.compute)
        checks = [
            check
            for call, own in zip(audited, taught, strict=True)
            if (check := _check(evaluator, submission, call, own))
        ]
    results = []
    for (kind, attack, what), said in zip(asked, found, strict=True):
        name = _name(evaluator, attack)
        if isinstance(said, str):
            where = "" if kind == DEFACED_SCANS else f" ({kind})"
            remarks.append(f"{name}: nobody who reads {said}{where}")
        elif what == AGE:
            results.append(scored_age(evaluator, submission, said, f"{name}+", LEVEL, kind))
        else:
            results.append(scored_attribute(evaluator, submission, what, said, f"{name}+", LEVEL, kind))
    failed = {check.attacker for check in checks if not check.passed}
    read = [
        replace(result, rates=result.rates and f"{result.name}/{result.level}" not in failed)
        for result in results
        if result
    ]
    return read, checks


def _name(evaluator: Evaluator, attack: str) -> str:
    return f"{attack}({evaluator.protocol.model})" if attack == "deepface" else attack


def _known(evaluator: Evaluator) -> _Known:
    """Return what is known of the people of `dev`, of their photographs, too."""
    dev = evaluator.edition.dev
    assert dev.attributes is not None
    assert dev.key is not None
    who = people(dev.key)
    attributes = {who.get(probe, probe): own for probe, own in dev.attributes.items()}
    ages = {who.get(probe, probe): evaluator.sealed.ages.get(probe) for probe in dev.probes}
    images = [*dev.probes, *(reference for reference in dev.references if reference in who)]
    return _Known(
        {name: attributes[who.get(name, name)] for name in images},
        {name: age for name in images if (age := ages[who.get(name, name)]) is not None},
        who,
    )


def _said(known: _Known, call: Call) -> dict[str, Any] | str:
    """Return what features of one attack say of one attribute of every image, or why nothing."""
    try:
        return _learned(known, call)
    except AttributesError as error:
        return str(error)


def _learned(known: _Known, call: Call) -> dict[str, Any]:
    dev, asked, attack, what = call
    dev = {name: image for name, image in dev.items() if name in known.attributes}
    if what == AGE:
        return infer_ages(attack, learn_ages(attack, dev, known.ages, known.who), asked)
    return infer(attack, learn(what, attack, dev, known.attributes, known.who), asked)


def _taught_nothing(known: _Known, call: Call) -> list[dict[str, Any]]:
    """Return what readers say who were taught shuffled labels, of the same people and as many of each."""
    return [_learned(_shuffled(known, call, seed), call) for seed in range(SHUFFLES)]


def _shuffled(known: _Known, call: Call, seed: int) -> _Known:
    """Give those of whom somebody learns an attribute each other's, person by person."""
    dev, _, attack, what = call
    truth: dict[str, Any] = dict(known.ages)
    if what != AGE:
        truth = {name: getattr(own, what) for name, own in known.attributes.items()}
    who = {name: known.who.get(name, name) for name, image in dev.items() if attack in image.vectors}
    told = {who[name]: truth[name] for name in who if truth.get(name, NOT_AVAILABLE) != NOT_AVAILABLE}
    order = np.random.default_rng(seed).permutation(len(told))
    values = list(told.values())
    other = {person: values[i] for person, i in zip(told, order, strict=True)}
    labels = {name: other[person] for name, person in who.items() if person in other}
    if what == AGE:
        return replace(known, ages=labels)
    attributes = {name: known.attributes[name]._replace(**{what: value}) for name, value in labels.items()}
    return replace(known, attributes=attributes)


def _check(
    evaluator: Evaluator, submission: Submission, call: Call, taught: Sequence[dict[str, Any]]
) -> Check | None:
    """Require that who was taught shuffled labels gains nothing over guessing; None where none is scored."""
    _, _, attack, what = call
    name = f"{_name(evaluator, attack)}+"
    if what == AGE:
        scored = [scored_age(evaluator, submission, said, name, LEVEL) for said in taught]
    else:
        scored = [scored_attribute(evaluator, submission, what, said, name, LEVEL) for said in taught]
    unit, figure = ("years", "gain_years") if what == AGE else ("accuracy", "gain")
    gains = [result.figures[figure] for result in scored if result]
    if not gains:
        return None
    values = np.array([gain.value for gain in gains])
    own = np.mean([(gain.high - gain.low) / (2 * 1.96) for gain in gains])
    value, error = float(values.mean()), float(np.hypot(values.std(ddof=1) / np.sqrt(len(values)), own))
    low, high = value - SIGMAS * error, value + SIGMAS * error
    question = f"taught shuffled labels, is no better than guessing ({unit} gained)"
    return Check(question, f"{name}{what}/{LEVEL}", value, low, high, low <= 0)
