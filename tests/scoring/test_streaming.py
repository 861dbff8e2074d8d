from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mriprivacy import scoring
from mriprivacy.scoring import ScoringError, score_stream, tsv_chunks
from mriprivacy.scoring.metrics.steps import Steps
from mriprivacy.scoring.metrics.verification import eer_of
from mriprivacy.scoring.streaming import _eer_bound


def people(seed: int, n_mated: int = 400, n_nonmated: int = 5000) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    scores = np.r_[rng.normal(1, 1, n_mated), rng.normal(0, 1, n_nonmated)].round(2)
    order = rng.permutation(len(scores))
    return scores[order], (np.arange(len(scores)) < n_mated)[order]


def cut(scores: np.ndarray, mated: np.ndarray, size: int) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(scores[i : i + size], mated[i : i + size]) for i in range(0, len(scores), size)]


@pytest.mark.parametrize("size", [1, 700, 10_000])
def test_exact_and_the_same_for_any_chunk(size: int) -> None:
    scores, mated = people(0)
    scores, mated = (scores[:300], mated[:300]) if size == 1 else (scores, mated)
    report = score_stream(lambda: cut(scores, mated, size))
    m, n = scores[mated], scores[~mated]
    assert report.exact
    assert (report.eer_bound, report.auc_bound) == (0, 0)
    assert (report.n_mated, report.n_nonmated) == (len(m), len(n))
    assert report.eer == pytest.approx(scoring.eer(m, n), abs=1e-12)
    assert report.auc == pytest.approx(scoring.auc(m, n), abs=1e-12)
    assert report.min_cllr == pytest.approx(scoring.min_cllr(m, n), abs=1e-12)
    assert report.tmr_at_fmr_1pct == scoring.tmr_at_fmr(m, n, 0.01)
    assert report == score_stream(lambda: cut(scores, mated, 333))


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("most", [2, 7, 50])
def test_binned_within_the_bound_it_states(seed: int, most: int) -> None:
    scores, mated = people(seed)
    report = score_stream(lambda: cut(scores, mated, 900), max_values=most)
    m, n = scores[mated], scores[~mated]
    assert not report.exact
    assert abs(report.auc - scoring.auc(m, n)) <= report.auc_bound + 1e-12
    assert abs(report.eer - scoring.eer(m, n)) <= report.eer_bound + 1e-12
    assert report.min_cllr >= scoring.min_cllr(m, n) - 1e-12
    assert "binned" in str(report)
    assert most < 50 or (report.auc_bound < 0.02 and report.eer_bound < 0.05)


@pytest.mark.parametrize("seed", range(30))
def test_the_bound_of_the_eer_is_as_far_as_the_order_within_a_bin_can_move_it(seed: int) -> None:
    mated, nonmated = np.random.default_rng(seed).integers(1, 30, (2, 3))
    raw = Steps(mated, nonmated)
    fmr, tmr = raw.vertices()
    crossed = int(np.argmax(fmr + tmr >= 1)) - 1
    pieces = [(m, n) if i != crossed else None for i, (m, n) in enumerate(zip(mated, nonmated, strict=True))]
    m, n = mated[crossed], nonmated[crossed]
    ends = []
    for inside in ([(m, 0), (0, n)], [(0, n), (m, 0)]):
        ordered = [two for piece in pieces for two in ([piece] if piece else inside)]
        ends.append(float(eer_of(Steps(*np.array(ordered).T))))
    value = float(eer_of(raw))
    expected = max(value - min(ends), max(ends) - value)
    assert _eer_bound(raw, np.ones(3, bool)) == pytest.approx(expected, abs=1e-12)
    assert _eer_bound(raw, np.arange(3) != crossed) == 0.0


def test_tsv(tmp_path: Path) -> None:
    scores, mated = people(1)
    table = pd.DataFrame({"probe": "NA", "score": scores, "label": np.where(mated, "mated", "nonmated")})
    table.to_csv(tmp_path / "trials.tsv", sep="\t", index=False)
    assert score_stream(tsv_chunks(tmp_path / "trials.tsv", rows=999)) == score_stream(
        lambda: [(scores, mated)]
    )
    table.loc[7, "label"] = "maybe"
    table.to_csv(tmp_path / "bad.tsv", sep="\t", index=False)
    with pytest.raises(ScoringError, match=r"bad.tsv: column label: row 9: 'maybe'; expected 'mated'"):
        score_stream(tsv_chunks(tmp_path / "bad.tsv", rows=5))
    table = table.astype({"score": object})
    table.loc[3, "score"] = "high"
    table.loc[7, "label"] = "mated"
    table.to_csv(tmp_path / "bad.tsv", sep="\t", index=False)
    with pytest.raises(ScoringError, match=r"bad.tsv: column score: row 5: 'high'; expected a finite number"):
        score_stream(tsv_chunks(tmp_path / "bad.tsv", rows=3))
    with pytest.raises(ScoringError, match=r"bad.tsv: no column points; found probe, score, label"):
        score_stream(tsv_chunks(tmp_path / "bad.tsv", score="points"))


def test_parquet(tmp_path: Path) -> None:
    scores, mated = people(2)
    table = pd.DataFrame({"score": scores, "label": np.where(mated, "mated", "nonmated")})
    table.to_parquet(tmp_path / "trials.parquet")
    chunks = scoring.parquet_chunks(tmp_path / "trials.parquet", rows=999)
    assert score_stream(chunks) == score_stream(lambda: [(scores, mated)])


@pytest.mark.parametrize(
    ("chunks", "message"),
    [
        ([([1.0], [True]), ([np.nan], [False])], "chunk 1: scores: 1 of 1 values not finite"),
        ([([1.0], [True, False])], "chunk 0: lengths differ"),
        ([([1.0], [1])], "chunk 0: mated of type int64"),
        ([([], [True])], "chunk 0: scores: "),
        ([([1.0], [])], "chunk 0: lengths differ"),
        ([([1.0], [True])], "no non-mated"),
        ([([1.0], [False])], "no mated trial"),
    ],
)
def test_bad_chunks_are_named(chunks: list, message: str) -> None:
    with pytest.raises(ScoringError, match=message):
        score_stream(lambda: chunks)


@pytest.mark.parametrize(
    "again",
    [([1.0, 0.5], [True, False]), ([1.0, 0.0], [False, True]), ([1.0, 0.0] * 2, [True, False] * 2)],
)
def test_other_trials_when_read_again_are_noticed(again: tuple) -> None:
    """They were scored, and called exact."""
    passes = iter([([1.0, 0.0], np.array([True, False])), (again[0], np.array(again[1]))])
    with pytest.raises(ScoringError, match="expected the same trials both times"):
        score_stream(lambda: [next(passes)])


def test_an_empty_chunk_is_passed_over() -> None:
    scores, mated = people(3)
    whole = score_stream(lambda: [(scores, mated)])
    empty = np.zeros(0), np.zeros(0, bool)
    assert score_stream(lambda: [empty, (scores, mated), empty]) == whole


def test_what_stands_for_missing_is_named_as_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "trials.tsv"
    for score, label, words in (("NA", "mated", "'NA'"), ("1", "n/a", "'n/a'"), ("", "mated", "''")):
        path.write_text(f"score\tlabel\n1\tmated\n{score}\t{label}\n0\tnonmated\n")
        with pytest.raises(ScoringError, match=f"row 3: {words}; expected"):
            score_stream(tsv_chunks(path))


def test_a_generator_that_is_spent_is_noticed() -> None:
    spent = iter([([1.0, 0.0], np.array([True, False]))])
    with pytest.raises(ScoringError, match="non-mated"):
        score_stream(lambda: spent)


def test_how_many_trials_were_read_is_said() -> None:
    """Three mated and two non-mated ones at first, then one less; or no non-mated ones at all."""
    scores, mated = np.arange(5.0), np.array([True, True, True, False, False])
    reads = iter([5, 4])

    def chunks() -> list:
        count = next(reads)
        return [(scores[:count], mated[:count])]

    with pytest.raises(ScoringError, match="chunks: 5 trials when read first, 4 when read again, or others"):
        score_stream(chunks)
    with pytest.raises(ScoringError, match="chunks: 3 mated and no non-mated trials"):
        score_stream(lambda: [(scores[:3], mated[:3])])
    with pytest.raises(ScoringError, match="chunk 1: "):
        score_stream(lambda: [(scores, mated), (scores[:1], mated)])


@pytest.mark.parametrize("rows", [1, 2, 100])
@pytest.mark.parametrize(
    ("score", "label", "message"),
    [
        ("x", "mated", "'x'; expected a finite number"),
        ("1", "same", "'same'; expected 'mated' or 'nonmated'"),
    ],
)
def test_the_row_is_named_wherever_it_stands(
    rows: int, score: str, label: str, message: str, tmp_path: Path
) -> None:
    """The fourth trial: line 5 of a table with a header, row 4 of a file without lines."""
    table = [("1", "mated"), ("2", "nonmated"), ("3", "mated"), (score, label), (score, label)]
    path = tmp_path / "trials.tsv"
    path.write_text("\n".join("\t".join(row) for row in [("score", "label"), *table]) + "\n")
    with pytest.raises(ScoringError, match=f"row 5: {message}"):
        score_stream(tsv_chunks(path, rows=rows))
    frame = pd.DataFrame(table, columns=["score", "label"])
    frame.to_parquet(tmp_path / "trials.parquet")
    with pytest.raises(ScoringError, match=f"row 4: {message}"):
        score_stream(scoring.streaming.parquet_chunks(tmp_path / "trials.parquet", rows=rows))
