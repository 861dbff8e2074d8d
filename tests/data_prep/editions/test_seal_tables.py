"""Tables of a plan made by hand: what is public of them, what is sealed, and what a leak test asks for."""

import json
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from mriprivacy.data_prep.cohorts.bids import CohortError
from mriprivacy.data_prep.editions import seal
from mriprivacy.data_prep.editions.plan import Plan, SplitPlan
from mriprivacy.data_prep.editions.release import PhotoItem, ScanItem
from mriprivacy.data_prep.editions.trials import Trial
from mriprivacy.data_prep.formats.schema import Attributes

TRIALS = (
    Trial("sub-b", "ph-x", False, True),
    Trial("sub-a", "ph-x", True, True),
    Trial("sub-a", "ph-y", False, False),
    Trial("sub-b", "ph-y", True, True),
)
ATTRIBUTES = {"sub-a": Attributes("F", "18-29", "n/a"), "sub-b": Attributes("M", "60+", "asian")}
DESCRIPTION = {"id": "hand", "version": "3", "licence": "MIT", "synthetic": False}
EVAL = SplitPlan("eval", TRIALS, ATTRIBUTES, ("ph-x", "ph-y"))


def photo(number: int, split: str = "eval") -> PhotoItem:
    target = Path("public", split, "photos", "raw", f"ph-{number}.png")
    return PhotoItem(f"sub-{number:02d}", split, f"ph-{number}", "raw", Path(f"IMG_204{number}.jpg"), target)


def plan(**changes: object) -> Plan:
    subjects = (("ph-x", "Ada", "eval"), ("sub-a", "Ada", "eval"))
    made = Plan(DESCRIPTION, (replace(EVAL, name="dev"), EVAL), (), (), subjects, "ab" * 32)
    return replace(made, **changes)  # type: ignore[arg-type]


def texts(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()
    }


LISTED = "probe\treference\nsub-b\tph-x\nsub-a\tph-x\nsub-a\tph-y\nsub-b\tph-y\n"
OPEN = {
    "key.tsv": "probe\treference\tlabel\n"
    "sub-b\tph-x\tnonmated\nsub-a\tph-x\tmated\nsub-a\tph-y\tnonmated\nsub-b\tph-y\tmated\n",
    "attributes.tsv": "probe\tsex\tage_group\tethnicity\nsub-a\tF\t18-29\tn/a\nsub-b\tM\t60+\tasian\n",
}


@pytest.mark.parametrize("name", ["dev", "eval"])
@pytest.mark.parametrize("references", [None, "T1w"])
def test_labels_of_dev_alone_are_public(name: str, references: str | None, tmp_path: Path) -> None:
    about = DESCRIPTION | ({"references": references} if references else {})
    seal._write_split(replace(EVAL, name=name), about, tmp_path)
    found = texts(tmp_path)
    bids = json.loads(found.pop("mri/dataset_description.json"))
    assert bids == {
        "Name": f"hand 3 {name}",
        "BIDSVersion": "1.10.0",
        "DatasetType": "raw",
        "License": "MIT",
    }
    people = ["ph-x", "ph-y", "sub-a", "sub-b"] if references else ["sub-a", "sub-b"]
    assert found.pop("mri/participants.tsv") == "\n".join(["participant_id", *people, ""])
    assert found == {"trials.tsv": LISTED} | (OPEN if name == "dev" else {})


@pytest.mark.parametrize(
    ("ages", "table"),
    [({}, None), ({"sub-a": 44.5, "sub-b": 1 / 3}, "probe\tage\nsub-a\t44.5\nsub-b\t0.333333333\n")],
)
def test_what_is_sealed(ages: dict[str, float], table: str | None, tmp_path: Path) -> None:
    seal._write_sealed(EVAL, plan(ages=ages), tmp_path)
    assert texts(tmp_path) == {
        "key.tsv": "probe\treference\tlabel\tmatched\nsub-b\tph-x\tnonmated\tyes\nsub-a\tph-x\tmated\tyes\n"
        "sub-a\tph-y\tnonmated\tno\nsub-b\tph-y\tmated\tyes\n",
        "attributes.tsv": OPEN["attributes.tsv"],
        "subjects.tsv": "id\tsubject\tsplit\nph-x\tAda\teval\nsub-a\tAda\teval\n",
        "nonce": "ab" * 32 + "\n",
    } | ({} if table is None else {"ages.tsv": table})


@pytest.mark.parametrize("distractors", [(), ("ds-a",)])
def test_the_files_of_an_edition(distractors: tuple[str, ...]) -> None:
    scan = ScanItem("Ada", "eval", "sub-a", Path("a.nii"), Path("public/eval/mri/a.nii.gz"), ())
    true = replace(photo(2), target=Path("sealed/photos/bald/ph-2.png"))
    found = seal._expected(plan(scans=(scan,), photos=(photo(1), true), distractors=distractors))
    split = {"trials.tsv", "mri/participants.tsv", "mri/dataset_description.json"}
    assert found == (
        {"README.md", "CITATION.cff", "croissant.json", "datapackage.json", "edition.json", "KEY.commitment"}
        | {"eval/mri/a.nii.gz", "eval/photos/raw/ph-1.png"}
        | {f"eval/{name}" for name in split}
        | {f"dev/{name}" for name in {*split, "key.tsv", "attributes.tsv"}}
        | ({"eval/distractors.tsv"} if distractors else set())
    )


def test_the_words_that_stand_nowhere_in_public(tmp_path: Path) -> None:
    """Names of files with and without ending, if they are long and have a digit; people; texts of headers."""
    image = nib.Nifti1Image(np.zeros((2, 2, 2), np.int16), np.eye(4))
    image.header["descrip"] = b"seen in Paris"
    path = tmp_path / "sub-07_T2w.nii.gz"
    nib.save(image, path)
    scan = ScanItem("sub-07", "eval", "sub-a", path, Path("public/eval/mri/a.nii.gz"), ())
    other = replace(photo(3), source=Path("face.png"))
    double = replace(photo(4), source=Path("double-4.png"))
    assert seal._secrets(plan(scans=(scan,), photos=(photo(1), other), doppelgangers=(double,))) == {
        "ab" * 32,
        "Ada",
        "sub-07_T2w.nii.gz",
        "sub-07_T2w",
        "IMG_2041.jpg",
        "IMG_2041",
        "face.png",
        "double-4.png",
        "double-4",
        "seen in Paris",
    }


@pytest.mark.parametrize("unseen", [1, 2, 8])
def test_photographs_of_real_people_are_not_sealed_before_they_were_looked_at(
    unseen: int, tmp_path: Path
) -> None:
    looked = [replace(photo(number), cut=(0, 0, 9, 9)) for number in range(8 - unseen)]
    photos = (*looked, *(photo(number) for number in range(8 - unseen, 8)))
    with pytest.raises(CohortError) as error:
        seal.seal_edition(plan(photos=photos), tmp_path)
    assert str(error.value) == (
        f"IMG_204{8 - unseen}.jpg: its faces were not checked ({unseen} photographs of real people); "
        "expected PhotoItem.cut of each, which `mriprivacy build` decides"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("count", [1, 5, 6])
def test_what_is_not_released_is_counted_and_five_are_named(count: int, tmp_path: Path) -> None:
    photos = tuple(replace(photo(number), cut=(0, 0, 9, 9)) for number in range(7))
    for one in photos[count:]:
        (tmp_path / one.target).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / one.target).touch()
    named = ", ".join(f"public/eval/photos/raw/ph-{number}.png" for number in range(min(count, 5)))
    for made in (plan(photos=photos), plan(photos=photos[count:], doppelgangers=photos[:count])):
        with pytest.raises(CohortError) as error:
            seal.seal_edition(made, tmp_path)
        assert str(error.value) == f"not released yet: {named} ({count} files)"


def test_json_of_an_edition_is_indented_by_two(tmp_path: Path) -> None:
    seal._write_json(tmp_path / "a.json", {"a": "é", "b": [1]})
    assert (tmp_path / "a.json").read_text() == '{\n  "a": "\\u00e9",\n  "b": [\n    1\n  ]\n}\n'


def test_every_probe_of_eval_meets_every_distractor_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "public").mkdir()
    monkeypatch.setattr(seal, "write_metadata", lambda public, description: None)
    monkeypatch.setattr(seal, "find_leaks", lambda public, secrets, expected: ("public: a leak",))
    monkeypatch.setattr(seal, "write_commitment", lambda public, sealed: None)
    strangers = tuple(f"ds-{number}" for number in range(20))
    with pytest.raises(CohortError, match="public: a leak"):
        seal.seal_edition(plan(distractors=strangers), tmp_path)
    head, *rows = (tmp_path / "public" / "eval" / "distractors.tsv").read_text().splitlines()
    assert head == "probe\treference"
    assert sorted(rows) == sorted(f"{probe}\t{name}" for probe in ATTRIBUTES for name in strangers)
    assert rows != sorted(rows)
    assert not (tmp_path / "public" / "dev" / "distractors.tsv").exists()
    assert (tmp_path / "sealed").stat().st_mode & 0o777 == 0o700
