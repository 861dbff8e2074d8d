"""A dataset as a hospital has it: twelve people, and on each something that public datasets have."""

from collections.abc import Mapping
from pathlib import Path

import nibabel as nib
import numpy as np
from PIL import Image

from tests.helpers.real_faces import beside, face_of
from tests.helpers.toy_heads import toy_head

AFFINE = np.array([[-4.0, 0, 0, 90], [0, 4.0, 0, -120], [0, 0, 4.0, -100], [0, 0, 0, 1]])
EDGE = 160  # of a portrait, pixels
TABLE = [
    ["participant_id", "Gender", "age", "race", "notes"],
    ["sub-01", "Male", "45.0", "Asian", '5" nail in foot'],
    ["sub-02", "w", "89+", "asian", ""],
    ["sub-03", "M", "93", "African", "x"],
    ["sub-04", "f", "40-44", "african", ""],
    ["sub-05", "F", "33", "asian", ""],
    ["sub-06", "M", "34", "asian", ""],
    ["sub-07", "female", "", "african", ""],
    ["sub-08", "M", "36", "asian", ""],
    ["sub-09", "M", "40-44", "asian", ""],
    ["sub-10", "F", "38", "", ""],
    ["sub-11", "F", "039Y", "african", ""],
    ["sub-12", "male", "40,5", "african", ""],
    ["sub-13", "M", "50", "asian", "no scan yet"],
]
# Who can be in an edition with T1w scans, and why the others cannot.
INCLUDED = ("sub-01", "sub-02", "sub-03", "sub-07", "sub-09", "sub-10", "sub-11", "sub-12")
OUT = {
    "sub-04": "no T1w scan, has T2w",
    "sub-05": "sub-05_T1w.nii.gz: its content was not fetched: run datalad get",
    "sub-06": "no photograph",
    "sub-08": "08.png: no face found",
    "sub-13": "no T1w scan",
}
CHOSEN = {
    "sub-01": "sub-01/anat/sub-01_run-1_T1w.nii.gz",
    "sub-02": "sub-02/ses-a/anat/sub-02_ses-a_T1w.nii.gz",
    "sub-03": "sub-03/anat/sub-03_acq-mprage_T1w.nii",
    "sub-12": "sub-12/anat/sub-12_T1w.nii.gz",
}


def write_foreign_dataset(root: Path, photos: Path, portraits: Mapping[str, Path]) -> None:
    """Write the dataset and, elsewhere, a folder of portraits; nothing says that they are synthetic."""
    scans = {
        *(f"sub-01/anat/sub-01_run-{run}_T1w.nii.gz" for run in (1, 2)),
        *(f"sub-02/ses-{one}/anat/sub-02_ses-{one}_T1w.nii.gz" for one in "ab"),
        "sub-03/anat/sub-03_acq-mprage_T1w.nii",
        "sub-03/anat/sub-03_acq-mprage_rec-defaced_T1w.nii.gz",
        "sub-04/anat/sub-04_T2w.nii.gz",
        *(f"sub-{number:02d}/anat/sub-{number:02d}_T1w.nii.gz" for number in range(6, 13)),
        "sub-12/anat/sub-12_acq-test_T1w.nii.gz",
    }
    for name in scans:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        metre = name.startswith("sub-09")
        scale = np.diag([1e-3, 1e-3, 1e-3, 1]) if metre else np.eye(4)
        image = nib.Nifti1Image(toy_head(int(name[4:6])), scale @ AFFINE)
        image.header.set_xyzt_units("meter" if metre else "mm", "sec")
        nib.save(image, path)
        path.with_name(f"._{path.name}").write_bytes(b"\0\5\x16\7")
    link = root / "sub-05" / "anat" / "sub-05_T1w.nii.gz"
    link.parent.mkdir(parents=True)
    link.symlink_to("../../.git/annex/objects/Xx/Yy/MD5E-s1--0/MD5E-s1--0.nii.gz")
    text = "\r\n".join("\t".join(row) for row in TABLE)
    (root / "participants.tsv").write_bytes(text.encode("utf-16"))
    (root / ".bidsignore").write_text("*_acq-test_*\n/extra/\n")
    (root / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0")
    (root / "derivatives" / "sub-01" / "anat").mkdir(parents=True)

    photos.mkdir()
    names = ("obama", "biden", "obama2", "obama3")
    faces = {number: face_of(portraits[names[number % 4]], EDGE) for number in range(1, 13)}
    faces[1].save(photos / "sub-01.JPG")
    faces[2].save(photos / "SUB-02_front.png")
    (photos / "03").mkdir()
    faces[3].convert("CMYK").save(photos / "03" / "front.jpg")
    faces[4].save(photos / "4.png")
    faces[4].save(photos / "04.jpeg")
    faces[5].save(photos / "05.jpg")
    beside(faces[7], face_of(portraits["obama"], EDGE)).save(photos / "sub-07.png")
    Image.new("RGB", (EDGE, EDGE), "grey").save(photos / "08.png")
    faces[9].save(photos / "09.png")
    faces[10].save(photos / "10.jfif", format="JPEG")
    exif = Image.Exif()
    exif[0x0112] = 6
    faces[11].rotate(90, expand=True).save(photos / "11.jpg", exif=exif)
    faces[12].save(photos / "sub-12.png")
    (photos / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0")
    (photos / "._sub-12.png").write_bytes(b"\0\5\x16\7")
    (photos / "readme.txt").write_text("portraits of 2024")
