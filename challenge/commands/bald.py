"""`mriprivacy bald`: remove the hair from a folder of photographs."""

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from omegaconf import MISSING
from PIL import Image

from mriprivacy.baselines.face.photo import SUFFIXES, read_photo
from mriprivacy.baselines.hair.hairmapper import run_hairmapper
from mriprivacy.baselines.hair.removal import NoFaceError, remove_hair
from mriprivacy.challenge.attackers.loose_images import find_images
from mriprivacy.challenge.compute.parallel import Compute
from mriprivacy.challenge.compute.parallel import run as work
from mriprivacy.data_prep.formats.atomic import whole_file, whole_folder
from mriprivacy.data_prep.formats.kit_errors import InputError


@dataclass
class Method:
    """How: `builtin`, or `hairmapper` with the folder of its repository and its interpreter."""

    name: str = "builtin"
    root: str = ""
    python: str = "python"


@dataclass
class Settings:
    """Keys of the command."""

    photos: str = MISSING
    output: str = MISSING
    bald: Method = field(default_factory=Method)
    compute: Compute = field(default_factory=Compute)


def run(settings: Settings) -> None:
    """Write every photograph without hair, as PNG under the same name."""
    photos = find_images(Path(settings.photos), "photos", SUFFIXES)
    with whole_folder(Path(settings.output)) as folder:
        if settings.bald.name == "hairmapper":
            if not settings.bald.root:
                raise InputError("bald: bald.root is empty; expected the folder of HairMapper's repository")
            run_hairmapper(photos, folder, Path(settings.bald.root), settings.bald.python)
        elif settings.bald.name == "builtin":
            work(partial(_remove, folder), list(photos.items()), "remove hair", settings.compute)
        else:
            raise InputError(f"bald: bald.name is {settings.bald.name!r}; expected builtin or hairmapper")
    print(f"{settings.output}: {len(photos)} photographs without hair ({settings.bald.name})")


def _remove(folder: Path, photo: tuple[str, Path]) -> None:
    name, path = photo
    try:
        picture = remove_hair(read_photo(path)).picture
    except NoFaceError as error:
        raise InputError(f"{path}: {error}") from error
    with whole_file(folder / f"{name}.png") as temporary:
        Image.fromarray(picture).save(temporary, format="PNG")
