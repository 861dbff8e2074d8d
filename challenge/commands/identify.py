"""`mriprivacy identify`: probe embeddings against a gallery of any size, in blocks, never as a matrix."""

import json
from dataclasses import asdict, dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mriprivacy.challenge.compute.parallel import Compute, stream
from mriprivacy.data_prep.formats.atomic import whole_folder
from mriprivacy.data_prep.formats.schema import NOT_AVAILABLE
from mriprivacy.data_prep.formats.settings import REQUIRED, group, setting
from mriprivacy.data_prep.formats.tables.tsv import read_table, write_table
from mriprivacy.scoring.errors import UserError, arrays_of_a_person
from mriprivacy.scoring.gallery import (
    Embeddings,
    Found,
    GalleryReport,
    Mated,
    check_sides,
    conclude,
    mated,
    search,
)


@dataclass
class IdentifySettings:
    """Keys of the command."""

    probes: str = setting(
        REQUIRED, ".npy, one row an image; a .tsv of the same name and order has the column subject"
    )
    gallery: str = setting(REQUIRED, "the same; all images of a person stand together")
    output: str = setting(REQUIRED, "folder: figures.json, probes.tsv, people.tsv, candidates.tsv")
    top: int = setting(10, "listed candidates of each probe", at_least=0)
    fmr: float = setting(0.01, "false match rate at which a person counts as linked", at_least=0, at_most=1)
    rows: int = setting(512, "probes a block", at_least=1)
    cache: str = setting("", "folder for files fetched from a URL; empty: the user's own cache folder")
    compute: Compute = group(Compute, "loky")


def run(settings: IdentifySettings) -> None:
    """Compare every probe with everybody of the gallery and write what is found."""
    paths = Path(settings.probes).absolute(), Path(settings.gallery).absolute()
    names = [_subjects(path) for path in paths]
    codes = np.split(np.unique(np.concatenate(names), return_inverse=True)[1], [len(names[0])])
    probes, gallery = (Embeddings(_vectors(path), own) for path, own in zip(paths, codes, strict=True))
    with arrays_of_a_person():
        check_sides(probes, gallery)
        own = mated(probes, gallery)
    with whole_folder(Path(settings.output)) as folder:
        # A worker reads what it needs once, from the same files.
        kept = folder / ".people.npz"
        np.savez(kept, probes=codes[0], gallery=codes[1], scores=own.scores, best=own.best, values=own.values)
        n = len(names[0])
        blocks = [(first, min(first + settings.rows, n)) for first in range(0, n, settings.rows)]
        one = partial(_search, *paths, kept, own.exact, settings.top)
        found = stream(one, blocks, f"{n} probes against {len(names[1])} images", settings.compute)
        report = conclude(own, gallery, (block for _, block in found), settings.fmr)
        kept.unlink()
        _write(folder, report, *names)
    print(report)
    print(f"{settings.output}: written; people.tsv says who is found, candidates.tsv in whose stead")


def _search(probes: Path, gallery: Path, kept: Path, exact: bool, top: int, block: tuple[int, int]) -> Found:
    with arrays_of_a_person():
        return search(*_opened(probes, gallery, kept, exact), slice(*block), top)


@lru_cache(maxsize=1)
def _opened(probes: Path, gallery: Path, kept: Path, exact: bool) -> tuple[Embeddings, Embeddings, Mated]:
    with np.load(kept, allow_pickle=False) as people:
        sides = (
            Embeddings(_vectors(probes), people["probes"]),
            Embeddings(_vectors(gallery), people["gallery"]),
        )
        return *sides, Mated(people["scores"], people["best"], people["values"], exact)


def _vectors(path: Path) -> NDArray[Any]:
    try:
        result: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
        return result
    except (OSError, ValueError, EOFError) as error:
        raise UserError(f"{path}: cannot be read; expected a .npy file of shape (n, d) ({error})") from error


def _subjects(path: Path) -> NDArray[np.str_]:
    table = path.with_suffix(".tsv")
    rows = read_table(table, None)
    if "subject" not in rows.columns:
        raise UserError(f"{table}: no column subject; expected one line an image of {path.name}")
    who = np.array(rows.column("subject"))
    if unknown := np.count_nonzero(who == NOT_AVAILABLE):
        raise UserError(
            f"{table}: subject is {NOT_AVAILABLE} in {unknown} of {len(who)} lines; expected who it is, in "
            "every line"
        )
    return who


def _write(folder: Path, report: GalleryReport, who: NDArray[np.str_], shown: NDArray[np.str_]) -> None:
    known = np.isfinite(report.rank)
    figures = asdict(report.figures) | {
        "threshold": report.threshold,
        "fmr": report.fmr,
        "linked": float(report.linked[known].mean()),
        **{f"rank_{rank}": report.share_within(rank) for rank in (1, 10, 100)},
        "probes": int(known.sum()),
        "gallery_people": report.people,
        "gallery_images": len(shown),
    }
    (folder / "figures.json").write_text(json.dumps(figures, indent=2) + "\n")
    cells = zip(who, report.best, report.rank, report.linked, strict=True)
    rows = [(str(i), *_found(*one)) for i, one in enumerate(cells)]
    write_table(folder / "probes.tsv", ("probe", "subject", "score", "rank", "linked"), rows)
    write_table(
        folder / "people.tsv", ("subject", "probes", "best_rank", "share_linked"), _people(report, who)
    )
    listed = [
        (str(i), str(place), str(row), shown[row], f"{score:.9g}")
        for i, (rows_, scores) in enumerate(zip(report.candidates, report.candidate_scores, strict=True))
        for place, (row, score) in enumerate(zip(rows_, scores, strict=True), start=1)
    ]
    write_table(folder / "candidates.tsv", ("probe", "place", "gallery", "subject", "score"), listed)


def _found(subject: str, score: float, rank: float, linked: bool) -> tuple[str, ...]:
    if np.isnan(rank):
        return subject, "n/a", "n/a", "n/a"
    return subject, f"{score:.9g}", f"{rank:g}", "yes" if linked else "no"


def _people(report: GalleryReport, who: NDArray[np.str_]) -> list[tuple[str, ...]]:
    """Return one line a person: how many probes, the best rank, and the share of probes that link to it."""
    known = np.isfinite(report.rank)
    names, codes = np.unique(who[known], return_inverse=True)
    count = np.bincount(codes)
    best = np.full(len(names), np.inf)
    np.minimum.at(best, codes, report.rank[known])
    share = np.bincount(codes, weights=report.linked[known]) / count
    return [
        (name, str(n), f"{rank:g}", f"{linked:.3g}")
        for name, n, rank, linked in zip(names, count, best, share, strict=True)
    ]
