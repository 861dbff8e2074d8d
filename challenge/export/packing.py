"""What exports are made of: filled templates, zips of the same bytes every time, the kit's own sources."""

import os
import zipfile
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

import mriprivacy
from mriprivacy.challenge.edition.public import Edition
from mriprivacy.data_prep.formats.atomic import whole_file
from mriprivacy.data_prep.formats.tables.foreign_text import inline

QUESTIONS = {
    "defacing": "How well does your anonymization protect people, and what does it cost the brain image?",
    "attack": "How well can a head MRI be linked to another image of the same person?",
    "attributes": "How well can sex, age group and ethnicity be read from a head MRI?",
}
FILES = {
    "defacing": "every scan of `dev` and `eval`, anonymized, under its name (`dev/mri/...`, `eval/mri/...`)",
    "attack": "`scores.tsv` (`probe` `reference` `score`, higher is more alike): all of `eval/trials.tsv`",
    "attributes": "`attributes.tsv` (`probe` `sex` `age_group` `ethnicity`): every probe of `eval`",
}
_TIME = (2000, 1, 1, 0, 0, 0)


def text(template: str, edition: Edition, **values: Any) -> str:
    """Return a template filled in with an edition, its counts of `eval` and `values`; no value may lack."""
    environment = Environment(undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)
    environment.filters["inline"] = inline  # for what an organizer wrote: the templates are Markdown
    source = (files("mriprivacy.challenge.export") / "templates" / template).read_text(encoding="utf-8")
    return environment.from_string(source).render(
        edition=edition,
        counts=edition.description["counts"]["eval"],
        references="photographs" if edition.eval.reference_kind == "photo" else "reference scans",
        synthetic=edition.description.get("synthetic") is True,
        **values,
    )


def zip_folder(folder: Path, path: Path) -> None:
    """Write a zip of what is in a folder: sorted names, one time, one mode, no folders.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "a.txt").write_text("a")
    >>> zip_folder(folder, folder.parent / (folder.name + ".zip"))
    >>> zipfile.ZipFile(folder.parent / (folder.name + ".zip")).namelist()
    ['a.txt']
    """
    members = sorted(file for file in folder.rglob("*") if file.is_file())
    with whole_file(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for file in members:
            member = zipfile.ZipInfo(file.relative_to(folder).as_posix(), _TIME)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = 0o644 << 16
            with file.open("rb") as source, archive.open(member, "w", force_zip64=True) as target:
                while piece := source.read(1 << 20):
                    target.write(piece)


def vendor_kit(folder: Path) -> None:
    """Copy the kit's sources into a folder that is then put on `sys.path`, with the version they report."""
    root = Path(mriprivacy.__file__).parent
    for home, _, names in os.walk(root, followlinks=True):
        for source in (Path(home, name) for name in names):
            if source.parent.name != "__pycache__":  # bytecode, and what numba compiled
                target = folder / "mriprivacy" / source.relative_to(root)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(source.read_bytes())
    # What importlib.metadata.version asks for; signatures name the version.
    about = folder / f"mriprivacy-{version('mriprivacy')}.dist-info" / "METADATA"
    about.parent.mkdir(parents=True)
    about.write_text(f"Metadata-Version: 2.1\nName: mriprivacy\nVersion: {version('mriprivacy')}\n")
