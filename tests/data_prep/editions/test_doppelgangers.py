"""Photographs of doppelgangers are sealed, beside those of the people of eval, and are nowhere public."""

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from mriprivacy.challenge.edition.integrity import verify_edition
from mriprivacy.challenge.edition.public import EditionError, open_edition
from mriprivacy.challenge.edition.sealed import open_sealed
from mriprivacy.data_prep.cohorts.bids import CohortError, Participant
from mriprivacy.data_prep.editions.build_edition import EditionConfig, build_edition, plan_edition
from mriprivacy.data_prep.editions.doppelgangers import check_doppelgangers, doppelganger_photos
from mriprivacy.data_prep.formats.schema import Attributes
from tests.helpers.tiny_cohort import with_doppelgangers

CONFIG = EditionConfig(id="tiny", seed=11, hair_removal="given")


@pytest.fixture(scope="module")
def cohort(tiny_cohort: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("doubles") / "cohort"
    return with_doppelgangers(Path(shutil.copytree(tiny_cohort, folder)))


@pytest.fixture(scope="module")
def edition_folder(cohort: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("doubles") / "edition"
    build_edition(cohort, folder, CONFIG)
    return folder


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_there_is_one_for_each_reference_of_eval_in_every_condition(edition_folder: Path) -> None:
    edition, sealed = open_edition(edition_folder), open_sealed(edition_folder)
    assert verify_edition(edition_folder) == ()
    assert edition.conditions == ("raw", "bald")
    for condition in edition.conditions:
        assert set(sealed.doppelgangers(condition)) == set(edition.eval.references)
    listed = (edition_folder / "sealed" / "SEALED.sha256").read_text()
    assert listed.count("doppelgangers/") == 2 * len(edition.eval.references)


def test_nothing_of_them_is_public(cohort: Path, edition_folder: Path, tiny_edition_folder: Path) -> None:
    """Neither names, contents nor sizes: but for the commitment, public/ is as without them."""
    own, without = (digests(folder / "public") for folder in (edition_folder, tiny_edition_folder))
    assert {name for name in own if own[name] != without.get(name)} <= {"KEY.commitment", "MANIFEST.sha256"}
    assert set(own) == set(without)
    assert not any("doppel" in name.lower() for name in own)
    sealed = digests(edition_folder / "sealed" / "doppelgangers")
    assert sealed
    assert not set(sealed.values()) & set(own.values())
    for path in (edition_folder / "public").rglob("*"):
        if path.suffix in (".json", ".tsv", ".cff", ".md"):
            assert b"doppel" not in path.read_bytes().lower(), path


def test_a_cohort_without_them_builds_as_before_and_opens(tiny_edition_folder: Path) -> None:
    assert not (tiny_edition_folder / "sealed" / "doppelgangers").exists()
    assert open_sealed(tiny_edition_folder).doppelgangers("raw") == {}


def test_a_photograph_that_is_missing_or_exchanged_is_noticed(edition_folder: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(edition_folder, tmp_path / "edition"))
    one, other, *_ = sorted((folder / "sealed" / "doppelgangers" / "raw").glob("*.png"))
    shutil.copy(other, one)
    (problem,) = verify_edition(folder)
    assert "sealed/doppelgangers/raw/" in problem
    one.unlink()
    with pytest.raises(EditionError, match="sealed/doppelgangers/raw: 1 photographs missing or surplus"):
        open_sealed(folder)


def test_a_cohort_in_which_some_are_missing_is_refused(cohort: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(cohort, tmp_path / "cohort"))
    (folder / "derivatives/truth/doppelgangers/raw/sub-03_photo-01.png").unlink()
    with pytest.raises(CohortError, match="different names in raw: sub-03"):
        plan_edition(folder, CONFIG)
    shutil.rmtree(folder / "derivatives/truth/doppelgangers/raw")
    with pytest.raises(CohortError, match=r"a condition that the people have.*doppelgangers/raw/"):
        plan_edition(folder, CONFIG)


def test_real_people_have_none(cohort: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(cohort, tmp_path / "cohort"))
    (folder / "dataset_description.json").write_text(json.dumps({"Name": "x"}))
    with pytest.raises(CohortError, match="a person who resembles a real one is real, too"):
        plan_edition(folder, CONFIG)


def test_the_photographs_removed_hair_is_the_doppelgangers_too(cohort: Path) -> None:
    """With `builtin` both conditions are made from the raw photograph, as the people's own are."""
    plan = plan_edition(cohort, EditionConfig(id="tiny", seed=11))
    own = {(p.reference, p.condition): p.source for p in plan.photos if p.split == "eval"}
    other = {(p.reference, p.condition): p.source for p in plan.doppelgangers}
    assert set(own) == set(other)
    assert {condition for _, condition in other} == {"raw", "bald"}
    for key, source in other.items():
        assert source.name == own[key].name
        assert source.parent.parts[-2:] == ("doppelgangers", "raw")
        assert own[key].parent.parts[-2:] == ("photos", "raw")


@pytest.mark.parametrize(
    ("synthetic", "have", "refused"), [(True, 2, False), (False, 0, False), (False, 1, True)]
)
def test_one_of_real_people_is_enough(synthetic: bool, have: int, refused: bool) -> None:
    plain = Participant("sub-01", Attributes("F", "18-29", "asian"), (), {}, {})
    double = replace(plain, doppelgangers={"01": {"raw": Path("a.png")}})
    people = [double] * have + [plain] * (2 - have)
    if not refused:
        check_doppelgangers(people, synthetic)
        return
    with pytest.raises(
        CohortError, match=r"^derivatives/truth/doppelgangers: photographs of doppelgangers, but"
    ):
        check_doppelgangers(people, synthetic)


@pytest.mark.parametrize(
    ("removal", "conditions"),
    [("none", {"raw": "r"}), ("given", {"raw": "r"}), ("builtin", {"raw": "r", "bald": "r"})],
)
def test_photographs_of_one_in_every_condition(removal: str, conditions: dict[str, str]) -> None:
    person = Participant(
        "sub-01", Attributes("F", "18-29", "asian"), (), {}, {}, doppelgangers={"02": {"raw": Path("r")}}
    )
    photos = doppelganger_photos(person, "02", "ph-a", removal)
    assert {photo.condition: photo.source.name for photo in photos} == conditions
    for photo in photos:
        assert (photo.subject, photo.split, photo.reference) == ("sub-01-doppelganger", "eval", "ph-a")
        assert photo.target == Path("sealed/doppelgangers", photo.condition, "ph-a.png")
