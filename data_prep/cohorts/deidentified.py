"""Scans that are marked as de-identified, as BIDS writes it: perhaps they are no originals."""

from collections.abc import Sequence
from pathlib import Path

from mriprivacy.data_prep.formats.problems import shown
from mriprivacy.data_prep.formats.strict_json import read_json_object
from mriprivacy.scoring.errors import UserError

METHOD = "DeidentificationMethod"
MASK = "defacemask"
_LARGEST = 1 << 20


def deidentified_note(root: Path, scans: Sequence[Path]) -> str:
    """Return a note on scans whose sidecars name a method of de-identification, or that have a mask of it.

    Sidecars count as BIDS inherits them: from the folder of the scan up to that of the dataset. Masks count
    beside the scan and in `derivatives/`.

    Parameters
    ----------
    root : Path
        The dataset.
    scans : sequence of Path
        Below it.

    Returns
    -------
    str
        One line; empty if there is no such scan.

    Examples
    --------
    >>> import tempfile
    >>> root = Path(tempfile.mkdtemp())
    >>> _ = (root / "T1w.json").write_text('{"DeidentificationMethod": ["pydeface 2.0"]}')
    >>> deidentified_note(root, [root / "sub-1" / "anat" / "sub-1_T1w.nii.gz"])[:52]
    "1 of 1 scans are marked as de-identified ('pydeface "
    """
    methods = {scan: method for scan in scans if (method := _method(root, scan))}
    if not methods:
        return ""
    first, method = next(iter(methods.items()))
    return (
        f"{len(methods)} of {len(scans)} scans are marked as de-identified ({shown(method, 80)}, first "
        f"{first.name}); expected scans as they were taken. If faces were removed, no attack on these "
        "scans shows how well a defacer protects"
    )


def _method(root: Path, scan: Path) -> str:
    """Return how a scan was de-identified, by its sidecars; empty if they hold nothing."""
    *entities, suffix = scan.name.partition(".")[0].split("_")
    folders = [folder for folder in scan.parents if folder == root or root in folder.parents]
    for folder in folders:
        for path in sorted(folder.glob(f"*{suffix}.json")) if folder.is_dir() else ():
            if _applies(path, entities, suffix) and (method := _told(path)):
                return method
    places = [scan.parent]
    if root in scan.parents:
        places += [dataset / scan.parent.relative_to(root) for dataset in (root / "derivatives").glob("*")]
    masks = sorted(path for place in places for path in place.glob(f"*_{MASK}.nii*"))
    of_scan = [mask for mask in masks if _applies(mask, [*entities, f"mod-{suffix}"], MASK)]
    return of_scan[0].name if of_scan else ""


def _applies(path: Path, entities: Sequence[str], suffix: str) -> bool:
    *own, kind = path.name.partition(".")[0].split("_")
    return kind == suffix and set(own) <= set(entities)


def _told(path: Path) -> str:
    try:
        value = read_json_object(path, name=path.name, max_bytes=_LARGEST).get(METHOD)
    except UserError:  # a sidecar is not what `build` reads scans by; the BIDS validator names it
        return ""
    values = value if isinstance(value, list) else [value]
    return "; ".join(one for one in values if isinstance(one, str) and one.strip())
