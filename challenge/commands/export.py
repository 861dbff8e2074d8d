"""`mriprivacy export`: an edition for the platforms people already use."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from mriprivacy.baselines.attacks.registry import ATTACKS
from mriprivacy.baselines.defacers import DEFACERS
from mriprivacy.challenge.compute.parallel import Compute
from mriprivacy.challenge.edition.integrity import verify_edition
from mriprivacy.challenge.edition.protocol import read_protocol
from mriprivacy.challenge.edition.public import Edition, open_edition
from mriprivacy.challenge.edition.sealed import open_sealed
from mriprivacy.challenge.export.codabench.bundle import write_bundle
from mriprivacy.challenge.export.codabench.phase import (
    Phase,
    Service,
    check_limits,
    check_people,
    check_service,
)
from mriprivacy.challenge.export.columns import CHOICES, shown_bits
from mriprivacy.challenge.export.design import write_design
from mriprivacy.challenge.export.expected_cost import expected_cost
from mriprivacy.challenge.export.grand_challenge.container import check_cost, write_container
from mriprivacy.challenge.export.image_name import check_image_name
from mriprivacy.challenge.export.medperf.containers import Benchmark, write_containers
from mriprivacy.challenge.export.packing import zip_folder
from mriprivacy.challenge.export.reference_data import check_track
from mriprivacy.challenge.export.results_bundle import write_results
from mriprivacy.challenge.export.starting_kit import Baselines, write_starting_kit
from mriprivacy.challenge.settings.runner import run_command
from mriprivacy.challenge.submission_log.budget import OPEN_KEY, edition_budget
from mriprivacy.challenge.submission_log.log import Limits
from mriprivacy.data_prep.formats.atomic import OutputExistsError, whole_file, whole_folder
from mriprivacy.data_prep.formats.fields import TRACKS
from mriprivacy.data_prep.formats.problems import shown
from mriprivacy.data_prep.formats.settings import REQUIRED, group, setting
from mriprivacy.scoring.errors import UserError

RISK_COUNTS = (
    "risk_counts=true: the counts are not in steps, so no number of bits holds. A model that was made for it "
    "can put into them what it sees of a hospital's scans. Run models whose makers you know."
)
TARGETS = ("starting_kit", "codabench", "grand_challenge", "medperf", "design", "results")


@dataclass
class ExportSettings:
    """Keys of the command."""

    target: str = setting(REQUIRED, "product; codabench without service= gives the key away", choices=TARGETS)
    edition: str = setting(
        REQUIRED, "folder of an edition; for starting_kit, design and results public/ is enough"
    )
    output: str = setting(
        REQUIRED, "folder; for codabench and results the zip, .zip is added where it is missing"
    )
    entries: str = setting("", "results: folder of entries; those of other editions are left out")
    track: str = setting("attack", "platforms: track", choices=TRACKS)
    image: str = setting(
        "",
        "codabench: image that scores; empty: the platform's own, not for defacing. medperf: its name",
    )
    start: str = setting("2026-01-01 00:00:00", "codabench: start of the phase, UTC")
    end: str = setting("", "codabench: end of the phase; empty: never")
    contact: str = setting("", "codabench: e-mail address of the organizers")
    queue: str = setting(
        "", "codabench: id of your own queue; empty: the platform's, which ends a run after 600 s"
    )
    service: str = setting("", "codabench: URL of serve-scores; empty: a rehearsal, with the key inside")
    token: str = setting("", "codabench: token of serve-scores; empty: the image has it as MRIPRIVACY_TOKEN")
    give_key_away: bool = setting(False, "codabench: everybody may have the key of these real people")
    with_data: bool = setting(
        False, "codabench: also put public/ into the bundle, for every visitor of the benchmark"
    )
    columns: str = setting(
        CHOICES[0],
        "platforms: numbers shown; deciding: the one that decides, and those that reveal nothing of the key",
        choices=CHOICES,
    )
    risk_counts: bool = setting(
        False,
        "containers of track defacing: counts of the risk report; grand_challenge needs limits.open_key=true",
    )
    limits: Limits = field(default_factory=Limits)
    baseline_defacer: str = setting("remove_face", "starting kit and medperf: an option of defacer=")
    baseline_attack: str = setting("geo", "starting kit and medperf: an option of attack=")
    cache: str = setting("", "folder for features of the baselines; empty: the user's own cache folder")
    compute: Compute = group(Compute, "loky")


def run(settings: ExportSettings) -> None:
    """Export what `target` names."""
    targets: dict[str, Callable[[ExportSettings, Edition], None]] = {
        "starting_kit": _starting_kit,
        "codabench": _codabench,
        "grand_challenge": _grand_challenge,
        "medperf": _medperf,
        "design": _design,
        "results": _results,
    }
    _check_risk_counts(settings)
    root = Path(settings.edition)
    edition = open_edition(root)
    read_protocol(edition.description)
    if problems := verify_edition(root):
        raise UserError(*problems)
    targets[settings.target](settings, edition)


def _check_risk_counts(settings: ExportSettings) -> None:
    """Raise UserError where counts could not be made, or would give a secret key away."""
    if not settings.risk_counts:
        return
    if settings.target not in ("medperf", "grand_challenge") or settings.track != "defacing":
        raise UserError(
            f"export: risk_counts=true with target={settings.target} and track={settings.track}; expected "
            "target=medperf or grand_challenge and track=defacing, whose containers have scans"
        )
    if settings.target == "grand_challenge" and not settings.limits.open_key:
        raise UserError(
            "export: risk_counts=true with a key that is secret; participants read metrics.json, and counts "
            "to the last digit give the key away; give limits.open_key=true if the key is no secret"
        )


def _starting_kit(settings: ExportSettings, edition: Edition) -> None:
    with whole_folder(Path(settings.output)) as folder:
        write_starting_kit(edition, folder, edition.tracks, _baselines(settings, edition))
    print(f"{settings.output}: README.md and a valid submission of each of {', '.join(edition.tracks)}")


def _design(settings: ExportSettings, edition: Edition) -> None:
    with whole_folder(Path(settings.output)) as folder:
        blanks = write_design(edition, folder)
    print(f"{settings.output}: design.md and design.html; {blanks} blanks are for the organizers to fill in")


def _results(settings: ExportSettings, edition: Edition) -> None:
    if not settings.entries:
        raise UserError("export: target=results needs entries=FOLDER, the folder that evaluate writes")
    output = _zip_name(settings)
    with whole_file(output) as temporary, tempfile.TemporaryDirectory() as folder:
        entries = write_results(edition, Path(settings.entries), Path(folder))
        zip_folder(Path(folder), temporary)
    print(f"{output}: {len(entries)} systems of {edition.name}, and no image; rank makes the board from it")


def _zip_name(settings: ExportSettings) -> Path:
    """Return the name of the zip to write, which ends in .zip: a platform takes nothing else."""
    output = Path(settings.output)
    if output.suffix.lower() != ".zip":
        output = output.with_name(f"{output.name}.zip")
    if output.exists():
        raise OutputExistsError(f"{output} already exists; remove it, or give output=ANOTHER.zip")
    return output


def _codabench(settings: ExportSettings, edition: Edition) -> None:
    check_track(edition.tracks, settings.track)
    phase = _phase(settings)
    check_people(edition, phase, settings.give_key_away)
    notes = check_limits(edition, phase)
    output = _zip_name(settings)
    if not phase.service:
        phase = replace(phase, limits=_within_budget(settings, edition))
    with whole_file(output) as temporary, tempfile.TemporaryDirectory() as folder:
        write_bundle(edition, Path(settings.edition), Path(folder), phase, _baselines(settings, edition))
        zip_folder(Path(folder), temporary)
    print(f"{output}: upload it at Benchmarks > Management")
    if phase.service:
        print(
            f"It holds nothing of the key: {phase.service.url} evaluates. Limits are those of serve-scores; "
            "give both the same. Participants can read the token: it lets them send submissions, in any "
            "team's name and beyond the platform's limits."
        )
    else:
        print(
            "A REHEARSAL: it holds the key, and on Codabench everybody who can see the benchmark can "
            "download the key. Scores there are for practice. For a challenge give service=URL."
        )
    for note in (*notes, "Look at each submission before you start it."):
        print(note)


def _phase(settings: ExportSettings) -> Phase:
    if settings.service:
        check_service(settings.service)
    elif settings.token:
        raise UserError("export: token is given without service; expected both, or neither")
    return Phase(
        settings.track,
        settings.image,
        settings.start,
        settings.end,
        settings.contact,
        settings.with_data,
        settings.limits,
        settings.columns,
        settings.queue,
        Service(settings.service, settings.token) if settings.service else None,
    )


def _grand_challenge(settings: ExportSettings, edition: Edition) -> None:
    check_track(edition.tracks, settings.track)
    if settings.service:
        raise UserError("export: target=grand_challenge takes no service: containers have no network there")
    notes = check_cost(edition, settings.track, settings.risk_counts)
    limits = _within_budget(settings, edition)
    with whole_folder(Path(settings.output)) as folder:
        write_container(
            edition,
            Path(settings.edition),
            folder,
            settings.track,
            limits,
            settings.columns,
            settings.risk_counts,
        )
    print(f"{settings.output}: an evaluation container; README.md says how to build and upload it")
    print(f"{settings.output}/ground_truth.tar.gz holds the key, keep it to yourself")
    print("\n".join(notes))


def _medperf(settings: ExportSettings, edition: Edition) -> None:
    check_track(edition.tracks, settings.track)
    if settings.service:
        raise UserError("export: target=medperf takes no service: containers have no network there")
    if not settings.image:
        raise UserError("export: image is empty; expected the name that you give it, as YOU/mriprivacy:0.1.0")
    check_image_name(settings.image)
    _check_model(settings)
    benchmark = Benchmark(
        settings.track,
        settings.image,
        settings.baseline_defacer,
        settings.baseline_attack,
        settings.limits.step,
        settings.columns,
        settings.risk_counts,
    )
    with whole_folder(Path(settings.output)) as folder:
        write_containers(edition, folder, benchmark)
    bits = shown_bits(settings.track, settings.limits.step, settings.columns)
    print(f"{settings.output}: three containers of one image; README.md says how to build and register them")
    print(
        "Nothing of this edition's people is in them: each hospital builds an edition of its own. An answer "
        f"can give away {bits:.1f} bits of its key."
    )
    if settings.risk_counts:
        print(RISK_COUNTS)
    cost = expected_cost(edition, settings.track, settings.risk_counts)
    print(f"Evaluating one model takes {cost}, if a hospital's edition is as large as this one.")


def _check_model(settings: ExportSettings) -> None:
    """Raise UserError for a reference system that a MedPerf image has not."""
    name, there = settings.baseline_defacer, tuple(DEFACERS)
    if settings.track == "defacing" and name not in there:
        raise UserError(
            f"export: baseline_defacer is {shown(name)}, which is not in the image; expected one of "
            f"{', '.join(there)}"
        )
    name, there = settings.baseline_attack, tuple(ATTACKS)
    if settings.track == "attack" and name not in there:
        raise UserError(f"export: baseline_attack is {shown(name)}; expected one of {', '.join(there)}")


def _within_budget(settings: ExportSettings, edition: Edition) -> Limits:
    """Return the limits, with how many of all the information budget allows, or raise UserError."""
    sealed = open_sealed(Path(settings.edition), images=False)
    bits = shown_bits(settings.track, settings.limits.step, settings.columns)
    budget = edition_budget(edition, sealed, bits)
    if problems := budget.problems(settings.limits):
        raise UserError(*problems)
    if settings.limits.open_key:
        print(OPEN_KEY)
        return settings.limits
    limits = replace(settings.limits, all_teams=settings.limits.all_teams or budget.answers)
    total = limits.all_teams * bits
    print(
        f"{limits.all_teams} submissions of all teams together can give away {total:.1f} of the "
        f"{budget.holds:.1f} bits of the key; a log or another export of this edition adds to it"
    )
    return limits


def _baselines(settings: ExportSettings, edition: Edition) -> Baselines:
    spacing = read_protocol(edition.description).spacing_mm
    return Baselines(
        settings.baseline_defacer,
        settings.baseline_attack,
        settings.cache,
        settings.compute,
        spacing,
        run_command,
    )
