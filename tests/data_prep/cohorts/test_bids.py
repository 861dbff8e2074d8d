"""Reading a cohort: what is missing, surplus or unreadable is said, all at once."""

import shutil
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from PIL import Image

from mriprivacy.data_prep.cohorts.bids import CohortError, is_synthetic, read_cohort
from mriprivacy.data_prep.cohorts.cohort_files import CohortFiles
from mriprivacy.data_prep.cohorts.people_values import group_of
from mriprivacy.scoring.errors import UserError
from tests.helpers.sessions import with_sessions

EDGES = [18, 30, 45, 60]


def test_people(tiny_cohort: Path) -> None:
    people = read_cohort(tiny_cohort, "T2w", EDGES)
    assert [p.subject for p in people] == [f"sub-{number:02d}" for number in range(1, 11)]
    assert people[0].attributes == ("M", "18-29", "asian")
    assert {number: sorted(files) for number, files in people[0].photos.items()} == {
        "01": ["bald", "raw"],
        "02": ["bald", "raw"],
    }
    assert [scan.session for scan in people[0].scans] == [""]
    assert set(people[0].scans[0].truth) == {"brain_masks"}


def spoil_participants(old: str, new: str) -> Callable[[Path], None]:
    def spoil(root: Path) -> None:
        path = root / "participants.tsv"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    return spoil


def spoil_file(name: str, content: bytes | None) -> Callable[[Path], None]:
    def spoil(root: Path) -> None:
        path = root / name
        if content is None:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    return spoil


def other_grid(root: Path) -> None:
    path = next((root / "derivatives" / "truth" / "sub-04" / "anat").iterdir())
    image = nib.load(path)
    affine = image.affine.copy()
    affine[0, 3] += 1
    nib.save(nib.Nifti1Image(np.asanyarray(image.dataobj), affine), path)


def two_volumes(root: Path) -> None:
    path = root / "sub-02" / "anat" / "sub-02_T2w.nii.gz"
    nib.save(nib.Nifti1Image(np.zeros((20, 20, 20, 2), np.int16), np.eye(4)), path)


def huge_photo(root: Path) -> None:
    Image.new("1", (9000, 9000)).save(root / PHOTO)


PHOTO = "sourcedata/photos/raw/sub-02_photo-01.png"
MASK = "derivatives/truth/sub-03/anat/sub-03_space-T2w_desc-brain_mask.nii.gz"


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (spoil_file("participants.tsv", None), r"cohort/participants.tsv: no such file; expected a BIDS"),
        (spoil_file("participants.tsv", b"sex\tage\nM\t25\n"), "no column says who; it has 'sex', 'age'"),
        (spoil_file("participants.tsv", b"participant_id\tsex\tage\tethnicity\n"), "names no subject"),
        (spoil_participants("sub-01\tM", "sub-01\tred"), "sex is not understood: line 2 'red'"),
        (spoil_participants("\t25\t", "\t17\t"), "age is not an age of 18 to 120 years .*: sub-01 '17'"),
        (spoil_participants("\t25\t", "\told\t"), "age is not understood: line 2 'old'"),
        (spoil_participants("\t25\t", "\t2500\t"), "age is not understood: line 2 '2500'"),
        (spoil_participants("sub-02", "sub-01"), "sub-01 is in line 2 and in line 3; remove one"),
        (spoil_participants("sub-02", "../etc"), "participant_id is not sub- and letters or digits: line 3"),
        (spoil_participants("sub-02", "sub-77"), "participants.tsv does not name: sub-02"),
        (spoil_file("sub-02/anat/sub-02_T2w.nii.gz", None), "scans missing: sub-02/anat/sub-02_T2w.nii.gz"),
        (spoil_file("sub-02/anat/sub-02_T2w.nii.gz", b"no scan"), "scans unreadable: sub-02/anat"),
        (two_volumes, r"scans unreadable: .*shape is \(20, 20, 20, 2\)"),
        (spoil_file(MASK, None), f"brain masks missing: {MASK}"),
        (other_grid, "brain masks on another grid than the scan: sub-04"),
        (spoil_file(PHOTO, b"GIF"), f"photos unreadable: {PHOTO}"),
        (spoil_file(PHOTO, b"\0\0\0\x18ftypheic" + bytes(90)), "photos unreadable: .*is HEIC or AVIF"),
        (huge_photo, "photos unreadable: .*9000 x 9000 pixels; expected at most 50 million"),
        (spoil_file("sourcedata/photos/raw/sub-02_1.HEIC", b""), "photos in HEIC or AVIF; save them as JPEG"),
        (spoil_file(PHOTO, None), "photos missing in condition raw: sub-02"),
        (spoil_file("sourcedata/photos/raw/sub-99_photo-01.png", b""), "photos that belong to no subject"),
        (spoil_file("sourcedata/photos/raw/IMG_1.jpg", b""), "photos that belong to no subject"),
        (lambda root: shutil.rmtree(root / "sourcedata"), "no photos; expected sourcedata/photos/raw"),
        (lambda root: shutil.rmtree(root), "no such folder; expected a BIDS dataset"),
    ],
)  # fmt: skip
def test_cohorts_that_make_no_edition(own_cohort: Path, spoil: Callable[[Path], None], words: str) -> None:
    spoil(own_cohort)
    with pytest.raises(UserError, match=words):
        read_cohort(own_cohort, "T2w", EDGES)


def test_everything_missing_is_named_at_once(own_cohort: Path) -> None:
    spoil_file("sub-02/anat/sub-02_T2w.nii.gz", None)(own_cohort)
    for condition in ("raw", "bald"):
        spoil_file(f"sourcedata/photos/{condition}/sub-04_photo-01.png", None)(own_cohort)
    spoil_participants("sub-01\tM", "sub-01\tred")(own_cohort)
    with pytest.raises(UserError) as caught:
        read_cohort(own_cohort, "T2w", EDGES)
    assert len(caught.value.problems) == 3
    for word in ("'red'", "sub-02_T2w", "subjects without a photo: sub-04"):
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("age", "group"),
    [("18", "18-29"), ("29.99", "18-29"), ("30", "30-44"), ("60", "60+"), ("89+", "60+"), ("n/a", "n/a")],
)
def test_age_groups(age: str, group: str) -> None:
    assert group_of(age, [18, 30, 45, 60])[0] == group


def test_truth_that_is_not_compressed_is_not_overlooked(own_cohort: Path) -> None:
    for path in (own_cohort / "derivatives" / "truth").rglob("*_mask.nii.gz"):
        nib.save(nib.load(path), path.with_suffix(""))
        path.unlink()
    for person in read_cohort(own_cohort, "T2w", EDGES):
        (scan,) = person.scans
        assert [path.name for path in scan.truth.values()] == [
            f"{person.subject}_space-T2w_desc-brain_mask.nii"
        ]


def test_every_session_has_a_scan_of_its_own(own_cohort: Path) -> None:
    people = read_cohort(with_sessions(own_cohort), "T2w", EDGES)
    sessions = {person.subject: [scan.session for scan in person.scans] for person in people}
    assert sessions["sub-01"] == ["ses-1", "ses-2"]
    assert sessions["sub-02"] == ["ses-1"]
    assert people[0].scans[1].path.name == "sub-01_ses-2_T2w.nii.gz"
    assert people[0].scans[1].truth["brain_masks"].is_file()


def test_a_session_with_two_scans_of_a_contrast_must_say_which(own_cohort: Path) -> None:
    anat = own_cohort / "sub-02" / "anat"
    for entity in ("acq-tse", "acq-space"):
        shutil.copy(anat / "sub-02_T2w.nii.gz", anat / f"sub-02_{entity}_T2w.nii.gz")
    with pytest.raises(CohortError, match=r"several T2w scans in one session; .*sub-02_acq-space_T2w.nii.gz"):
        read_cohort(own_cohort, "T2w", EDGES)
    with pytest.raises(CohortError, match=r"scans missing \(9 in all\): sub-01/anat/sub-01_acq-tse_T2w"):
        read_cohort(own_cohort, "T2w", EDGES, CohortFiles(entities="acq-tse"))


def test_dicom_where_a_scan_should_be_names_the_converter(own_cohort: Path) -> None:
    for subject in ("sub-02", "sub-04"):
        anat = own_cohort / subject / "anat"
        (anat / f"{subject}_T2w.nii.gz").unlink()
        (anat / "series").mkdir()
        (anat / "series" / "IM0001").write_bytes(bytes(128) + b"DICM" + bytes(40))
    (own_cohort / "sub-03" / "anat" / "sub-03_T2w.nii.gz").unlink()  # only missing
    with pytest.raises(CohortError, match=r"scans missing \(3 in all\)") as caught:
        read_cohort(own_cohort, "T2w", EDGES)
    (line,) = (line for line in caught.value.problems if "dcm2niix" in line)
    assert line.endswith("(dcm2niix -z y -o OUT FOLDER) (2 in all): sub-02, sub-04")


def test_photographs_may_lie_anywhere_under_any_name(own_cohort: Path, tmp_path: Path) -> None:
    album = tmp_path / "album"
    album.mkdir()
    for number in range(1, 11):
        Image.new("RGB", (9, 9)).save(album / f"sub-{number:02d}.jpg")
    Image.new("RGB", (9, 9)).save(album / "sub-02_left-side.png")
    files = CohortFiles(photos=str(album), bald_photos="")
    people = read_cohort(own_cohort, "T2w", EDGES, files)
    assert set(people[0].photos) == {""}
    assert set(people[1].photos) == {"", "left-side"}
    (album / "sub-02.png").write_bytes((album / "sub-02_left-side.png").read_bytes())
    with pytest.raises(CohortError, match=r"two endings: raw/sub-02\.png"):
        read_cohort(own_cohort, "T2w", EDGES, files)
    with pytest.raises(CohortError, match="no photos; expected pictures/"):
        read_cohort(own_cohort, "T2w", EDGES, CohortFiles(photos="pictures"))


def test_people_are_real_unless_the_cohort_declares_otherwise(own_cohort: Path) -> None:
    path = own_cohort / "dataset_description.json"
    path.unlink()
    assert not is_synthetic(own_cohort)
    for text, synthetic in (("{}", False), ('{"Synthetic": true}', True), ('{"Synthetic": false}', False)):
        path.write_text(text)
        assert is_synthetic(own_cohort) == synthetic
    for text, words in (
        ('{"Synthetic": "yes"}', "Synthetic is 'yes'"),
        ("[]", "Synthetic is"),
        ("{", "not JSON"),
    ):
        path.write_text(text)
        with pytest.raises(UserError, match=words):
            is_synthetic(own_cohort)
