import numpy as np
import pytest

from mriprivacy.data_prep.synthetic.measures.survey import draw_measures, expected_measures, of_sex
from mriprivacy.data_prep.synthetic.people.traits import random_for

EUROPEAN = {"african": 0.0, "asian": 0.0, "european": 1.0}


@pytest.mark.parametrize("sex", ["M", "F"])
def test_draws_have_the_moments_of_the_distribution(sex):
    rng = random_for(1, "survey", "moments")
    drawn = np.array([draw_measures(rng, sex, 37, EUROPEAN) for _ in range(2000)])
    factor = of_sex(sex).cholesky
    covariance = factor @ factor.T
    spread = np.sqrt(np.diag(covariance))
    assert np.abs((drawn.mean(axis=0) - expected_measures(sex, 37, EUROPEAN)) / spread).max() < 0.1
    assert np.abs(drawn.std(axis=0) / spread - 1).max() < 0.1
    correlation = covariance / spread / spread[:, None]
    assert np.abs(np.corrcoef(drawn.T) - correlation).max() < 0.12


def test_ages_are_interpolated_and_end_at_75():
    fitted = of_sex("F")
    for age, band in zip((24, 37, 54), fitted.band_means, strict=True):
        np.testing.assert_allclose(expected_measures("F", age, {}), band)
    np.testing.assert_allclose(expected_measures("F", 45.5, {}), fitted.band_means[1:].mean(axis=0))
    np.testing.assert_array_equal(expected_measures("F", 75, {}), expected_measures("F", 90, {}))


def test_a_blend_of_components_is_a_blend_of_groups():
    parts = [expected_measures("M", 30, {name: 1.0}) for name in ("african", "asian")]
    blend = expected_measures("M", 30, {"african": 0.5, "asian": 0.5})
    np.testing.assert_allclose(blend, np.mean(parts, axis=0))
