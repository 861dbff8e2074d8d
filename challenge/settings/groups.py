"""Settings that several commands share (structured configs; Hydra needs them unfrozen)."""

from dataclasses import dataclass

from mriprivacy.baselines.attacks.networks import (
    DEFAULT_NETWORKS,
    NETWORKS,
    ON_NETWORKS,
    on_networks,
    why_left_out,
)
from mriprivacy.challenge.edition.protocol import Rendering, camera_problems
from mriprivacy.challenge.entry.entry import LEVELS
from mriprivacy.data_prep.formats.settings import REQUIRED, setting
from mriprivacy.scoring.errors import UserError

_PROGRAMS = ["afni_refacer", "command", "fsl_deface", "mideface", "mri_deface", "mri_reface", "pydeface"]


@dataclass
class AttackChoice(Rendering):
    """A reference attack (`attack=`)."""

    name: str = setting(REQUIRED, "set by attack=, or module:Class of your own", chosen=True)
    model: str = setting(
        DEFAULT_NETWORKS[0],
        "face network",
        choices=tuple(NETWORKS),
        only=ON_NETWORKS,
        note=lambda name: why_left_out([name]),
    )
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
    draw: int = setting(
        1,
        "which draw of a randomised defacer; the submission of draw 2 is a draw_of that of draw 1",
        at_least=1,
        at_most=99,
        only=("command", "noise"),
    )


def attack_name(attack: AttackChoice) -> str:
    """Return the name of an attack with its network, as `baselines.attacks.registry.make_attack` takes it."""
    (name,) = on_networks([attack.name], [attack.model])
    return name


def camera_of(attack: AttackChoice) -> Rendering:
    """Return the camera that an attack's settings describe; UserError with every one that describes none."""
    camera = Rendering(attack.spacing_mm, attack.size, attack.views, attack.lights)
    if problems := camera_problems(camera, "attack"):
        raise UserError(*problems)
    return camera
