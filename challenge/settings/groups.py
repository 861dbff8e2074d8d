"""Settings that several commands share (structured configs; Hydra needs them unfrozen)."""

from dataclasses import dataclass

from mriprivacy.baselines.attacks.face_network import WEIGHT_FILES
from mriprivacy.challenge.edition.protocol import Rendering, camera_problems
from mriprivacy.challenge.entry.entry import LEVELS
from mriprivacy.data_prep.formats.settings import REQUIRED, setting
from mriprivacy.scoring.errors import UserError

_PROGRAMS = ["afni_refacer", "command", "fsl_deface", "mideface", "mri_deface", "mri_reface", "pydeface"]


@dataclass
class AttackChoice(Rendering):
    """A reference attack (`attack=`)."""

    name: str = setting(REQUIRED, "set by attack=, or module:Class of your own", chosen=True)
    model: str = setting("Dlib", "face network", choices=tuple(WEIGHT_FILES), only=("deepface", "volume"))
    condition: str = setting(
        "raw", "photographs as they are (raw), or with the hair removed (bald)", choices=("raw", "bald")
    )
    level: str = setting(
        "ignorant",
        "ignorant: as it is; adapted: dev without its key; informed: trained on dev with its key",
        choices=LEVELS,
    )


@dataclass
class DefacerChoice:
    """A defacer (`defacer=`): one of the kit, a known program on PATH, or any command line."""

    name: str = setting(REQUIRED, "set by defacer=", chosen=True)
    command: str = setting("", "command line with {input} and {output}, both .nii.gz", only=("command",))
    options: str = setting("", "more words for the command line", only=_PROGRAMS)
    system: str = setting("", "name of the submission; empty: the defacer's", only=("command",))


def camera_of(attack: AttackChoice) -> Rendering:
    """Return the camera that an attack's settings describe; UserError with every one that describes none."""
    camera = Rendering(attack.spacing_mm, attack.size, attack.views, attack.lights)
    if problems := camera_problems(camera, "attack"):
        raise UserError(*problems)
    return camera
