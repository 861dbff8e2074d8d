"""`mriprivacy bald`: remove the hair from a folder of photographs."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PIL import Image

from mriprivacy.baselines.face.all_faces import Box
from mriprivacy.baselines.face.photo import SUFFIXES, read_photo
from mriprivacy.baselines.hair.hairmapper import run_hairmapper
from mriprivacy.baselines.hair.removal import NoFaceError, remove_hair
from mriprivacy.challenge.attackers.loose_images import find_images
from mriprivacy.challenge.compute.folders import scratch_folder
from mriprivacy.challenge.compute.parallel import Compute
from mriprivacy.challenge.compute.parallel import run as work
from mriprivacy.challenge.release.photograph_cuts import cut_loose
from mriprivacy.data_prep.formats.atomic import whole_file, whole_folder
from mriprivacy.data_prep.formats.settings import REQUIRED, group, setting
from mriprivacy.scoring.errors import UserError


@dataclass
class HairRemoval:
    """How: `builtin`, or `hairmapper` with the folder of its repository and its interpreter."""

    name: str = setting("builtin", "set by bald=", choices=("builtin", "hairmapper"), chosen=True)
    root: str = setting("", "folder of its repository, weights as its README says", only=("hairmapper",))
    python: str = setting(
        "python", "interpreter with its requirements (torch with CUDA)", only=("hairmapper",)
    )


@dataclass
class BaldSettings:
    """Keys of the command."""

    photos: str = setting(REQUIRED, "folder of PNG and JPEG portraits")
    output: str = setting(REQUIRED, "folder of PNG files under the same names")
    faces: str = setting(
        "", "table (columns photo, face) of the face meant, for photographs with several faces"
    )
    bald: HairRemoval = group(HairRemoval, "builtin")
    compute: Compute = group(Compute, "loky")


def check(settings: BaldSettings) -> None:
    """Raise if HairMapper is to be used from nowhere."""
    if settings.bald.name == "hairmapper" and not settings.bald.root:
        raise UserError("bald: bald.root is empty; expected the folder of HairMapper's repository")


def run(settings: BaldSettings) -> None:
    """Write every photograph without hair, as PNG under the same name, cut to whom `faces` names."""
    photos = find_images(Path(settings.photos), "photos", SUFFIXES)
    cuts = cut_loose(photos, settings.faces, settings.compute)
    with (
        whole_folder(Path(settings.output)) as folder,
        scratch_folder("bald") as scratch,
    ):
        cut = {name: _cut(photos[name], box, scratch) for name, box in cuts.items()}
        if settings.bald.name == "hairmapper":
            run_hairmapper({**photos, **cut}, folder, Path(settings.bald.root), settings.bald.python)
        else:
            jobs = [(name, path, cut.get(name, path)) for name, path in photos.items()]
            work(partial(_remove, folder), jobs, "remove hair", settings.compute)
    how = f", {len(cut)} of them cut as {settings.faces} says" if cut else ""
    print(f"{settings.output}: {len(photos)} photographs without hair ({settings.bald.name}){how}")


def _cut(photo: Path, box: Box, folder: Path) -> Path:
    """Write a cut photograph for the run alone, under its own name."""
    left, top, right, bottom = box
    path = folder / f"{photo.name}.png"
    Image.fromarray(read_photo(photo, whole=True)[top:bottom, left:right]).save(path)
    return path


def _remove(folder: Path, job: tuple[str, Path, Path]) -> None:
    name, photo, cut = job
    try:
        picture = remove_hair(read_photo(cut)).picture
    except NoFaceError as error:
        raise UserError(f"{photo}: {error}") from error
    with whole_file(folder / f"{name}.png") as temporary:
        Image.fromarray(picture).save(temporary, format="PNG")
