"""From the jobs of a participant's algorithm, one a scan, to a submission like any other.

grand-challenge lists them in `predictions.json`. What an input or output is called there was an "interface"
and is a "socket" now; both are read.
"""

import json
import stat
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mriprivacy.challenge.edition.public import Edition
from mriprivacy.challenge.export.grand_challenge.metaimage import MetaImageError, plain_metaimage
from mriprivacy.challenge.intake.description import SubmissionError, write_submission_json
from mriprivacy.data_prep.formats.atomic import OutsideError, inside
from mriprivacy.data_prep.formats.problems import Findings, shown
from mriprivacy.data_prep.formats.schema import ATTRIBUTE_COLUMNS, DISTRACTORS, SCORE_COLUMNS, Attributes
from mriprivacy.data_prep.formats.tables.tsv import write_table

INPUT_SOCKET = "head-mri"
SOCKETS = {"attack": "scores", "attributes": "attributes", "defacing": "defaced-head-mri"}
_LARGEST_JSON = 10_000_000


class JobError(Exception):
    """What is wrong with a job, and where; counted where it is caught, before it is shown."""


def assemble(source: Path, edition: Edition, track: str, folder: Path) -> None:
    """Write the submission that the jobs amount to; whether it is complete is for intake to say.

    Parameters
    ----------
    source : Path
        `/input`: with `predictions.json`, and the outputs of a job below `<pk>/output`.
    edition : Edition
        Which scans there are.
    track : str
        Which output is looked for (`SOCKETS`).
    folder : Path
        Where to.

    Raises
    ------
    SubmissionError
        With every kind of job whose scan is unknown or whose output is not what the track asks for, and how
        many there are.
    """
    jobs = json.loads((source / "predictions.json").read_text(encoding="utf-8"))
    places = {scan: name for name, split in edition.splits.items() for scan in split.scans}
    found: dict[str, Path] = {}
    wrong = Findings("the jobs")
    for job in jobs:
        try:
            name = _image_name(job["inputs"])
            probe = name.split("_")[0]
            if probe not in places:
                wrong.add("scan that is none of this edition", shown(name))
            elif probe in found:
                wrong.add("scan with more than one job", shown(name))
            else:
                output = _relative_path(job["outputs"], SOCKETS[track])
                found[probe] = inside(source, f"{job['pk']}/output/{output}")
        except JobError as error:
            wrong.add(*error.args)
        except OutsideError:
            wrong.add("path of an output that leads out of the input", probe)
    rows: list[tuple[str, ...]] = []
    for probe, path in sorted(found.items()):
        try:
            if track == "defacing":
                split = edition.splits[places[probe]]
                target = folder / split.name / "mri" / split.scan_name(probe)
                _convert(path, split.scan(probe), target)
            elif track == "attack":
                rows += [(probe, ref, repr(score)) for ref, score in _numbers(path).items()]
            else:
                rows.append((probe, *_attributes(path)))
        except JobError as error:
            wrong.add(error.args[0], probe)
    if problems := wrong.problems():
        raise SubmissionError(*problems)
    if track == "attack":
        strangers = set(edition.eval.distractors)
        write_table(folder / "scores.tsv", SCORE_COLUMNS, [row for row in rows if row[1] not in strangers])
        if strangers:
            write_table(folder / DISTRACTORS, SCORE_COLUMNS, [row for row in rows if row[1] in strangers])
    elif track == "attributes":
        write_table(folder / "attributes.tsv", ATTRIBUTE_COLUMNS, rows)
    write_submission_json(
        folder,
        edition=edition.name,
        track=track,
        team="participant",
        system="algorithm",
        description="An algorithm that was run by grand-challenge.",
        contact="participant@grand-challenge.example",
        licence="proprietary",
    )


def _slug(value: Mapping[str, Any]) -> str:
    return str((value.get("socket") or value.get("interface") or {}).get("slug"))


def _image_name(inputs: Sequence[Mapping[str, Any]]) -> str:
    for value in inputs:
        if _slug(value) == INPUT_SOCKET and value.get("image"):
            return str(value["image"]["name"])
    raise JobError(f"job without input {INPUT_SOCKET}")


def _relative_path(outputs: Sequence[Mapping[str, Any]], slug: str) -> str:
    for value in outputs:
        if _slug(value) == slug:
            return str((value.get("socket") or value["interface"])["relative_path"])
    raise JobError(f"job without output {slug}", shown(", ".join(map(_slug, outputs))))


def _read(path: Path) -> dict[str, Any]:
    try:
        about = path.lstat()
        small = stat.S_ISREG(about.st_mode) and about.st_size <= _LARGEST_JSON
        value = json.loads(path.read_text(encoding="utf-8")) if small else None
    except (OSError, ValueError, RecursionError) as error:
        raise JobError(f"{path.name} is missing or no JSON") from error
    if not small:
        raise JobError(f"{path.name} is no plain file of at most {_LARGEST_JSON} bytes")
    if not isinstance(value, dict):
        raise JobError(f"{path.name} is no JSON object")
    return value


def _numbers(path: Path) -> dict[str, float]:
    scores = _read(path)
    for reference, score in scores.items():
        if isinstance(score, bool) or not isinstance(score, int | float) or not reference.isprintable():
            raise JobError("expected a number for every reference")
    try:
        return {reference: float(score) for reference, score in scores.items()}
    except OverflowError as error:
        raise JobError("expected a number for every reference, none beyond 1e30") from error


def _attributes(path: Path) -> tuple[str, ...]:
    said = _read(path)
    if set(said) != set(Attributes._fields) or not all(isinstance(value, str) for value in said.values()):
        raise JobError(f"expected text for {', '.join(Attributes._fields)}, and nothing else")
    return tuple(said[name] for name in Attributes._fields)


def _convert(folder: Path, original: Path, target: Path) -> None:
    """Turn the one image of an output into NIfTI; the container has SimpleITK, the kit does not need it."""
    import nibabel as nib
    import SimpleITK

    images = sorted(folder.glob("*.mha"))
    if len(images) != 1:
        raise JobError(f"{len(images)} .mha images in its output; expected one")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        plain = Path(scratch) / "plain.mha"
        try:
            plain.write_bytes(plain_metaimage(images[0], nib.load(original).shape))
            SimpleITK.WriteImage(SimpleITK.ReadImage(str(plain)), str(target), useCompression=True)
        except MetaImageError as error:
            raise JobError(f"its image {error}") from error
        except RuntimeError as error:
            raise JobError("its image cannot be read") from error
