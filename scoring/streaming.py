"""Trial lists that do not fit in memory, read twice in chunks: exact, or binned with a stated bound."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from mriprivacy.scoring.errors import (
    DataError,
    Floats,
    ScoringError,
    as_scores,
    check_count,
    same_length,
    unmasked,
)
from mriprivacy.scoring.metrics.calibration import min_cllr_of
from mriprivacy.scoring.metrics.linkability import linkability_of
from mriprivacy.scoring.metrics.steps import Steps, between, count_below
from mriprivacy.scoring.metrics.verification import auc_of, eer_of, tmr_of

Chunk = tuple[ArrayLike, ArrayLike]
CHUNK = 1_000_000  # trials read at a time


@dataclass(frozen=True, slots=True)
class StreamReport:
    """Point figures of a list read in chunks.

    Attributes
    ----------
    eer, auc, linkability, min_cllr, tmr_at_fmr_1pct, tmr_at_fmr_01pct : float
    eer_bound, auc_bound : float
        How far eer and auc can be from the values on the list sorted whole; 0 when exact.
    exact : bool
        Whether every distinct mated score was kept. If not, linkability and the TMR are never above and
        min_cllr never below what the whole list would give, up to sampling of the halves.
    n_mated, n_nonmated : int
    """

    eer: float
    auc: float
    linkability: float
    min_cllr: float
    tmr_at_fmr_1pct: float
    tmr_at_fmr_01pct: float
    eer_bound: float
    auc_bound: float
    exact: bool
    n_mated: int
    n_nonmated: int

    def __str__(self) -> str:
        how = "exact" if self.exact else f"binned, EER +- {self.eer_bound:.2g}, AUC +- {self.auc_bound:.2g}"
        return (
            f"EER {self.eer:.4f}, AUC {self.auc:.4f}, linkability {self.linkability:.4f} ({how}; "
            f"{self.n_mated} mated, {self.n_nonmated} non-mated trials)"
        )


def score_stream(chunks: Callable[[], Iterable[Chunk]], max_values: int = 4_000_000) -> StreamReport:
    """Score a trial list that is read in chunks, in memory that grows with its mated scores only.

    Parameters
    ----------
    chunks : callable
        Gives (scores, mated) arrays of one chunk after the other, and the same again when called again.
    max_values : int
        Distinct mated scores kept. With more, every other one is dropped, again and again, and the ROC
        between those kept is taken as straight.

    Returns
    -------
    StreamReport
        The same for any size and order of chunks as long as it is exact.

    Raises
    ------
    ScoringError
        For a bad chunk (its number is named), or a missing class.

    Notes
    -----
    Only the mated scores must be sorted: every figure depends on the non-mated ones by how many lie below
    and at each mated score, and these counts add up over chunks.

    Examples
    --------
    >>> scores, mated = np.array([3.0, 1, 2, 0, 1, 5]), np.array([1, 1, 1, 0, 0, 0], dtype=bool)
    >>> print(score_stream(lambda: [(scores[i : i + 2], mated[i : i + 2]) for i in (0, 2, 4)]))
    EER 0.3333, AUC 0.6111, linkability 0.0000 (exact; 3 mated, 3 non-mated trials)
    """
    values, exact, first = _mated_values(chunks, max_values)
    second = np.zeros(4, dtype=np.uint64)
    counts = np.zeros((2, 2, len(values)), dtype=np.int64)  # (mated, nonmated) x (below, up to)
    totals = [0, 0]
    for scores, mated in _checked(chunks):
        second += _content(scores, mated)
        for k, part in enumerate((scores[mated], scores[~mated])):
            if len(part):
                counts[k] += count_below(values, part)
                totals[k] += len(part)
    if not totals[1]:
        raise DataError(f"chunks: {totals[0]} mated and no non-mated trials; expected both classes")
    if (first != second).any():
        raise ScoringError(
            f"chunks: {first[0] + first[1]} trials when read first, {second[0] + second[1]} when read again, "
            "or others; expected the same trials both times"
        )
    return report_of(counts, totals, exact)


def _content(scores: Floats, mated: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Return counts of both classes and sums of their bits, which add up over chunks in any order."""
    bits = (scores + 0.0).view(np.uint64)
    parts = bits[mated], bits[~mated]
    return np.array([*map(len, parts), *(part.sum(dtype=np.uint64) for part in parts)], dtype=np.uint64)


def report_of(counts: NDArray[np.int64], totals: Sequence[int], exact: bool) -> StreamReport:
    """Return the figures that counts at ascending values amount to.

    Parameters
    ----------
    counts : ndarray, shape (2, 2, n_values)
        Mated and non-mated trials below, and at or below, each value.
    totals : sequence of two int
        Mated and non-mated trials; neither is 0.
    exact : bool
        Whether the values are all distinct mated scores.
    """
    raw = Steps(*(between(below, upto, total) for (below, upto), total in zip(counts, totals, strict=True)))
    straight = np.arange(len(raw.mated)) % 2 == 0  # pieces between two kept values
    curve = raw.filled()
    return StreamReport(
        eer=float(eer_of(curve)),
        auc=float(auc_of(curve)),
        linkability=linkability_of(curve),
        min_cllr=float(min_cllr_of(curve)),
        tmr_at_fmr_1pct=float(tmr_of(curve, 0.01)),
        tmr_at_fmr_01pct=float(tmr_of(curve, 0.001)),
        eer_bound=_eer_bound(raw, straight),
        auc_bound=float((raw.mated * (raw.nonmated / totals[1]))[straight].sum() / totals[0] / 2),
        exact=exact,
        n_mated=totals[0],
        n_nonmated=totals[1],
    )


def tsv_chunks(
    path: Path, score: str = "score", label: str = "label", rows: int = CHUNK
) -> Callable[[], Iterator[Chunk]]:
    """Chunks of a TSV with a column of scores and one of ``mated`` or ``nonmated``."""

    def read() -> Iterator[Chunk]:
        options = {"sep": "\t", "usecols": [score, label], "keep_default_na": False}
        header = pd.read_csv(path, sep="\t", nrows=0).columns
        if missing := [name for name in (score, label) if name not in header]:
            raise ScoringError(f"{path}: no column {', '.join(missing)}; found {', '.join(header)}")
        with pd.read_csv(path, chunksize=rows, dtype={label: str}, **options) as reader:  # type: ignore[call-overload]
            for table in reader:
                first = int(table.index[0]) + 2 if len(table) else 2  # lines, the header first
                numbers = _numbers(table[score], f"{path}: column {score}", first)
                yield numbers, _labels(table[label].to_numpy(), f"{path}: column {label}", first)

    return read


def parquet_chunks(
    path: Path, score: str = "score", label: str = "label", rows: int = CHUNK
) -> Callable[[], Iterator[Chunk]]:
    """Chunks of a Parquet file, columns as in `tsv_chunks`; needs pyarrow."""

    def read() -> Iterator[Chunk]:
        from pyarrow import parquet  # type: ignore[import-not-found,import-untyped,unused-ignore]

        with parquet.ParquetFile(path) as file:
            header, first = file.schema_arrow.names, 1
            if missing := [name for name in (score, label) if name not in header]:
                raise ScoringError(f"{path}: no column {', '.join(missing)}; found {', '.join(header)}")
            for batch in file.iter_batches(batch_size=rows, columns=[score, label]):
                names = batch.column(label).to_numpy(zero_copy_only=False)
                labels = _labels(names, f"{path}: column {label}", first)
                column = pd.Series(batch.column(score).to_numpy(zero_copy_only=False))
                yield _numbers(column, f"{path}: column {score}", first), labels
                first += len(names)

    return read


def _labels(names: NDArray[Any], where: str, first: int) -> NDArray[np.bool_]:
    """Return labels as booleans; the first row has the number given."""
    result: NDArray[np.bool_] = names == "mated"
    bad = ~result & (names != "nonmated")
    if bad.any():
        row = int(np.argmax(bad))
        raise ScoringError(f"{where}: row {first + row}: {names[row]!r}; expected 'mated' or 'nonmated'")
    return result


def _numbers(column: pd.Series[Any], where: str, first: int) -> Floats:
    """Return scores as numbers; the first row has the number given."""
    values = pd.to_numeric(column, errors="coerce").to_numpy(dtype=float)
    bad = ~np.isfinite(values)
    if bad.any():
        row = int(np.argmax(bad))
        found = column.iloc[row]
        shown = found.item() if isinstance(found, np.generic) else found
        raise ScoringError(f"{where}: row {first + row}: {shown!r}; expected a finite number")
    return values


def _checked(chunks: Callable[[], Iterable[Chunk]]) -> Iterator[tuple[Floats, NDArray[np.bool_]]]:
    for number, (scores, mated) in enumerate(chunks()):
        try:
            label, given = unmasked("mated", mated), unmasked("scores", scores)
            if given.shape == label.shape == (0,):
                continue
            (values,) = as_scores(scores=scores)
            same_length(scores=values, mated=label)
        except ScoringError as error:
            raise ScoringError(f"chunk {number}: {error}") from None
        if label.dtype.kind != "b":
            raise ScoringError(f"chunk {number}: mated of type {label.dtype}; expected booleans")
        yield values, label


def _mated_values(
    chunks: Callable[[], Iterable[Chunk]], most: int
) -> tuple[Floats, bool, NDArray[np.uint64]]:
    """Distinct mated scores, ascending, at most `most`, whether these are all, and `_content`."""
    values, exact, content = np.empty(0), True, np.zeros(4, dtype=np.uint64)
    for scores, mated in _checked(chunks):
        content += _content(scores, mated)
        values, whole = thinned(np.union1d(values, scores[mated]), most)
        exact &= whole
    if not len(values):
        raise DataError("chunks: no mated trial; expected both classes")
    return values, exact, content


def thinned(values: Floats, most: int) -> tuple[Floats, bool]:
    """Return every second value until there are at most `most`, and whether they are all there."""
    check_count("max_values", most, 2, "values")
    exact = len(values) <= most
    while len(values) > most:
        values = values[::2]
    return values, exact


def _eer_bound(raw: Steps, straight: NDArray[np.bool_]) -> float:
    """Half-width the crossing can move within the piece it lies in, if that piece is binned."""
    fmr, tmr = raw.vertices()
    after = int(np.argmax(fmr + tmr >= 1))
    piece = after - 1
    if not straight[piece] or raw.mated[piece] == 0 or raw.nonmated[piece] == 0:
        return 0.0
    value = float(eer_of(raw))
    low, high = max(fmr[piece], 1 - tmr[after]), min(fmr[after], 1 - tmr[piece])
    return float(max(value - low, high - value))
