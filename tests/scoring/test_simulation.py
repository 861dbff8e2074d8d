import pytest

from tests.helpers.scoring_simulation import OTHERS, PROMISED, Setting, truth


def test_truths() -> None:
    """Closed forms of the normal model, and the table of the docs."""
    assert truth(1.0)["eer"] == pytest.approx(0.308538, abs=1e-6)
    assert truth(1.0)["auc"] == pytest.approx(0.760250, abs=1e-6)
    assert truth(0.0)["linkability"] == 0.0


@pytest.mark.slow
@pytest.mark.parametrize("setting", [*PROMISED, *OTHERS[:3]], ids=str)
def test_intervals_cover_what_they_promise(setting: Setting) -> None:
    """93 to 97 %, widened by twice the error of the simulation itself (1.5 % with 200 lists)."""
    for name, row in setting.coverage(lists=200, n_bootstrap=300, n_jobs=2).items():
        assert 0.90 <= row["covered"] <= 0.99, name
        assert row["mean"] == pytest.approx(row["truth"], abs=0.015), name


@pytest.mark.slow
def test_noise_stays_noise() -> None:
    """The low end lies above 0 in 5 % of lists; twice the error of 200 lists is allowed on top."""
    row = OTHERS[3].coverage(lists=200, n_bootstrap=300, n_jobs=2)["linkability"]
    assert row["mean"] < 0.03
    assert row["above"] < 0.08
