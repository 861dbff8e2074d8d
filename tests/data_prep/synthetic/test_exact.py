"""Elementary functions and products against numpy's, and draws against their distributions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mriprivacy.data_prep.synthetic import exact

FUNCTIONS = {
    "exp": (exact.exp, np.exp, (-700.0, 700.0)),
    "log": (exact.log, np.log, (1e-300, 1e300)),
    "sin": (exact.sin, np.sin, (-1e4, 1e4)),
    "cos": (exact.cos, np.cos, (-1e4, 1e4)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_are_those_of_numpy(name: str) -> None:
    ours, theirs, (low, high) = FUNCTIONS[name]

    @given(st.floats(low, high))
    def check(x: float) -> None:
        assert float(ours(x)) == pytest.approx(float(theirs(x)), rel=2e-15, abs=4e-12 if "n" in name else 0)

    check()


@given(st.floats(0, 1e3), st.floats(0.1, 24))
def test_power_is_that_of_numpy(x: float, exponent: float) -> None:
    assert float(exact.power(x, exponent)) == pytest.approx(x**exponent, rel=1e-12, abs=1e-300)


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_angles_are_those_of_numpy(y: float, x: float) -> None:
    assert float(exact.arctan2(y, x)) == pytest.approx(
        float(np.arctan2(y + 0.0, x + 0.0)), rel=4e-15, abs=1e-300
    )


def test_ends_of_functions() -> None:
    assert exact.exp(1000.0) == np.inf
    assert exact.exp(-1000.0) == 0
    assert exact.exp(0.0) == 1
    assert exact.log(0.0) == -np.inf
    assert np.isnan(exact.log(-1.0))
    assert exact.power(0.0, 2.2) == 0
    assert exact.arctan2(0.0, 0.0) == 0
    assert exact.sin(np.zeros((2, 3), np.float32)).shape == (2, 3)


@pytest.mark.parametrize("seed", range(5))
def test_products_and_inverses_are_those_of_numpy(seed: int) -> None:
    rng = np.random.default_rng(seed)
    affine = np.eye(4)
    affine[:3] = rng.normal(0, 1, (3, 4))
    points, square = rng.normal(0, 50, (20, 3)), rng.normal(0, 1, (30, 7))
    assert np.allclose(exact.turned(points, affine[:3, :3]), points @ affine[:3, :3])
    assert np.allclose(exact.turned(points, affine[0, :3]), points @ affine[0, :3])
    assert np.allclose(exact.moved(points, affine), points @ affine[:3, :3].T + affine[:3, 3])
    assert np.allclose(exact.turned(exact.inverse(affine), affine), np.eye(4))
    assert exact.determinant(affine) == pytest.approx(np.linalg.det(affine[:3, :3]))
    matrix, right = square.T @ square, rng.normal(0, 1, 7)
    assert np.allclose(exact.solve(matrix, right), np.linalg.solve(matrix, right))


def test_noise_is_normal() -> None:
    grain = exact.noise(np.random.default_rng(1), 200_000)
    assert grain.dtype == np.float32
    assert stats.kstest(grain, "norm").statistic < 0.004
    assert 3.5 < np.abs(grain).max() < 4.5


def test_draws_are_numpys_to_nine_decimals() -> None:
    ours, theirs = exact.RoundedGenerator(np.random.PCG64(3)), np.random.Generator(np.random.PCG64(3))
    for name, words in {
        "normal": (0.0, 2.0, 50),
        "lognormal": (0.0, 0.3, 50),
        "beta": (1.2, 2.0, 50),
        "dirichlet": ([0.3, 1.3, 0.3], 20),
    }.items():
        one, other = getattr(ours, name)(*words), getattr(theirs, name)(*words)
        assert np.abs(one - other).max() <= 5.1e-10
        assert (one == np.round(one, 9)).all()
