"""`mriprivacy demo`: the whole challenge on a small synthetic edition, by the commands people would type."""

import time
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from omegaconf import MISSING

from challenge.cli import run_command
from challenge.console import ranking
from challenge.entry import read_entries
from challenge.errors import InputError
from challenge.work import Compute
from data_prep.files import OutputExistsError


@dataclass
class Settings:
    """Keys of the command."""

    output: str = MISSING
    subjects: int = 24
    seed: int = 7
    spacing_mm: float = 2.0
    reanalysed: int = 2
    defacers: list[str] = field(default_factory=list)
    attacks: list[str] = field(default_factory=list)
    levels: list[str] = field(default_factory=list)
    infer: bool = True
    compute: Compute = field(default_factory=Compute)


def run(settings: Settings) -> None:
    """Call the commands in order; all that passes between them are files."""
    output = Path(settings.output)
    if output.exists() and any(output.iterdir()):
        raise OutputExistsError(
            f"{output} already exists and is not empty; remove it, or give output=ANOTHER_FOLDER"
        )
    if settings.subjects < 8:
        raise InputError(
            f"demo: subjects is {settings.subjects}; expected at least 8, so that both splits have a few"
        )
    start = time.monotonic()
    steps = plan(settings)
    for number, (command, *words) in enumerate(steps, start=1):
        print(f"\n[{number}/{len(steps)}] mriprivacy {' '.join([command, *words])}", flush=True)
        run_command(command, [*words, *(settings.compute.words() if command != "rank" else [])])
    print(f"\n{ranking(read_entries(output / 'entries'))}")
    print(_closing(output, time.monotonic() - start))


def plan(settings: Settings) -> list[list[str]]:
    """Return the commands of the demo, in order, as an organizer and a participant would type them."""
    out = settings.output
    cache = f"cache={out}/cache"
    steps = [
        [
            "cohort",
            f"cohort.subjects={settings.subjects}",
            f"seed={settings.seed}",
            f"cohort.scans.spacing_mm={settings.spacing_mm}",
            f"output={out}/people",
        ],
        [
            "build",
            f"cohort.root={out}/people",
            f"seed={settings.seed}",
            "edition.id=synth-demo",
            "edition.released=2026-11-24",
            f"protocol.spacing_mm={settings.spacing_mm}",
            f"protocol.reanalysed={settings.reanalysed}",
            f"output={out}/edition",
        ],
    ]
    public = f"edition={out}/edition/public"
    submissions = []
    for name in settings.defacers:
        submissions.append(f"{out}/submissions/{name}")
        steps.append(["deface", f"defacer={name}", public, f"output={submissions[-1]}", cache])
    for attack in settings.attacks:
        for condition, level in product(("raw", "bald"), settings.levels):
            name = f"{attack}_{condition}" + ("" if level == "ignorant" else f"_{level}")
            submissions.append(f"{out}/submissions/{name}")
            words = [
                f"attack={attack}",
                f"attack.condition={condition}",
                f"attack.level={level}",
                f"attack.spacing_mm={settings.spacing_mm}",
            ]
            steps.append(["attack", *words, public, f"output={submissions[-1]}", cache])
    if settings.infer:
        submissions.append(f"{out}/submissions/attributes")
        camera = f"attack.spacing_mm={settings.spacing_mm}"
        steps.append(["infer", camera, public, f"output={submissions[-1]}", cache])
    reported = {f"{out}/submissions/{name}" for name in settings.defacers}
    for submission in submissions:
        steps.append(["check", public, f"submission={submission}"])
        steps.append(
            [
                "evaluate",
                f"edition={out}/edition",
                f"submission={submission}",
                f"output={out}/entries",
                *([f"report={out}/reports"] if submission in reported else []),
                cache,
            ]
        )
    return [*steps, ["rank", f"entries={out}/entries", f"output={out}/board"]]


def _closing(output: Path, seconds: float) -> str:
    return f"""Done in {seconds / 60:.1f} minutes. All people here are synthetic.

  {output}/people        the cohort, a BIDS dataset; look at sourcedata/contact_sheet.png
  {output}/edition       public/ to publish, sealed/ to keep
  {output}/submissions   what a participant would send
  {output}/entries       one JSON file a system
  {output}/reports       one page a defacer, for the organizer
  {output}/board         LEADERBOARD.md; open site/index.html

Try next:
  mriprivacy check edition={output}/edition/public submission={output}/submissions/blur
  mriprivacy attack attack=deepface probes=YOUR_SCANS photos=YOUR_PHOTOS output=my_attack
  mriprivacy doctor"""
