"""A Codabench bundle: one zip that an organizer uploads and has a running benchmark of one track.

With a service its scoring program forwards submissions to the organizer's machine, and nothing of the key is
in it. Without one it is a rehearsal, with the key inside: the platform gives reference data to anybody once a
benchmark is published, and before that to every approved participant. The setting that hides them is read by
the web page alone (release 1.25).
"""

import json
import tempfile
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from mriprivacy.challenge.edition.public import Edition
from mriprivacy.challenge.export.codabench.logo import write_logo
from mriprivacy.challenge.export.codabench.phase import (
    MARGIN,
    Phase,
    Service,
    check_times,
    check_words,
    image_of,
)
from mriprivacy.challenge.export.packing import FILES, QUESTIONS, text, vendor_kit, zip_folder
from mriprivacy.challenge.export.reference_data import write_reference
from mriprivacy.challenge.export.starting_kit import Baselines, write_starting_kit
from mriprivacy.challenge.intake.submission import TABLES

COMMAND = (
    "python3 -m mriprivacy.challenge.export.codabench.codabench_run "
    "/app/input/ref /app/input/res /app/output/scores.json {track} {step} {columns}"
)
FORWARD = "python3 /app/program/forward.py /app/input/res /app/output/scores.json"
REHEARSAL = "REHEARSAL, key open: "


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
    image = image_of(phase)
    check_words(phase)
    check_times(phase)
    with tempfile.TemporaryDirectory() as scratch:
        _write_parts(edition, root, folder, Path(scratch), phase, baselines)
    write_logo(folder / "logo.png")
    about: dict[str, Any] = {"track": phase.track, "limits": phase.limits, "columns": phase.shown}
    about |= {"key_inside": phase.service is None}
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
    found = {"scoring_program": parts / "scoring_program", "starting_kit": parts / "starting_kit"}
    if phase.service:
        _write_forwarder(phase, phase.service, found["scoring_program"])
    else:
        found["reference_data"] = parts / "reference_data"
        write_reference(root, phase.track, found["reference_data"])
        vendor_kit(found["scoring_program"])
        command = COMMAND.format(track=phase.track, step=phase.limits.step, columns=phase.columns)
        (found["scoring_program"] / "metadata.yaml").write_text(f"command: {command}\n", encoding="utf-8")
    tracks = (phase.track,) if _has_solution(edition, phase) else ()
    write_starting_kit(edition, found["starting_kit"], tracks, baselines)
    if tracks:
        found["solution"] = parts / "starting_kit" / "submissions" / phase.track
    if phase.with_data:
        found["public_data"] = edition.root
    for name, part in found.items():
        zip_folder(part, folder / f"{name}.zip")


def _has_solution(edition: Edition, phase: Phase) -> bool:
    """Whether a reference submission goes to the platform: not the defaced scans of real people."""
    return edition.description.get("synthetic") is True or phase.track in TABLES


def _write_forwarder(phase: Phase, service: Service, folder: Path) -> None:
    """Write a scoring program that only forwards."""
    folder.mkdir()
    source = files("mriprivacy.challenge.export.codabench") / "forward.py"
    (folder / "forward.py").write_bytes(source.read_bytes())
    about: dict[str, Any] = {"url": service.url, "track": phase.track, "token": service.token}
    about |= {"seconds": phase.seconds - MARGIN}
    (folder / "service.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    (folder / "metadata.yaml").write_text(f"command: {FORWARD}\n", encoding="utf-8")


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
        "execution_time_limit": phase.seconds,
    }
    task = {
        "index": 0,
        "name": f"{phase.track} {edition.name}",
        "description": f"Manifest sha256 {edition.hash}.",
        "scoring_program": "scoring_program.zip",
        **({} if phase.service else {"reference_data": "reference_data.zip"}),
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
            for index, column in enumerate(phase.shown)
        ],
    }
    return {
        "version": 2,
        "title": f"{'' if phase.service else REHEARSAL}MRI privacy: {phase.track}, {edition.name}",
        "description": QUESTIONS[phase.track],
        "image": "logo.png",
        "terms": "pages/terms.md",
        "docker_image": image,
        "registration_auto_approve": False,
        # A submission may bring a command, which the platform would run: an organizer looks, then starts it.
        "auto_run_submissions": False,
        # The web page alone heeds it: a token in the program is no secret from participants.
        "make_programs_available": phase.service is None,
        "make_input_data_available": False,
        # A submission that is public gives its team's token away.
        "can_participants_make_submissions_public": phase.service is None,
        "enable_detailed_results": False,
        **({"contact_email": phase.contact} if phase.contact else {}),
        "pages": [
            {"title": title, "file": f"pages/{title.lower()}.md"}
            for title in ("Overview", "Submit", "Figures")
        ],
        "tasks": [task],
        **({"queue": phase.queue} if phase.queue else {}),
        "solutions": [
            {"index": 0, "name": "Reference system", "path": "solution.zip", "tasks": [0]},
        ]
        if _has_solution(edition, phase)
        else [],
        "phases": [one_phase],
        "leaderboards": [leaderboard],
    }
