"""What is read of people from their images: sex, age group, ethnicity and age, learned on `dev`.

From scans as a system defaced them; and, as what there was to hide, from the same scans undefaced and from
photographs, each by somebody who learned on images of that kind.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any

from baselines.attributes import AttributesError
from challenge.attackers import Images, Looks
from challenge.entry import DEFACED_SCANS, PHOTOGRAPHS, UNDEFACED_SCANS, Result
from challenge.evaluator import Evaluator, timed
from challenge.figures import scored_age, scored_attribute
from challenge.inference import infer, infer_ages, learn, learn_ages
from challenge.linkage import people
from challenge.submission import Submission
from challenge.work import run
from data_prep.trials import Attributes

AGE = "age"
LEVEL = "informed"


@dataclass(frozen=True)
class _Known:
    """What is known of the people of `dev`, by image: their attributes, ages, and who they are."""

    attributes: Mapping[str, Attributes]
    ages: Mapping[str, float]
    who: Mapping[str, str]


def read_from_images(
    evaluator: Evaluator, submission: Submission, original: Looks, defaced: Looks, remarks: list[str]
) -> list[Result]:
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
    results = []
    for (kind, attack, what), said in zip(asked, found, strict=True):
        name = f"{attack}({evaluator.protocol.model})" if attack == "deepface" else attack
        if isinstance(said, str):
            where = "" if kind == DEFACED_SCANS else f" ({kind})"
            remarks.append(f"{name}: nobody who reads {said}{where}")
        elif what == AGE:
            results.append(scored_age(evaluator, submission, said, f"{name}+", LEVEL, kind))
        else:
            results.append(scored_attribute(evaluator, submission, what, said, f"{name}+", LEVEL, kind))
    return [result for result in results if result]


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


def _said(known: _Known, call: tuple[Images, Images, str, str]) -> dict[str, Any] | str:
    """Return what features of one attack say of one attribute of every image, or why nothing."""
    dev, asked, attack, what = call
    dev = {name: image for name, image in dev.items() if name in known.attributes}
    try:
        if what == AGE:
            return infer_ages(attack, learn_ages(attack, dev, known.ages, known.who), asked)
        return infer(attack, learn(what, attack, dev, known.attributes, known.who), asked)
    except AttributesError as error:
        return str(error)
