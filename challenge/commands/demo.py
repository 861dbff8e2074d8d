"""`mriprivacy demo`: the whole challenge on a small synthetic edition, by the commands people would type."""

import json
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass, fields
from importlib.metadata import version
from io import StringIO
from itertools import product
from pathlib import Path
from typing import Any

from mriprivacy.baselines.attacks.networks import DEFAULT_NETWORKS, on_networks
from mriprivacy.baselines.attacks.training.informed import MIN_SUBJECTS
from mriprivacy.challenge.attackers.networks import networks_of, system_name
from mriprivacy.challenge.compute.parallel import Compute
from mriprivacy.challenge.edition.public import open_edition
from mriprivacy.challenge.entry.entry_file import read_entries
from mriprivacy.challenge.leaderboard.pages.markdown import sections
from mriprivacy.challenge.leaderboard.pages.terminal import boards, ranking
from mriprivacy.challenge.release.published import published, verdict
from mriprivacy.challenge.settings.printing import Printing, one_of_both, show, verdict_only
from mriprivacy.challenge.settings.runner import prepare_command
from mriprivacy.data_prep.formats.atomic import OutputExistsError, whole_file
from mriprivacy.data_prep.formats.problems import is_for_people, problems_of
from mriprivacy.data_prep.formats.settings import group, same_setting, setting
from mriprivacy.data_prep.formats.tables.foreign_text import visible
from mriprivacy.scoring.errors import UserError

EDITION, VERSION, RELEASED = "synth-demo", "2026.2", "2026-11-28"
KEPT = "demo.json"
PRINTING = tuple(one.name for one in fields(Printing))
# Seconds that a step took on two cores that had nothing else to do, the standard demo; the time left is
# estimated from their shares. Who meets images first finds nothing kept.
SECONDS = {
    "cohort": 30.0,
    "build": 13.0,
    "deface identity": 1.0,
    "deface, first": 50.0,
    "deface": 4.0,
    "attack, first": 6.0,
    "attack": 2.0,
    "infer": 2.0,
    "check": 1.0,
    "evaluate defacing": 20.0,
    "evaluate": 1.0,
    "rank": 2.0,
}


@dataclass
class DemoSettings:
    """Keys of the command."""

    output: str = setting("demo", "folder; an interrupted demo with the same settings continues in it")
    subjects: int = setting(24, "synthetic people, half of them in dev", at_least=8)
    seed: int = setting(7, "seed of people and edition; the same seed gives the same figures")
    spacing_mm: float = setting(2.0, "voxels of scans and reconstructions, mm; finer takes longer")
    reanalysed: int = setting(2, "scans of eval whose brain is analysed again for utility; -1: all")
    defacers: list[str] = setting(
        ["identity", "blur", "remove_face", "replace_face", "skull_strip"], "some options of defacer="
    )
    attacks: list[str] = setting(
        ["geo", "deepface"], "some options of attack=, each on photographs raw and bald"
    )
    levels: list[str] = setting(
        ["ignorant", "informed"], "levels of the attack submissions; defacers meet every attacker"
    )
    infer: bool = setting(True, "also predict sex, age group and ethnicity from the scans")
    compute: Compute = group(Compute, "loky")
    format: str = same_setting(Printing, "format")
    verbose: bool = same_setting(Printing, "verbose")
    quiet: bool = same_setting(Printing, "quiet")


check = one_of_both


@dataclass(frozen=True)
class Step:
    """One command of the demo.

    Attributes
    ----------
    command : str
        Which.
    words : tuple of str
        Its settings, as people would type them.
    makes : Path or None
        What is there, whole, when the step is done; None for what is done every time.
    seconds : float
        That it takes, of `SECONDS`.
    """

    command: str
    words: tuple[str, ...]
    makes: Path | None
    seconds: float

    @property
    def title(self) -> str:
        """The command and what it makes, for a line.

        Examples
        --------
        >>> Step("deface", (), Path("demo/submissions/blur"), 4.0).title
        'deface blur'
        """
        name = self.makes.name.removesuffix(".json").rpartition("__")[2] if self.makes else ""
        return f"{self.command} {name}".strip()


def run(settings: DemoSettings) -> None:
    """Call the commands in order; all that passes between them are files. What is there is not made again."""
    output = Path(settings.output)
    steps = plan(settings)
    calls = _prepare(steps, settings)  # every fault of the settings is reported before the first step
    _claim(output, settings)
    if not verdict_only(settings) and (without := left_out(settings)):
        few = f"subjects={settings.subjects} puts {settings.subjects // 2} in dev"
        print(f"Left out: {', '.join(without)}; they need {MIN_SUBJECTS} people in dev, {few}.", flush=True)
    start = time.monotonic()
    there = [step.makes is not None and step.makes.exists() for step in steps]
    for number, (step, call) in enumerate(zip(steps, calls, strict=True)):
        done = [s.seconds for s, skip in zip(steps[:number], there, strict=False) if not skip]
        rest = [s.seconds for s, skip in zip(steps[number:], there[number:], strict=True) if not skip]
        if not verdict_only(settings):
            left = _left(time.monotonic() - start, sum(done), sum(rest))
            count = f"[{number + 1:>{len(str(len(steps)))}}/{len(steps)}]"
            print(f"{count} {step.title:<50} {'done before' if there[number] else left}", flush=True)
        if not there[number]:
            _called(step, call, settings.verbose and not verdict_only(settings))
    entries = read_entries(output / "entries")
    if not verdict_only(settings):
        print(f"\n{ranking(entries)}")
    closing = _closing(output, time.monotonic() - start)
    edition = _other_edition(settings) or verdict(open_edition(output / "edition", images=False), published())
    show(boards(sections(entries)), settings, ["", closing, "", edition])


def _other_edition(settings: DemoSettings) -> str:
    """Say in a line that an edition is meant to differ from the published one; nothing if it is not.

    Examples
    --------
    >>> _other_edition(DemoSettings()), _other_edition(DemoSettings(subjects=8))[:46]
    ('', 'These are other people, or other scans of them')
    """
    usual = DemoSettings()
    of_edition = ("subjects", "seed", "spacing_mm", "reanalysed")
    values = [(name, getattr(settings, name), getattr(usual, name)) for name in of_edition]
    changed = [f"{name}={value}" for name, value, default in values if value != default]
    if not changed:
        return ""
    return (
        f"These are other people, or other scans of them, than in {EDITION}/{VERSION} as published "
        f"({', '.join(changed)}). Figures of the two may not be compared."
    )


def left_out(settings: DemoSettings) -> tuple[str, ...]:
    """Return what is asked for but left out, since `dev` will have too few people to train it.

    Examples
    --------
    >>> left_out(DemoSettings(subjects=8)), left_out(DemoSettings(subjects=16))
    (('informed attack submissions', 'attribute predictions'), ())
    """
    if settings.subjects // 2 >= MIN_SUBJECTS:
        return ()
    informed = ("informed attack submissions",) if "informed" in settings.levels else ()
    return informed + (("attribute predictions",) if settings.infer else ())


def _called(step: Step, call: Callable[[], int], verbose: bool) -> None:
    """Run a step; what it prints is shown where everything is asked for, or where it fails."""
    if verbose:
        print(f"mriprivacy {' '.join([step.command, *step.words])}", flush=True)
        call()
        return
    with redirect_stdout(StringIO()) as printed:
        try:
            call()
        except Exception:
            print(visible(printed.getvalue()), end="", file=sys.stderr)
            raise


def plan(settings: DemoSettings) -> list[Step]:
    """Return the commands of the demo, in order, as an organizer and a participant would type them."""
    out, spacing = settings.output, settings.spacing_mm
    cache, public = f"cache={out}/cache", f"edition={out}/edition/public"
    steps: list[Step] = []
    met: set[str] = set()

    def add(command: str, makes: str, *words: str, kind: str = "") -> None:
        kind = kind or command
        first = f"{kind}, first"
        seconds = SECONDS[kind]
        if first in SECONDS and first not in met:
            seconds = SECONDS[first]
            met.add(first)
        steps.append(Step(command, words, Path(out, makes) if makes else None, seconds))

    people = [f"cohort.subjects={settings.subjects}", f"cohort.scans.spacing_mm={spacing}"]
    add("cohort", "people", *people, f"seed={settings.seed}", f"output={out}/people")
    protocol = [f"protocol.spacing_mm={spacing}", f"protocol.reanalysed={settings.reanalysed}"]
    edition = [f"edition.id={EDITION}", f"edition.version={VERSION}", f"edition.released={RELEASED}"]
    add(
        "build",
        "edition",
        f"cohort.root={out}/people",
        f"seed={settings.seed}",
        *protocol,
        *edition,
        f"output={out}/edition",
    )
    submissions = [*settings.defacers]
    for name in settings.defacers:
        made = f"submissions/{name}"
        kind = "deface identity" if name == "identity" else "deface"
        add("deface", made, f"defacer={name}", public, f"output={out}/{made}", cache, kind=kind)
    camera = f"attack.spacing_mm={spacing}"
    few = bool(left_out(settings))
    levels = [one for one in settings.levels if one != "informed" or not few]
    for attack, condition, level in product(settings.attacks, ("raw", "bald"), levels):
        what = condition if level == "ignorant" else f"{condition}_{level}"
        submissions.append(system_name(_with_default(attack), what))
        made = f"submissions/{submissions[-1]}"
        words = [f"attack={attack}", f"attack.condition={condition}", f"attack.level={level}", camera]
        add("attack", made, *words, public, f"output={out}/{made}", cache)
    if settings.infer and not few:
        submissions.append(system_name(_with_default("deepface"), "attributes"))
        made = f"submissions/{submissions[-1]}"
        add("infer", made, camera, public, f"output={out}/{made}", cache)
    for name in submissions:
        submission, entry = (
            f"submission={out}/submissions/{name}",
            f"entries/{EDITION}-{VERSION}/reference__{name}.json",
        )
        add("check", entry, public, submission)
        words = [f"edition={out}/edition", submission, f"output={out}/entries", "team=reference"]
        if name in settings.defacers:
            add("evaluate", entry, *words, f"report={out}/reports", cache, kind="evaluate defacing")
        else:
            add("evaluate", entry, *words, cache)
    add("rank", "", f"entries={out}/entries", f"output={out}/board")
    return steps


def _with_default(attack: str) -> str:
    """Return an attack with the network that `attack.model` chooses by default."""
    (name,) = on_networks([attack], DEFAULT_NETWORKS[:1])
    return name


def _prepare(steps: Sequence[Step], settings: DemoSettings) -> list[Callable[[], int]]:
    """Return what runs every step, or raise with all that is wrong with any."""
    calls: list[Callable[[], int]] = []
    problems: list[str] = []
    for step in steps:
        try:
            calls.append(prepare_command(step.command, [*step.words, *_compute(step.command, settings)]))
        except Exception as error:
            if not is_for_people(error):
                raise
            problems += problems_of(error)
    for attack in on_networks(settings.attacks, DEFAULT_NETWORKS) if not problems else []:
        networks_of(attack)  # or a line that says which weights are missing
    if problems:
        raise UserError(*dict.fromkeys(problems))
    return calls


def _claim(output: Path, settings: DemoSettings) -> None:
    """Note the settings in an empty folder, or find them in one: a demo that was interrupted goes on."""
    same = {k: v for k, v in asdict(settings).items() if k not in ("output", "compute", *PRINTING)}
    same["kit"] = version("mriprivacy")
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        if _kept(output / KEPT) != same:
            raise OutputExistsError(
                f"{output} already exists and is not a demo with these settings; "
                "remove it, or give output=ANOTHER_FOLDER"
            )
        return
    with whole_file(output / KEPT) as temporary:
        temporary.write_text(json.dumps(same, indent=2) + "\n", encoding="utf-8")


def _kept(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def _left(elapsed: float, done: float, rest: float) -> str:
    """Estimate the time that is left: what is done took so long; at first, as it does on two cores.

    Examples
    --------
    >>> _left(0, 0, 240), _left(100, 40, 40), _left(3, 1, 20)
    ('about 4 min left', 'about 80 s left', 'about 22 s left')
    """
    trust = 20.0  # seconds of `SECONDS`: one short step that took long tells little
    seconds = rest * (elapsed + trust) / (done + trust)
    return f"about {seconds / 60:.0f} min left" if seconds >= 90 else f"about {seconds:.0f} s left"


def _compute(command: str, settings: DemoSettings) -> list[str]:
    return [] if command == "rank" else settings.compute.words()


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
