"""`mriprivacy qc`: say of every scan of a folder whether a face is left in it."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageOps

from mriprivacy.baselines.alignment.presence import (
    CANNOT_TELL,
    CUT,
    DEFACED,
    NO_HEAD,
    VERDICTS,
    WHOLE,
    Presence,
    presence,
)
from mriprivacy.baselines.face.render import render
from mriprivacy.baselines.face.scan import Scan, ScanError, read_scan
from mriprivacy.baselines.face.surface import SurfaceError, reconstruct
from mriprivacy.baselines.face.views import View
from mriprivacy.challenge.compute.folders import cache_folder
from mriprivacy.challenge.compute.parallel import Compute
from mriprivacy.challenge.compute.parallel import run as work
from mriprivacy.challenge.evaluation.checks.brain_gate import LEAST_CHANGED
from mriprivacy.challenge.evaluation.checks.kept_face import unchanged_share
from mriprivacy.challenge.leaderboard.tables import tsv
from mriprivacy.challenge.risk.scan_pairs import PASSED_OVER, find_scans
from mriprivacy.data_prep.formats.atomic import whole_file, whole_folder
from mriprivacy.data_prep.formats.settings import REQUIRED, group, setting
from mriprivacy.data_prep.formats.tables.foreign_text import one_line
from mriprivacy.data_prep.synthetic.contact_sheet import planes
from mriprivacy.scoring.errors import UserError

FACES_LEFT, NOT_TOLD = 3, 4  # exit status
GONE = (DEFACED, NO_HEAD)
COLUMNS = ("number", "scan", "verdict", "missing", "reason", "original", "unchanged")
SIZE, TITLE, ACROSS, PER_PAGE = 160, 16, 4, 48


@dataclass
class QcSettings:
    """Keys of the command."""

    root: str = setting(REQUIRED, "folder of defaced scans: a BIDS dataset, or NIfTI files at any depth")
    originals: str = setting("", "folder of the scans before defacing, under the same names; empty: none")
    output: str = setting("", "folder for qc.tsv and a contact sheet, which shows what is left; empty: none")
    cache: str = setting("", "folder in which registrations are kept; empty: the user's own cache folder")
    compute: Compute = group(Compute, "loky")


@dataclass(frozen=True)
class _ScanJob:
    path: Path
    original: Path | None
    cache: Path
    drawn: bool


@dataclass(frozen=True)
class _Checked:
    """A verdict on a scan, and on its original with the share of the head that is unchanged; its pictures."""

    seen: Presence
    original: str = ""
    unchanged: float = float("nan")
    pictures: tuple[NDArray[np.uint8], ...] = ()


def run(settings: QcSettings) -> int:
    """Print a verdict on every scan; return `FACES_LEFT` or, if none is, `NOT_TOLD` of one, else 0."""
    root, originals = Path(settings.root), Path(settings.originals) if settings.originals else None
    scans, passed_over = find_scans(root)
    if originals is not None:
        _require_originals(scans, originals)
    cache = cache_folder(settings.cache)
    jobs = [
        _ScanJob(root / name, originals / name if originals else None, cache, bool(settings.output))
        for name in scans
    ]
    found = dict(zip(scans, work(_check, jobs, "faces left", settings.compute), strict=True))
    rows = [_row(number, name, one) for number, (name, one) in enumerate(found.items(), start=1)]
    if settings.output:
        with whole_folder(Path(settings.output)) as folder:
            (folder / "qc.tsv").write_text(tsv(COLUMNS, rows), encoding="utf-8")
            _write_sheets(folder, list(found.values()))
    for name, one in found.items():
        print(one_line(f"{name}: {_line(one)}"))
    counts = Counter(one.seen.verdict for one in found.values())
    print(f"{root}: {len(found)} scans: {', '.join(f'{counts[v]} {v}' for v in VERDICTS if counts[v])}")
    if passed_over:
        print(f"{passed_over} more NIfTI files were passed over: {PASSED_OVER}")
    return _status(found.values())


def _require_originals(scans: Sequence[str], originals: Path) -> None:
    missing = [name for name in scans if not (originals / name).is_file()]
    if missing:
        more = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
        raise UserError(
            f"{originals / missing[0]}: no such file{more}; expected the original of every scan of root= "
            "under the same name"
        )


def _check(job: _ScanJob) -> _Checked:
    try:
        scan = read_scan(job.path)
    except (ScanError, OSError) as error:
        return _Checked(Presence(CANNOT_TELL, reason=str(error)))
    seen, pictures = presence(scan, job.cache), _pictures(job.path, scan) if job.drawn else ()
    if job.original is None:
        return _Checked(seen, pictures=pictures)
    try:
        original = read_scan(job.original)
    except (ScanError, OSError) as error:
        return _Checked(seen, f"{CANNOT_TELL} ({error})", pictures=pictures)
    same_grid = original.data.shape == scan.data.shape and np.allclose(
        original.affine, scan.affine, atol=1e-3
    )
    return _Checked(
        seen,
        str(presence(original, job.cache)),
        unchanged_share(original, scan) if same_grid else float("nan"),
        pictures,
    )


def _pictures(path: Path, scan: Scan) -> tuple[NDArray[np.uint8], ...]:
    """Return the middle sagittal slice, and the head from the front where one can be separated."""
    try:
        front = render(reconstruct(scan, max(2.0, float(scan.spacing.min()))), [View(0, 0)], SIZE)
    except SurfaceError:
        front = []
    return (planes(path)[0], *front)


def _is_left(one: _Checked) -> bool:
    return one.seen.verdict in (WHOLE, CUT)


def _line(one: _Checked) -> str:
    parts = [str(one.seen)]
    if _is_original(one):
        parts.append("not defaced: the scan is the original")
    elif one.original == WHOLE and one.seen.verdict == WHOLE and np.isfinite(one.unchanged):
        parts.append(f"changed, {one.unchanged:.0%} of the head is the original's")
    if one.original and not one.original.startswith(WHOLE):
        parts.append(f"the original: {one.original}")
    return "; ".join(parts)


def _row(number: int, name: str, one: _Checked) -> tuple[str, ...]:
    unchanged = "n/a" if one.unchanged != one.unchanged else f"{one.unchanged:.3f}"
    missing, seen = ", ".join(one.seen.missing), one.seen
    return (
        *(str(number), name, seen.verdict, missing or "n/a", seen.reason or "n/a", one.original or "n/a"),
        unchanged,
    )


def _status(found: Collection[_Checked]) -> int:
    # A scan that is its original shows what that showed, whatever its verdict is.
    if any(_is_left(one) or (_is_original(one) and not one.original.startswith(GONE)) for one in found):
        return FACES_LEFT
    return NOT_TOLD if any(one.seen.verdict == CANNOT_TELL for one in found) else 0


def _is_original(one: _Checked) -> bool:
    return one.unchanged > 1 - LEAST_CHANGED


def _colour(one: _Checked) -> tuple[int, int, int]:
    """Return red for a face that is left, amber where that is unknown, else grey."""
    if _is_left(one):
        return 255, 90, 90
    return (200, 200, 200) if one.seen.readable else (255, 200, 80)


def _write_sheets(folder: Path, found: Sequence[_Checked]) -> None:
    """Write contact sheets; a tile has its number in qc.tsv, and a title in the colour of its verdict."""
    for first in range(0, len(found), PER_PAGE):
        page = found[first : first + PER_PAGE]
        rows = -(-len(page) // ACROSS)
        sheet = Image.new("RGB", (ACROSS * 2 * SIZE, rows * (SIZE + TITLE)), (24, 24, 26))
        draw = ImageDraw.Draw(sheet)
        for place, one in enumerate(page):
            left, top = place % ACROSS * 2 * SIZE, place // ACROSS * (SIZE + TITLE)
            draw.text((left + 4, top + 2), f"{first + place + 1}  {one.seen}"[:52], fill=_colour(one))
            for column, picture in enumerate(one.pictures):
                tile = ImageOps.pad(Image.fromarray(picture).convert("RGB"), (SIZE, SIZE))
                sheet.paste(tile, (left + column * SIZE, top + TITLE))
        with whole_file(folder / f"contact_sheet_{first // PER_PAGE + 1:02d}.png") as temporary:
            sheet.save(temporary, format="PNG")
