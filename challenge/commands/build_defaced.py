"""`mriprivacy build-defaced`: an edition of defaced scans, of an edition and a defacing submission to it."""

from dataclasses import dataclass
from pathlib import Path

from mriprivacy.challenge.compute.parallel import Compute
from mriprivacy.challenge.edition.encryption import opened
from mriprivacy.challenge.edition.integrity import verify_edition
from mriprivacy.challenge.edition.public import open_edition
from mriprivacy.challenge.edition.sealed import open_sealed
from mriprivacy.challenge.intake.description import sent
from mriprivacy.challenge.intake.submission import DefacingSubmission, received
from mriprivacy.challenge.release.defaced_edition import write_defaced
from mriprivacy.data_prep.formats import fields
from mriprivacy.data_prep.formats.atomic import whole_folder
from mriprivacy.data_prep.formats.settings import REQUIRED, group, setting
from mriprivacy.scoring.errors import UserError


@dataclass
class BuildDefacedSettings:
    """Keys of the command."""

    edition: str = setting(REQUIRED, "folder of an edition with public/ and sealed/")
    submission: str = setting(REQUIRED, "folder or zip of a defacing submission to it, as it was evaluated")
    output: str = setting(REQUIRED, "folder of the edition of defaced scans")
    id: str = setting("", "its name; empty: that of the edition, a hyphen and that of the system")
    version: str = setting("", "its version; empty: that of the edition")
    identity: str = setting("", "file with the secret key of a locked edition")
    compute: Compute = group(Compute, "loky")


def run(settings: BuildDefacedSettings) -> None:
    """Write the edition, whole or not at all."""
    with opened(Path(settings.edition), Path(settings.identity) if settings.identity else None) as root:
        _build(settings, root)


def _build(settings: BuildDefacedSettings, root: Path) -> None:
    edition = open_edition(root)
    if problems := verify_edition(root):
        raise UserError(*problems)
    sealed = open_sealed(root)
    with received(sent(settings.submission), edition, settings.compute, track="defacing") as submission:
        assert isinstance(submission, DefacingSubmission)
        system = submission.system.lower().replace(".", "-").replace("_", "-")
        name = (
            settings.id or f"{edition.description['id']}-{system}",
            settings.version or str(edition.description["version"]),
        )
        _check_name(name, edition.name)
        with whole_folder(Path(settings.output)) as folder:
            digest = write_defaced(edition, sealed, submission, name, folder, settings.compute)
    made = f"{name[0]}/{name[1]}"
    print(
        f"{settings.output}: {made} (edition {digest}), scans of {edition.name} as "
        f"{submission.team}/{submission.system} defaced them; track attack"
    )
    print(
        f"rank an attack on {made} only if you know how its scores were made: a holder of the scans of "
        f"{edition.name} finds the same ones here by their brains"
    )
    print(
        f"its key is that of {edition.name}: answers to both use up one budget (limits.all_teams), and both "
        "are revealed together"
    )
    print(f"publish {settings.output}/public; keep {settings.output}/sealed to yourself")


def _check_name(name: tuple[str, str], edition: str) -> None:
    rules = {"id": fields.edition_id, "version": fields.version}
    problems = [
        f"build-defaced: {key} is {value!r}; expected {wanted}"
        for (key, rule), value in zip(rules.items(), name, strict=True)
        if (wanted := rule(value)) is not None
    ]
    if "/".join(name) == edition:
        problems.append(f"build-defaced: id and version are those of {edition}; expected another name")
    if problems:
        raise UserError(*problems)
