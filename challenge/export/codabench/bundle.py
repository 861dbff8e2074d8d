"""A Codabench bundle: one zip that an organizer uploads and has a running benchmark of one track.

The platform gives reference data, and so the key, to anybody once a benchmark is published, and before that
to every approved participant. The setting that hides them is read by the web page alone (release 1.25).
"""

import re
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from mriprivacy.challenge.edition.public import Edition
from mriprivacy.challenge.export.codabench.logo import write_logo
from mriprivacy.challenge.export.columns import columns
from mriprivacy.challenge.export.packing import FILES, QUESTIONS, text, vendor_kit, zip_folder
from mriprivacy.challenge.export.reference_data import write_reference
from mriprivacy.challenge.export.starting_kit import Baselines, write_starting_kit
from mriprivacy.challenge.intake.submission import TABLES
from mriprivacy.challenge.submission_log.log import Limits
from mriprivacy.scoring.errors import UserError

# Python 3.12, numpy 1.26, scipy 1.11, scikit-learn 1.5, pandas 2.2: enough for the tracks of tables.
STOCK_IMAGE = "codalab/codalab-legacy:py312"
COMMAND = (
    "python3 -m mriprivacy.challenge.export.codabench.codabench_run "
    "/app/input/ref /app/input/res /app/output/scores.json {track} {step} {columns}"
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


@dataclass(frozen=True)
class Phase:
    """What only the organizer knows.

    Attributes
    ----------
    track : str
        One bundle is for one track: Codabench ranks by one column.
    image : str
        Docker image that scores; empty for the stock one, which cannot score defacing.
    start, end : str
        `YYYY-MM-DD HH:MM:SS`, UTC; an empty end is none.
    contact : str
        E-mail address, or empty.
    with_data : bool
        Whether `public/` goes to the platform, for all who can see the benchmark.
    limits : Limits
        Submissions of a participant and of all, and how their scores are shown.
    columns : str
        As in `challenge.export.columns.columns`.
    """

    track: str
    image: str
    start: str
    end: str
    contact: str
    with_data: bool
    limits: Limits
    columns: str


def check_synthetic(edition: Edition) -> None:
    """Raise UserError unless the people of an edition are synthetic: a bundle gives their key away."""
    if edition.description.get("synthetic") is not True:
        raise UserError(
            f"export: edition.json of {edition.name} does not say synthetic: true, so its people are real, "
            "and on Codabench all who can see a benchmark can download the key; expected synthetic people; "
            "for real ones evaluate what arrives on your own machine (mriprivacy evaluate record=...)"
        )


def write_bundle(edition: Edition, root: Path, folder: Path, phase: Phase, baselines: Baselines) -> None:
    """Write what becomes the zip.

    Parameters
    ----------
    edition : Edition
        The public side of `root`.
    root : Path
        With `public/` and `sealed/`.
    folder : Path
        Gets `competition.yaml` and all it names.
    phase : Phase
        What the organizer wants.
    baselines : Baselines
        For the starting kit and the solution.

    Raises
    ------
    UserError
        For dates that are none or in the wrong order, or a track that the image cannot score.
    """
    image = _image(phase)
    _check_times(phase)
    with tempfile.TemporaryDirectory() as scratch:
        _write_parts(edition, root, folder, Path(scratch), phase, baselines)
    write_logo(folder / "logo.png")
    about = {"track": phase.track, "limits": phase.limits, "columns": columns(phase.track, phase.columns)}
    about |= {"question": QUESTIONS[phase.track], "files": FILES[phase.track]}
    for name in ("overview", "submit", "figures", "terms"):
        path = folder / "pages" / f"{name}.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text(f"{name}.md", edition, **about), encoding="utf-8")
    competition = yaml.safe_dump(_competition(edition, phase, image), sort_keys=False, allow_unicode=True)
    (folder / "competition.yaml").write_text(competition, encoding="utf-8")


def _write_parts(
    edition: Edition, root: Path, folder: Path, parts: Path, phase: Phase, baselines: Baselines
) -> None:
    """Write the zips inside of the zip."""
    write_reference(root, phase.track, parts / "reference_data")
    vendor_kit(parts / "scoring_program")
    command = COMMAND.format(track=phase.track, step=phase.limits.step, columns=phase.columns)
    (parts / "scoring_program" / "metadata.yaml").write_text(f"command: {command}\n", encoding="utf-8")
    write_starting_kit(edition, parts / "starting_kit", (phase.track,), baselines)
    found = {
        "reference_data": parts / "reference_data",
        "scoring_program": parts / "scoring_program",
        "starting_kit": parts / "starting_kit",
        "solution": parts / "starting_kit" / "submissions" / phase.track,
    }
    if phase.with_data:
        found["public_data"] = edition.root
    for name, part in found.items():
        zip_folder(part, folder / f"{name}.zip")


def _check_times(phase: Phase) -> None:
    for name, time in (("start", phase.start), ("end", phase.end)):
        if (name, time) == ("end", ""):
            continue
        try:
            datetime.fromisoformat(time if _DATE.fullmatch(time) else "")
        except ValueError as error:
            raise UserError(f"export: {name} is {time!r}; expected YYYY-MM-DD HH:MM:SS, in UTC") from error
    if phase.end and phase.end <= phase.start:
        raise UserError(f"export: end is {phase.end!r}; expected a time after start, {phase.start}")


def _image(phase: Phase) -> str:
    if phase.track not in TABLES and not phase.image:
        raise UserError(
            "export: scoring defacing needs the whole kit, which Codabench's stock image has not; build an "
            "image from the Dockerfile of the kit, push it, and give image=YOU/mriprivacy:0.1.0"
        )
    return phase.image or STOCK_IMAGE


def _competition(edition: Edition, phase: Phase, image: str) -> dict[str, Any]:
    one_phase: dict[str, Any] = {
        "index": 0,
        "name": "Evaluation",
        "description": f"Track {phase.track} of {edition.name}.",
        "start": phase.start,
        **({"end": phase.end} if phase.end else {}),
        "tasks": [0],
        "starting_kit": "starting_kit.zip",
        **({"public_data": "public_data.zip"} if phase.with_data else {}),
        "accepts_only_result_submissions": True,  # the platform reads it nowhere: see auto_run_submissions
        "max_submissions_per_day": phase.limits.per_day,
        "max_submissions": phase.limits.total,
        "execution_time_limit": 600 if phase.track in TABLES else 36_000,
    }
    task = {
        "index": 0,
        "name": f"{phase.track} {edition.name}",
        "description": f"Manifest sha256 {edition.hash}.",
        "scoring_program": "scoring_program.zip",
        "reference_data": "reference_data.zip",
    }
    leaderboard = {
        "title": f"Track {phase.track}",
        "key": phase.track,
        "submission_rule": "Force_Last",
        "columns": [
            {
                "index": index,
                "key": column.key,
                "title": column.title,
                "sorting": "desc" if column.higher_is_better else "asc",
                "precision": 3,
            }
            for index, column in enumerate(columns(phase.track, phase.columns))
        ],
    }
    return {
        "version": 2,
        "title": f"MRI privacy: {phase.track}, {edition.name}",
        "description": QUESTIONS[phase.track],
        "image": "logo.png",
        "terms": "pages/terms.md",
        "docker_image": image,
        "registration_auto_approve": False,
        # A submission may bring a command, which the platform would run: an organizer looks, then starts it.
        "auto_run_submissions": False,
        "make_programs_available": True,
        "make_input_data_available": False,
        "enable_detailed_results": False,
        **({"contact_email": phase.contact} if phase.contact else {}),
        "pages": [
            {"title": title, "file": f"pages/{title.lower()}.md"}
            for title in ("Overview", "Submit", "Figures")
        ],
        "tasks": [task],
        "solutions": [
            {"index": 0, "name": "Reference system", "path": "solution.zip", "tasks": [0]},
        ],
        "phases": [one_phase],
        "leaderboards": [leaderboard],
    }
