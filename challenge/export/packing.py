"""Zips that are the same bytes every time, and the kit's own sources for places where it is not installed."""

import zipfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from data_prep.files import whole_file

PACKAGES = ("challenge", "baselines", "scoring", "data_prep", "conf")
_TIME = (2000, 1, 1, 0, 0, 0)


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
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    with whole_file(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for file in files:
            member = zipfile.ZipInfo(file.relative_to(folder).as_posix(), _TIME)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = 0o644 << 16
            with file.open("rb") as source, archive.open(member, "w", force_zip64=True) as target:
                while piece := source.read(1 << 20):
                    target.write(piece)


def vendor_kit(folder: Path) -> None:
    """Copy the kit's sources into a folder that is then put on `sys.path`, with the version they report."""
    for package in PACKAGES:
        spec = find_spec(package)
        assert spec is not None
        assert spec.origin is not None
        root = Path(spec.origin).parent
        for source in sorted(root.rglob("*")):
            if source.is_file() and source.suffix != ".pyc":
                target = folder / package / source.relative_to(root)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(source.read_bytes())
    # What importlib.metadata.version asks for; signatures name the version.
    about = folder / f"mriprivacy-{version('mriprivacy')}.dist-info" / "METADATA"
    about.parent.mkdir(parents=True)
    about.write_text(f"Metadata-Version: 2.1\nName: mriprivacy\nVersion: {version('mriprivacy')}\n")
