import numpy as np
import pytest

from mriprivacy import scoring


@pytest.mark.parametrize(("n_mated", "n_nonmated"), [(60, 60), (40, 3000), (3000, 40)])
def test_a_summary_is_what_the_functions_give(n_mated: int, n_nonmated: int) -> None:
    rng = np.random.default_rng(0)
    m, n = rng.normal(1, 1, n_mated).round(1), rng.normal(0, 1, n_nonmated).round(1)
    summary = scoring.summarize(m, n)
    for name in ("eer", "rocch_eer", "auc", "dsys_histogram", "cllr", "min_cllr"):
        assert getattr(summary, name) == pytest.approx(getattr(scoring, name)(m, n), abs=1e-12)
    assert summary.tmr_at_fmr_1pct == scoring.tmr_at_fmr(m, n, 0.01)
    assert summary.linkability == pytest.approx(scoring.linkability(m, n), abs=1e-12)
    assert summary.zebra == scoring.zebra(m, n)
    assert "linkability" in str(summary)
