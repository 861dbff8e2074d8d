"""The standard editions: people, splits and trial lists as they are cited. No image is needed for them."""

import hashlib
from collections import Counter
from pathlib import Path

import pytest

from mriprivacy.challenge.commands import build, cohort, demo
from mriprivacy.challenge.settings.compose import compose_settings
from mriprivacy.data_prep.cohorts.bids import Participant
from mriprivacy.data_prep.cohorts.cohort_files import ScanFile
from mriprivacy.data_prep.cohorts.people_values import group_of
from mriprivacy.data_prep.editions.plan import Plan, SplitPlan, plan_people
from mriprivacy.data_prep.formats.schema import TRIAL_COLUMNS, Attributes
from mriprivacy.data_prep.formats.tables.tsv import table_bytes
from mriprivacy.data_prep.synthetic.dataset import sessions_of
from mriprivacy.data_prep.synthetic.people.traits import draw_traits, subject_ids


def plan(name: str) -> Plan:
    """Plan a standard edition from who its people are."""
    people = compose_settings("cohort", cohort.CohortSettings, [f"cohort={name}", "output=x"]).cohort
    settings = compose_settings(
        "build", build.BuildSettings, [f"standard={name}", "cohort.root=x", "output=x"]
    )
    edition = settings.edition
    edition.seed = settings.seed
    persons = []
    for subject in subject_ids(people):
        sex, age, ethnicity, _ = draw_traits(subject, people.seed, people)
        persons.append(
            Participant(
                subject,
                Attributes(sex, group_of(str(age), edition.age_edges)[0], ethnicity),
                tuple(ScanFile(session, Path("x"), {}) for session in sessions_of(people, subject)),
                {f"{number:02d}": {"raw": Path("x")} for number in range(1, people.photos.count + 1)},
                {},
            )
        )
    return plan_people(persons, edition, synthetic=True)


def cited(split: SplitPlan) -> tuple[int, str, str, str, str]:
    pairs = [(trial.probe, trial.reference) for trial in split.trials]
    first, tenth, last = (" ".join(pairs[place]) for place in (0, 9, -1))
    return len(pairs), first, tenth, last, hashlib.sha256(table_bytes(TRIAL_COLUMNS, pairs)).hexdigest()


LISTS = {
    ("synth-49", "dev"): (
        576,
        "sub-tw83zsa2 ph-p3bx5f8h",
        "sub-tjx4yf2h ph-dbbppr83",
        "sub-ccgre3ap ph-7rst8x36",
        "550352fcc7d3d4d66ebb883a193a30048901994eb46ac637238a77acf5009e96",
    ),
    ("synth-49", "eval"): (
        2401,
        "sub-g2duupmt ph-cujnjpjw",
        "sub-t5fkxts7 ph-nqfc3awt",
        "sub-sx86skgh ph-w6hspmxk",
        "5dc793252d2333e0b0e9f53a4862dbfb582ae79ed951328768e10fc0d2c0a06a",
    ),
    ("synth-200", "dev"): (
        23400,
        "sub-fj4vwkkd ph-fgphsgkw",
        "sub-7ptwxffb ph-56mp2mhr",
        "sub-758ed892 ph-zxbj2ub5",
        "f8f00633cf7682792d580022da9f1dcb57cb16c32ca724c495c7b890944fd451",
    ),
    ("synth-200", "eval"): (
        24600,
        "sub-wp26cgy7 ph-a7ferubd",
        "sub-kq2n9hbm ph-89q7jpza",
        "sub-55ah4exv ph-n4hzjgfz",
        "630ed2444364237ec1d01f8ad4f079789c61c00a092006a05652e44458177bef",
    ),
    ("synth-confirm", "dev"): (
        2304,
        "sub-a9bhn9eq ph-kt3ytszn",
        "sub-zf33hzyf ph-gcvh5j7w",
        "sub-phrqmr3s ph-ya2zxcvu",
        "7730eb140fdfad8c8969e22ceac7e3b22ebaa961d32ba592326f11f8eaa9e425",
    ),
    ("synth-confirm", "eval"): (
        2304,
        "sub-b8f5jn9g ph-y52b99q9",
        "sub-h6ax83uu ph-w5jqeph7",
        "sub-kg69zvbp ph-txrvq7fy",
        "cd5a5aea703bd8d50c982fb6f84efb4c9de58ba4a160e377401dc381025962fa",
    ),
}  # count, first, tenth and last pair, SHA-256 of trials.tsv


RELEASED = {"synth-49": "2026-11-24", "synth-200": "2026-11-24", "synth-confirm": "2026-11-29"}


@pytest.mark.parametrize("name", RELEASED)
def test_trial_lists_are_those_that_are_cited(name: str) -> None:
    found = plan(name)
    assert (found.description["id"], found.description["version"]) == (name, "2026.2")
    assert found.description["released"] == RELEASED[name]
    for split in found.splits:
        assert cited(split) == LISTS[name, split.name]


def test_synth_49_is_the_papers_design() -> None:
    found = plan("synth-49")
    dev, evaluation = found.splits
    assert len(evaluation.attributes) == len(evaluation.references) == 49
    assert Counter(trial.mated for trial in evaluation.trials) == {True: 49, False: 49 * 48}
    assert len(dev.attributes) == 24
    assert found.description["contrast"] == "T2w"
    assert found.description["attributes"]["age_group"] == ["18-25", "26-33", "34-41", "42+"]


def test_synth_200_is_balanced_in_both_splits() -> None:
    found = plan("synth-200")
    subject_of = {name: subject for name, subject, _ in found.subjects}
    twice = 0
    for split in found.splits:
        people = {subject_of[probe]: attributes for probe, attributes in split.attributes.items()}
        assert len(people) == 100
        assert len(split.references) == 200
        twice += len(split.attributes) - len(people)
        for values in zip(*people.values(), strict=True):
            counts = Counter(values)
            assert max(counts.values()) - min(counts.values()) <= 3, counts
    assert twice == 40


def test_synth_confirm_has_people_whom_no_other_edition_has() -> None:
    seeds = {
        name: compose_settings("cohort", cohort.CohortSettings, [f"cohort={name}", "output=x"]).cohort.seed
        for name in RELEASED
    }
    assert list(seeds.values()).count(seeds["synth-confirm"]) == 1
    assert demo.DemoSettings().seed != seeds["synth-confirm"]
    people = compose_settings("cohort", cohort.CohortSettings, ["cohort=synth-confirm", "output=x"]).cohort
    assert people.scans.sites == 2
    assert [len(split.attributes) for split in plan("synth-confirm").splits] == [48, 48]
