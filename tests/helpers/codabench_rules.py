"""What Codabench's unpacker asks of a bundle, restated: what `export` writes must pass it."""

import re
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

FILES = ("scoring_program", "reference_data", "ingestion_program", "input_data")
RULES = (
    "Add", "Add_And_Delete", "Add_And_Delete_Multiple", "Force_Last", "Force_Latest_Multiple", "Force_Best",
)  # fmt: skip


def bundle_problems(path: Path) -> list[str]:
    """Return everything for which the platform would refuse a bundle, or not run it; empty if nothing.

    Parameters
    ----------
    path : Path
        The zip.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "bundle.zip"
    >>> with zipfile.ZipFile(path, "w") as bundle:
    ...     bundle.writestr("inside/competition.yaml", "version: 2")
    >>> bundle_problems(path)
    ['competition.yaml: not at the top of the zip']
    """
    try:
        bundle = zipfile.ZipFile(path)
    except zipfile.BadZipFile:
        return ["is not a zip"]
    with bundle:
        names = set(bundle.namelist())
        if "competition.yaml" not in names:
            return ["competition.yaml: not at the top of the zip"]
        try:
            about = yaml.safe_load(bundle.read("competition.yaml"))
        except yaml.YAMLError:
            return ["competition.yaml: is not YAML"]
        if not isinstance(about, dict) or str(about.get("version", "1")) != "2":
            return ["version: expected 2"]
        return [
            *_top(about, bundle, names),
            *_tasks(about, bundle, names),
            *_phases(about, names),
            *_leaderboards(about),
        ]


def _top(about: dict[str, Any], bundle: zipfile.ZipFile, names: set[str]) -> list[str]:
    problems = []
    if not about.get("title"):
        problems.append("title: missing")
    if about.get("image") not in names:
        problems.append(f"image: {about.get('image')} is not in the zip")
    pages = [page.get("file") for page in about.get("pages") or []]
    if not pages:
        problems.append("pages: expected at least one")
    for name in [*pages, about.get("terms")]:
        if name not in names:
            problems.append(f"page {name}: is not in the zip")
        elif not bundle.read(name).strip():
            problems.append(f"page {name}: is empty")
    return problems


def _tasks(about: dict[str, Any], bundle: zipfile.ZipFile, names: set[str]) -> list[str]:
    tasks, problems = about.get("tasks") or [], []
    if not tasks:
        problems.append("tasks: expected at least one")
    indexes = [task.get("index") for task in tasks]
    if None in indexes or len(set(indexes)) != len(indexes):
        problems.append("tasks: expected an index each, no two alike")
    for task in tasks:
        if "scoring_program" not in task:
            problems.append(f"task {task.get('index')}: has no scoring_program")
        for kind in FILES:
            if kind in task and task[kind] not in names:
                problems.append(f"task {task.get('index')}: {kind} {task[kind]} is not in the zip")
        problems += _program(task, bundle, names)
    for solution in about.get("solutions") or []:
        if "index" not in solution or solution.get("path") not in names:
            problems.append(f"solution {solution.get('index')}: {solution.get('path')} is not in the zip")
        if not set(solution.get("tasks") or [None]) <= set(indexes):
            problems.append(f"solution {solution.get('index')}: names a task that is not there")
    return problems


def _program(task: dict[str, Any], bundle: zipfile.ZipFile, names: set[str]) -> list[str]:
    """Say whether the worker would find a command: `metadata.yaml` at the top of the program."""
    name = task.get("scoring_program", "")
    if name not in names:
        return []
    with bundle.open(name) as stream, zipfile.ZipFile(stream) as program:
        if "metadata.yaml" not in program.namelist():
            return [f"{name}: has no metadata.yaml at its top"]
        metadata = yaml.safe_load(program.read("metadata.yaml"))
    if not isinstance(metadata, dict) or not metadata.get("command"):
        return [f"{name}: metadata.yaml has no command"]
    return []


def _phases(about: dict[str, Any], names: set[str]) -> list[str]:
    phases, problems = about.get("phases") or [], []
    if not phases:
        problems.append("phases: expected at least one")
    indexes = {task.get("index") for task in about.get("tasks") or []}
    ended: datetime | None = None
    for number, phase in enumerate(sorted(phases, key=lambda phase: phase.get("index", 0))):
        label = f"phase {phase.get('name', number)}"
        if not phase.get("tasks") or not set(phase["tasks"]) <= indexes:
            problems.append(f"{label}: expected tasks that are there")
        start, end = _time(phase.get("start")), _time(phase.get("end"))
        if start is None:
            problems.append(f"{label}: start {phase.get('start')!r} is no time")
        if end is None and (phase.get("end") or number + 1 < len(phases)):
            problems.append(
                f"{label}: end {phase.get('end')!r} is no time; only the last phase may have none"
            )
        if start and ((end and end <= start) or (ended and start <= ended)):
            problems.append(f"{label}: ends before it starts, or starts before the phase before it has ended")
        ended = end
        for kind in ("starting_kit", "public_data"):
            if kind in phase and phase[kind] not in names:
                problems.append(f"{label}: {kind} {phase[kind]} is not in the zip")
    return problems


def _time(value: object) -> datetime | None:
    try:
        return value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        return None


def _leaderboards(about: dict[str, Any]) -> list[str]:
    boards, problems = about.get("leaderboards") or [], []
    if not boards:
        problems.append("leaderboards: expected at least one")
    for board in boards:
        columns = board.get("columns") or []
        if not columns:
            problems.append("leaderboards: expected columns")
        if board.get("submission_rule", "Add") not in RULES:
            problems.append(f"leaderboards: submission_rule {board['submission_rule']} is none")
        if not 0 < len(board.get("title", "")) <= 64 or not 0 < len(board.get("key", "")) <= 36:
            problems.append("leaderboards: expected a title of at most 64 and a key of at most 36 characters")
        for field in ("index", "key"):
            values = [column.get(field) for column in columns]
            if None in values or len(set(values)) != len(values):
                problems.append(f"leaderboards: columns need an {field} each, no two alike")
        for column in columns:
            key, title = column.get("key", ""), column.get("title", "")
            if not re.fullmatch(r"\w{1,36}", key) or not 0 < len(title) <= 36:
                problems.append(f"column {key}: expected a key and a title of at most 36 characters")
            if column.get("sorting", "desc") not in ("asc", "desc"):
                problems.append(f"column {key}: sorting is asc or desc")
    return problems
