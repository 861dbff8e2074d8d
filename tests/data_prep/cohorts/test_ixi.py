"""IXI made by hand: its file names, its codes, and the oddities of its table."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import xlwt

from mriprivacy.challenge.cli import main
from mriprivacy.data_prep.cohorts.bids import CohortError
from mriprivacy.data_prep.cohorts.ixi import read_ixi

HEADER = ["IXI_ID", "SEX_ID (1=m, 2=f)", "HEIGHT", "WEIGHT", "ETHNIC_ID", "DOB", "STUDY_DATE", "AGE"]
ROWS: list[list[object]] = [
    [2, 2, 164, 58, 1, "1970-01-01", "2005-11-18", 35.80],
    [12, 1, 175, 70, 5, "1966-08-20", "2005-06-01", 38.78],
    [13, 1, 182, 70, 0, "1958-09-15", "2005-06-01", 46.71],
    [14, 2, 163, 65, 4, "", "", ""],
    [15, 1, 181, 90, 3, "", "", 24.0],
    [15, 1, 181, 90, 6, "", "", 25.0],  # named twice, and not alike
    ["", "", "", "", "", "", "", ""],
    [999, 1, 181, 90, 1, "", "", 70.0],  # never scanned
]


def write_scan(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    data = np.random.default_rng(0).integers(0, 900, (20, 20, 20)).astype(np.int16)
    nib.save(nib.Nifti1Image(data, np.eye(4)), path)


def write_table(path: Path, rows: list[list[object]], header: list[str] = HEADER) -> Path:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Table")
    for i, row in enumerate([header, *rows]):
        for j, value in enumerate(row):
            if value != "":
                sheet.write(i, j, value)
    book.save(str(path))
    return path


@pytest.fixture
def ixi(tmp_path: Path) -> Path:
    """Two folders of scans, as two archives unpack, and IXI.xls."""
    for name in ("002-Guys-0828", "012-HH-1211", "013-HH-1212", "014-IOP-1236", "015-HH-1258"):
        write_scan(tmp_path / "ixi" / "IXI-T1" / f"IXI{name}-T1.nii.gz")
        write_scan(tmp_path / "ixi" / "IXI-T2" / f"IXI{name}-T2.nii.gz")
    write_scan(tmp_path / "ixi" / "IXI-T1" / "IXI016-Guys-0697-T1.nii.gz")  # no T2
    write_scan(tmp_path / "ixi" / "IXI-PD" / "IXI016-Guys-0697-PD.nii.gz")
    write_table(tmp_path / "ixi" / "IXI.xls", ROWS)
    return tmp_path / "ixi"


def test_codes_become_words_and_nought_is_missing(ixi: Path) -> None:
    people, remarks = read_ixi(ixi, ixi / "IXI.xls")
    assert [(one.subject, one.sex, one.age, one.ethnicity, one.site) for one in people] == [
        ("sub-IXI002", "F", "35.8", "white", "Guys"),
        ("sub-IXI012", "M", "38.8", "chinese", "HH"),
        ("sub-IXI013", "M", "46.7", "n/a", "HH"),
        ("sub-IXI014", "F", "n/a", "black", "IOP"),
        ("sub-IXI015", "M", "n/a", "n/a", "HH"),
    ]
    assert remarks == (
        "1 people have not all of T1w, T2w and are left out: IXI016",
        "age is not known of 2 of 5 people",
        "ethnicity is not known of 2 of 5 people",
    )


def test_one_contrast_is_enough_if_asked_for(ixi: Path) -> None:
    people, _ = read_ixi(ixi, ixi / "IXI.xls", ["T1w"])
    assert [one.number for one in people] == [2, 12, 13, 14, 15, 16]
    assert people[-1].sex == "n/a"


def test_the_command_writes_bids(ixi: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["cohort", "cohort=ixi", f"cohort.root={ixi}", f"cohort.table={ixi / 'IXI.xls'}"]
    assert main([*words, f"output={tmp_path / 'people'}"]) == 0
    assert "5 people of IXI" in capsys.readouterr().out
    table = (tmp_path / "people" / "participants.tsv").read_text().splitlines()
    assert table[0].split("\t") == ["participant_id", "sex", "age", "ethnicity", "site"]
    assert table[1].split("\t") == ["sub-IXI002", "F", "35.8", "white", "Guys"]
    written = tmp_path / "people" / "sub-IXI012" / "anat" / "sub-IXI012_T2w.nii.gz"
    assert written.read_bytes() == (ixi / "IXI-T2" / "IXI012-HH-1211-T2.nii.gz").read_bytes()


def test_the_table_may_be_csv(ixi: Path) -> None:
    text = "IXI_ID,SEX_ID,ETHNIC_ID,AGE\nIXI002,1,1,30\n2,1,1,30\n"
    (ixi / "IXI.csv").write_text(text)
    people, _ = read_ixi(ixi, ixi / "IXI.csv")
    assert (people[0].sex, people[0].age) == ("M", "30.0")


def test_all_that_is_wrong_is_told(ixi: Path) -> None:
    write_table(ixi / "bad.xls", [[2, 3, 0, 0, 2, "", "", 30.0]])
    write_scan(ixi / "again" / "IXI002-Guys-0828-T1.nii.gz")
    with pytest.raises(CohortError) as caught:
        read_ixi(ixi, ixi / "bad.xls")
    lines = caught.value.problems
    assert len(lines) == 3
    assert "SEX_ID is 3; expected 0 (not known), 1 (M), 2 (F)" in lines[1]
    assert "ETHNIC_ID is 2" in lines[2]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("gone.xls", None, "no such file"),
        ("junk.xls", b"junk", "not a readable table"),
        ("other.csv", b"a,b\n1,2\n", "no column IXI_ID, SEX_ID, ETHNIC_ID, AGE"),
    ],
)
def test_a_table_that_is_none_is_refused(name: str, content: bytes | None, message: str, ixi: Path) -> None:
    if content is not None:
        (ixi / name).write_bytes(content)
    with pytest.raises(CohortError, match=message):
        read_ixi(ixi, ixi / name)


def test_a_folder_without_scans_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CohortError, match="no scan called like IXI012"):
        read_ixi(tmp_path, write_table(tmp_path / "IXI.xls", ROWS))


@pytest.mark.parametrize(
    ("contrasts", "message"),
    [
        ([], "cohort.contrasts is empty; expected some of T1w, T2w, PDw"),
        (["T1w", "FLAIR", "MRAw", "T1"], "'FLAIR', 'MRAw', 'T1' is unknown; expected some of T1w, T2w, PDw"),
        (["T1w", "T2w", "T1w"], "T1w is given twice"),
    ],
)
def test_contrasts_that_ixi_has_not_are_refused_first(
    contrasts: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["cohort", "cohort=ixi", f"cohort.root={tmp_path / 'x'}", "cohort.table=y", "output=z"]
    assert main([*words, f"cohort.contrasts=[{','.join(contrasts)}]"]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert "no such folder" in said  # all that is wrong at once


def test_files_called_otherwise_are_counted(ixi: Path) -> None:
    whole = (ixi / "IXI-T1" / "IXI002-Guys-0828-T1.nii.gz").read_bytes()
    for name in ("MRA", "DTI-00", "T1 (1)", "T1_brain"):
        (ixi / "IXI-T1" / f"IXI003-Guys-0828-{name}.nii.gz").write_bytes(whole)
    _, remarks = read_ixi(ixi, ixi / "IXI.xls")
    assert remarks[0] == (
        "2 files are not called like IXI012-HH-1211-T1.nii.gz and are left out: "
        "IXI003-Guys-0828-T1 (1).nii.gz, IXI003-Guys-0828-T1_brain.nii.gz"
    )
    for path in ixi.rglob("IXI0*-T?.nii.gz"):
        path.unlink()
    with pytest.raises(CohortError, match=r"IXI012-HH-1211-T1.nii.gz or .*; found IXI003-Guys-0828-T1 \(1\)"):
        read_ixi(ixi, ixi / "IXI.xls")
