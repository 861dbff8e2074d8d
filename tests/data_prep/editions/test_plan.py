"""Plans of people made by hand; no file is looked at."""

from dataclasses import replace
from pathlib import Path

import pytest

from mriprivacy.data_prep.cohorts.bids import CohortError, Participant
from mriprivacy.data_prep.cohorts.cohort_files import ScanFile
from mriprivacy.data_prep.editions.edition_config import EditionConfig
from mriprivacy.data_prep.editions.plan import Plan, photos_of_real_people, plan_people, split_people
from mriprivacy.data_prep.editions.public_list import PublicList
from mriprivacy.data_prep.formats.schema import Attributes
from mriprivacy.data_prep.formats.secrets import secret_bytes

CONFIG = EditionConfig(id="hand", seed=1, hair_removal="none")
DISTRACTORS = {"Ada": Path("ada.jpg"), "Bo": Path("bo.jpg")}


def person(number: int, conditions: tuple[str, ...] = ("raw",), age: float | None = None) -> Participant:
    name = f"sub-{number:02d}"
    photos = {"01": {condition: Path(condition, name) for condition in conditions}}
    scan = ScanFile("", Path(f"{name}.nii.gz"), {})
    return Participant(name, Attributes("FM"[number % 2], "18-29", "asian"), (scan,), photos, {}, age=age)


def planned(conditions: tuple[str, ...], hair_removal: str, count: int = 8) -> Plan:
    people = [person(number, conditions) for number in range(count)]
    return plan_people(people, replace(CONFIG, hair_removal=hair_removal), False, DISTRACTORS)


@pytest.mark.parametrize(("hair_removal", "shown"), [("none", {"raw"}), ("builtin", {"raw", "bald"})])
def test_distractors_are_in_eval_in_every_condition_that_photographs_have(
    hair_removal: str, shown: set[str]
) -> None:
    plan = planned(("raw",), hair_removal)
    for name in plan.distractors:
        own = [photo for photo in plan.photos if photo.reference == name]
        assert {photo.condition for photo in own} == shown
        assert len(own) == len(shown)
        assert {photo.split for photo in own} == {"eval"}
        assert {photo.target for photo in own} == {
            Path("public", "eval", "photos", condition, f"{name}.png") for condition in shown
        }
    assert len(plan.distractors) == plan.description["distractors"] == 2
    assert set(plan.distractors) == {own for own, name, split in plan.subjects if name in DISTRACTORS}
    assert {photo.source for photo in plan.photos if photo.reference in plan.distractors} == {
        *DISTRACTORS.values()
    }
    assert plan.description["conditions"] == [one for one in ("raw", "bald") if one in shown]


def test_photographs_of_real_people_are_all_or_those_of_distractors() -> None:
    plan = planned(("raw",), "none")
    assert photos_of_real_people(plan) == plan.photos
    synthetic = replace(plan, description={**plan.description, "synthetic": True})
    assert {photo.reference for photo in photos_of_real_people(synthetic)} == set(plan.distractors)
    assert plan.photos == tuple(sorted(plan.photos, key=lambda one: (one.reference, one.condition)))


def test_of_people_in_an_earlier_edition_the_split_stays() -> None:
    people = [person(number) for number in range(8)]
    plan = plan_people(people, CONFIG, True)
    split = {row[0]: row[2] for row in plan.subjects}
    other = {name: {"dev": "eval", "eval": "dev"}[own] for name, own in split.items()}
    scan = plan.scans[0].probe
    again = plan_people(people, CONFIG, True, earlier={scan: other[scan]})
    changed = {row[0] for row in again.subjects if row[2] != split[row[0]]}
    assert {plan_row[1] for plan_row in plan.subjects if plan_row[0] in changed} == {plan.scans[0].subject}
    assert plan_people(people, CONFIG, True, earlier={scan: split[scan]}) == plan


@pytest.mark.parametrize(("share", "n_dev"), [(0.5, 4), (0.25, 2), (0.3, 2), (0.7, 5), (0.75, 5)])
def test_so_many_of_seven_are_in_dev(share: float, n_dev: int) -> None:
    """7 x share, rounded; halves up."""
    found = split_people([person(number) for number in range(7)], share, 3)
    assert list(found.values()).count("dev") == n_dev


def described(**changes: object) -> dict[str, object]:
    config = replace(CONFIG, licence="MIT", **changes)  # type: ignore[arg-type]
    return plan_people([person(number) for number in range(8)], config, True).description


def test_what_an_edition_says_of_itself() -> None:
    assert described() == {
        "format": 1,
        "id": "hand",
        "version": "",
        "synthetic": True,
        "tracks": ["defacing", "attack", "attributes"],
        "contrast": "T2w",
        "conditions": ["raw"],
        "alike": "sex, age group and ethnicity",
        "hair_removal": "none",
        "attributes": {"sex": ["F", "M"], "age_group": ["18-29"], "ethnicity": ["asian"]},
        "protocol": {},
        "counts": {name: {"probes": 4, "references": 4, "trials": 16} for name in ("dev", "eval")},
        "licence": "MIT",
        "citation": "",
        "authors": [],
        "superseded_by": None,
    }


@pytest.mark.parametrize(
    ("changes", "more"),
    [
        ({"consent": "yes"}, {"consent": "yes"}),
        ({"doi": "10.1000/x"}, {"doi": "10.1000/x"}),
        ({"released": "2026-11-24"}, {"released": "2026-11-24"}),
        ({"authors": ["A", "B"]}, {"authors": ["A", "B"]}),
        ({"authors": ["A"], "orcids": [""]}, {"authors": ["A"]}),
        ({"authors": ["A", "B"], "orcids": ["", "x"]}, {"authors": ["A", "B"], "orcids": ["", "x"]}),
        ({"tracks": ["attack", "defacing"]}, {"tracks": ["defacing", "attack"]}),
        ({"protocol": {"alike_years": 3}}, {"protocol": {"alike_years": 3}}),
        ({"hair_removal": "builtin"}, {"hair_removal": "builtin", "conditions": ["raw", "bald"]}),
    ],
)
def test_what_is_not_given_is_not_said(changes: dict[str, object], more: dict[str, object]) -> None:
    assert described(**changes) == described() | more


def test_of_real_people_the_design_and_of_a_list_the_list_is_said() -> None:
    people = [person(number) for number in range(8)]
    design = {"dev_share": 0.5, "age_edges": [18, 30, 45, 60], "nonmated_per_probe": 0}
    assert plan_people(people, CONFIG, False).description["design"] == design
    own = PublicList("x", {one.subject: "" for one in people} | {"sub-99": ""})
    config = replace(CONFIG, public_list="x", list_people="x.tsv")
    plan = plan_people(people, config, False, listed=own)
    assert plan.description["design"] == design | {"public_list": "x", "dev_sites": []}
    assert plan.description["list"] == {"name": "x", "people": 9, "missing": ["sub-99"]}
    split = {subject: name for _, subject, name in plan.subjects}
    assert split == {one.subject: own.split_of(one.subject, 0.5) for one in people}
    assert plan == plan_people(people, replace(config, seed=99), False, listed=own)
    for part in plan.splits:
        pairs = [(trial.probe, trial.reference) for trial in part.trials]
        assert pairs == sorted(pairs, key=lambda pair: own.place_of(*pair))


def with_truth(number: int, contrast: str) -> Participant:
    """A person whose masks and landmarks are known, with a scan of another contrast if one is given."""
    truth = {
        "brain_masks": Path(f"{number}_desc-brain_mask.nii.gz"),
        "landmarks": Path(f"{number}_landmarks.tsv"),
    }
    one = person(number, age=20.0 + number)
    scans = (ScanFile("ses-1", Path(f"{number}-1.nii.gz"), truth), ScanFile("ses-2", Path("2.nii.gz"), {}))
    other = (ScanFile("ses-1", Path(f"{number}-{contrast}.nii.gz"), truth),) if contrast else ()
    return replace(one, scans=scans, reference_scans=other, photos={} if contrast else one.photos)


@pytest.mark.parametrize("contrast", ["", "T1w"])
def test_scans_their_truth_and_their_places(contrast: str) -> None:
    """Landmarks are points of a grid that is moved where references are scans; so they are left out."""
    people = [with_truth(number, contrast) for number in range(8)]
    plan = plan_people(people, replace(CONFIG, references=contrast or "photographs"), True)
    assert [scan.probe for scan in plan.scans] == sorted(scan.probe for scan in plan.scans)
    assert len(plan.scans) == (24 if contrast else 16)
    split = {subject: name for _, subject, name in plan.subjects}
    for scan in plan.scans:
        suffix = contrast if scan.source.name.endswith("T1w.nii.gz") else "T2w"
        at = f"public/{scan.split}/mri/{scan.probe}/anat/{scan.probe}_{suffix}.nii.gz"
        assert scan.target.as_posix() == at
        assert scan.split == split[scan.subject]
        assert scan.centred == bool(contrast)
        sealed = [target.as_posix() for _, target in scan.truth]
        masks = [f"sealed/brain_masks/{scan.probe}.nii.gz"]
        expected = masks + ([] if contrast else [f"sealed/landmarks/{scan.probe}.tsv"])
        assert sealed == ([] if scan.source.name == "2.nii.gz" else expected)
    assert ("references" in plan.description) == bool(contrast)
    assert plan.description["hair_removal"] == "none"
    own = {scan.probe: scan.subject for scan in plan.scans}
    references = {name for part in plan.splits for name in part.references}
    assert plan.ages == {
        probe: 20.0 + int(subject[-2:]) for probe, subject in own.items() if probe not in references
    }
    assert list(plan.ages) == sorted(plan.ages)
    for part in plan.splits:
        assert len(part.attributes) == 8
        assert len(part.trials) == 8 * 4
        assert list(part.attributes) == sorted(part.attributes)
        assert list(part.references) == sorted(part.references)
    assert len(plan.subjects) == 24
    assert plan.subjects == tuple(sorted(plan.subjects))


def test_true_photographs_without_hair_are_sealed_and_doppelgangers_of_eval_too() -> None:
    people = [person(number, ("raw", "bald")) for number in range(8)]
    people[2:] = [
        replace(
            one,
            true_bald={"01": Path("true", one.subject)},
            doppelgangers={"01": {"raw": Path("other", one.subject)}},
        )
        for one in people[2:]
    ]
    plan = plan_people(people, replace(CONFIG, hair_removal="given"), True)
    sealed = {photo.target: photo for photo in plan.photos if photo.target.parts[0] == "sealed"}
    assert len(sealed) == 6
    for target, photo in sealed.items():
        assert target == Path("sealed", "photos", "bald", f"{photo.reference}.png")
        assert (photo.condition, photo.source) == ("true_bald", Path("true", photo.subject))
    assert plan.description["conditions"] == ["raw", "bald"]
    split = {subject: name for _, subject, name in plan.subjects}
    doubles = {photo.subject: photo for photo in plan.doppelgangers}
    assert set(doubles) == {
        f"{one.subject}-doppelganger" for one in people[2:] if split[one.subject] == "eval"
    }
    assert [photo.reference for photo in plan.doppelgangers] == sorted(
        photo.reference for photo in plan.doppelgangers
    )
    for name, photo in doubles.items():
        assert (photo.split, photo.condition) == ("eval", "raw")
        assert photo.source == Path("other", name.removesuffix("-doppelganger"))


def test_what_is_not_known_is_remarked_for_the_track_that_needs_it() -> None:
    people = [person(number) for number in range(8)]
    people[0] = replace(people[0], attributes=people[0].attributes._replace(sex="n/a"))
    remark = ("sex is not known of 1 of 8 people, who are not scored on it",)
    assert plan_people(people, CONFIG, True).remarks == remark
    plan = plan_people(people, replace(CONFIG, tracks=["defacing", "attack"]), True)
    assert plan.remarks == ()
    assert plan.description["attributes"]["sex"] == ["F", "M"]


def test_a_list_that_cannot_be_names_its_split() -> None:
    twice = [person(number) for number in range(8)]
    photos = {"01": {"raw": Path("a")}, "02": {"raw": Path("b")}}
    for number in (0, 1, 2, 3):
        scan = ScanFile("ses-1", Path("x.nii.gz"), {}), ScanFile("ses-2", Path("y.nii.gz"), {})
        twice[number] = replace(twice[number], scans=scan, photos=photos)
    with pytest.raises(CohortError, match=r"^dev: nonmated_per_probe is 2; expected 0 \(all\), or a number"):
        plan_people(twice, replace(CONFIG, nonmated_per_probe=2), True)


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5, 0.9])
def test_every_kth_of_a_row_is_in_dev(share: float) -> None:
    """In the order of attributes and of a keyed hash; so neighbours are in turn."""
    people = [person(number) for number in range(20)]
    found = split_people(people, share, 3, "x")
    order = sorted(people, key=lambda p: (p.attributes, secret_bytes(3, "split", "x", p.subject)))
    row = [found[one.subject] == "dev" for one in order]
    assert sum(row) == round(20 * share)
    for begin in range(20):
        for end in range(begin, 20):
            assert abs(sum(row[begin:end]) - (end - begin) * share) <= 1
    assert row == [int((i + 1) * share + 0.5) > int(i * share + 0.5) for i in range(20)]
