"""The IXI data set as people download it, as a BIDS dataset: T1w and T2w heads, sex, age, ethnicity.

IXI has no photographs. Files are called `IXI012-HH-1211-T1.nii.gz`, in one folder or one a contrast; the
table is `IXI.xls`, or the same saved as CSV, in whose coded columns 0 means that it is not known.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mriprivacy.data_prep.cohorts.bids import CohortError
from mriprivacy.data_prep.cohorts.cohort_files import dicom_hint
from mriprivacy.data_prep.formats.atomic import whole_file, write_whole
from mriprivacy.data_prep.formats.schema import NOT_AVAILABLE
from mriprivacy.data_prep.formats.tables.tsv import write_table

COLUMNS = ("participant_id", "sex", "age", "ethnicity", "site")
SEX = {1: "M", 2: "F"}
ETHNICITY = {1: "white", 3: "asian", 4: "black", 5: "chinese", 6: "other"}
CONTRASTS = ("T1w", "T2w", "PDw")
_SCAN = re.compile(r"IXI(\d{3})-(Guys|HH|IOP)-\d{4}-(T1|T2|PD)\.nii(?:\.gz)?", re.ASCII)
_NO_HEAD = re.compile(r"IXI\d{3}-(Guys|HH|IOP)-\d{4}-(MRA|DTI-\d{2})\.nii(?:\.gz)?", re.ASCII)


@dataclass(frozen=True)
class IxiPerson:
    """One person of IXI.

    Attributes
    ----------
    number : int
        As in `IXI012`.
    site : str
        `Guys`, `HH` or `IOP`.
    scans : mapping from str to Path
        By BIDS suffix: `T1w`, `T2w`, `PDw`.
    sex, age, ethnicity : str
        `n/a` where the table does not say, or says two things.
    """

    number: int
    site: str
    scans: Mapping[str, Path]
    sex: str = NOT_AVAILABLE
    age: str = NOT_AVAILABLE
    ethnicity: str = NOT_AVAILABLE

    @property
    def subject(self) -> str:
        """The BIDS name."""
        return f"sub-IXI{self.number:03d}"


def read_ixi(
    root: Path, table: Path, contrasts: Sequence[str] = ("T1w", "T2w")
) -> tuple[tuple[IxiPerson, ...], tuple[str, ...]]:
    """Find the people of IXI with all contrasts, and their lines of the table.

    Parameters
    ----------
    root : Path
        Folder of the scans, or of the folders they were unpacked into.
    table : Path
        `IXI.xls`, `.xlsx` or `.csv`.
    contrasts : sequence of str
        Some of `CONTRASTS`.

    Returns
    -------
    people : tuple of IxiPerson
        In the order of their numbers.
    remarks : tuple of str
        People and files that were left out, and values that are not known, counted.

    Raises
    ------
    CohortError
        If IXI has no such contrast, there is no scan, or the table cannot be read, lacks a column, or has a
        code that IXI does not have.

    Examples
    --------
    >>> read_ixi(Path("nowhere"), Path("IXI.xls"))
    Traceback (most recent call last):
    mriprivacy.data_prep.cohorts.bids.CohortError: nowhere: no such folder; expected the scans of IXI
    """
    found: dict[int, dict[str, Path]] = {}
    sites: dict[int, str] = {}
    problems = _wrong_contrasts(contrasts)
    if not root.is_dir():
        problems.append(f"{root}: no such folder; expected the scans of IXI")
    if problems:
        raise CohortError(*problems)
    others = []
    for path in sorted(root.rglob("IXI*.nii*")):
        match = _SCAN.fullmatch(path.name)
        if not match and not _NO_HEAD.fullmatch(path.name):
            others.append(path.name)
        if not match or f"{match[3]}w" not in contrasts:
            continue
        own = found.setdefault(int(match[1]), {})
        if f"{match[3]}w" in own:
            problems.append(f"{path}: {own[match[3] + 'w'].name} is there too; expected one a person")
        own[f"{match[3]}w"] = path
        sites[int(match[1])] = match[2]
    if not found:
        wanted = " or ".join(f"IXI012-HH-1211-{contrast.removesuffix('w')}.nii.gz" for contrast in contrasts)
        but = f"; found {_some(others)}" if others else ""
        problems.append(f"{root}: no scan called like {wanted}{but}{dicom_hint(root)}")
    known, wrong = _read_table(table)
    problems += wrong
    if problems:
        raise CohortError(*problems)
    whole = {number: scans for number, scans in found.items() if len(scans) == len(contrasts)}
    if not whole:
        raise CohortError(f"{root}: no person has all of {', '.join(contrasts)}")
    people = tuple(
        IxiPerson(number, sites[number], scans, **known.get(number, {}))
        for number, scans in sorted(whole.items())
    )
    remarks = []
    if others:
        count = f"{len(others)} files are not called like IXI012-HH-1211-T1.nii.gz and are left out"
        remarks.append(f"{count}: {_some(others)}")
    if len(whole) < len(found):
        left = [f"IXI{number:03d}" for number in sorted(set(found) - set(whole))]
        remarks.append(
            f"{len(left)} people have not all of {', '.join(contrasts)} and are left out: {', '.join(left)}"
        )
    for name in ("sex", "age", "ethnicity"):
        unknown = sum(getattr(person, name) == NOT_AVAILABLE for person in people)
        if unknown:
            remarks.append(f"{name} is not known of {unknown} of {len(people)} people")
    return people, tuple(remarks)


def write_ixi(people: Sequence[IxiPerson], folder: Path) -> None:
    """Write people of IXI as a BIDS dataset; scans are copied as they are.

    Parameters
    ----------
    people : sequence of IxiPerson
        From `read_ixi`.
    folder : Path
        An empty folder.
    """
    for person in people:
        for contrast, source in person.scans.items():
            ending = ".nii.gz" if source.name.endswith(".gz") else ".nii"
            target = folder / person.subject / "anat" / f"{person.subject}_{contrast}{ending}"
            with whole_file(target) as temporary:
                temporary.write_bytes(source.read_bytes())
    rows = [(one.subject, one.sex, one.age, one.ethnicity, one.site) for one in people]
    write_table(folder / "participants.tsv", COLUMNS, rows)
    description = {
        "Name": "IXI, heads as BIDS",
        "BIDSVersion": "1.9.0",
        "License": "CC BY-SA 3.0",
        "SourceDatasets": [{"URL": "https://brain-development.org/ixi-dataset/"}],
        "Synthetic": False,
    }
    write_whole(folder / "dataset_description.json", json.dumps(description, indent=1) + "\n")
    write_whole(folder / "README", "IXI data set, CC BY-SA 3.0, brain-development.org/ixi-dataset\n")


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")


def _wrong_contrasts(contrasts: Sequence[str]) -> list[str]:
    """Return what is wrong with the requested contrasts."""
    expected = f"expected some of {', '.join(CONTRASTS)}, which IXI has"
    if not contrasts:
        return [f"cohort.contrasts is empty; {expected}"]
    problems = []
    if unknown := [repr(one) for one in contrasts if one not in CONTRASTS]:
        problems.append(f"cohort.contrasts: {', '.join(unknown)} is unknown; {expected}")
    if twice := [one for one, count in Counter(contrasts).items() if count > 1]:
        problems.append(f"cohort.contrasts: {', '.join(twice)} is given twice; expected each once")
    return problems


def _read_table(path: Path) -> tuple[dict[int, dict[str, str]], list[str]]:
    """Return sex, age and ethnicity by number, and problems."""
    if not path.is_file():
        return {}, [f"{path}: no such file; expected IXI.xls, which is beside the scans where IXI is offered"]
    try:
        table = pd.read_csv(path) if path.suffix.lower() == ".csv" else pd.read_excel(path, engine="calamine")
    except Exception as error:  # pandas and calamine each raise their own on broken files
        fault = str(error).splitlines()[0] if str(error) else type(error).__name__
        return {}, [f"{path}: not a readable table ({fault}); expected .xls or .csv"]
    columns = {str(name).split(" ")[0].upper(): name for name in table.columns}
    missing = [name for name in ("IXI_ID", "SEX_ID", "ETHNIC_ID", "AGE") if name not in columns]
    if missing:
        return {}, [f"{path}: no column {', '.join(missing)}; it has {', '.join(map(str, table.columns))}"]
    known: dict[int, dict[str, str]] = {}
    problems: list[str] = []
    for line, row in enumerate(table.itertuples(index=False), start=2):
        values = dict(zip(table.columns, row, strict=True))
        raw = [_number(values[columns[name]]) for name in ("IXI_ID", "SEX_ID", "ETHNIC_ID", "AGE")]
        number, sex, ethnicity, age = raw
        if number is None:
            continue  # an empty line of the sheet
        person = {
            "sex": _decoded(sex, SEX, problems, f"{path}: line {line}: SEX_ID"),
            "ethnicity": _decoded(ethnicity, ETHNICITY, problems, f"{path}: line {line}: ETHNIC_ID"),
            "age": NOT_AVAILABLE if not age or age < 0 else f"{age:.1f}",
        }
        before = known.setdefault(int(number), person)
        # IXI.xls names some people twice; where the two lines differ, which is right is not known.
        known[int(number)] = {
            name: value if before[name] == value else NOT_AVAILABLE for name, value in person.items()
        }
    return known, problems


def _number(value: object) -> float | None:
    try:
        number = float(str(value).removeprefix("IXI"))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _decoded(code: float | None, names: Mapping[int, str], problems: list[str], where: str) -> str:
    if not code:
        return NOT_AVAILABLE
    if code not in names:
        expected = ", ".join(f"{number} ({name})" for number, name in names.items())
        problems.append(f"{where} is {code:g}; expected 0 (not known), {expected}")
        return NOT_AVAILABLE
    return names[int(code)]
