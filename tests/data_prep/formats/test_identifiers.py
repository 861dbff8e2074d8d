"""ORCID iDs and DOIs, as teams and organizers write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mriprivacy.data_prep.cohorts.bids import CohortError
from mriprivacy.data_prep.editions.edition_config import EditionConfig, check_config
from mriprivacy.data_prep.formats import fields

# From ORCID's own pages on the structure of the identifier, and public records.
GOOD = ("0000-0002-1825-0097", "0000-0001-5109-3700", "0000-0002-1694-233X")


@pytest.mark.parametrize("orcid", GOOD)
def test_known_orcids_pass(orcid: str) -> None:
    assert fields.orcid(orcid) is None
    assert fields.orcids(",".join(GOOD)) is None


@given(st.sampled_from(GOOD), st.integers(0, 14), st.integers(1, 9))
def test_any_one_wrong_digit_is_noticed(orcid: str, place: int, change: int) -> None:
    """What the check digit is for: ISO/IEC 7064 notices every single wrong digit."""
    digits = list(orcid.replace("-", ""))
    digits[place] = str((int(digits[place]) + change) % 10)
    wrong = "".join(digits)
    assert fields.orcid("-".join(wrong[i : i + 4] for i in range(0, 16, 4))) is not None


@given(st.sampled_from(GOOD), st.integers(0, 13))
def test_two_digits_exchanged_are_noticed(orcid: str, place: int) -> None:
    digits = list(orcid.replace("-", ""))
    digits[place], digits[place + 1] = digits[place + 1], digits[place]
    swapped = "".join(digits)
    written = "-".join(swapped[i : i + 4] for i in range(0, 16, 4))
    assert (fields.orcid(written) is None) == (written == orcid)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "0000000218250097",
        "https://orcid.org/0000-0002-1825-0097",
        "0000-0002-1694-233x",
        "0" * 16,
        "٠" * 19,
    ],
)
def test_what_is_no_orcid(value: str) -> None:
    assert fields.orcid(value) is not None


@pytest.mark.parametrize(
    "doi", ["10.1016/j.media.2020.101796", "10.5281/zenodo.7654321", "10.1000.10/123(4):5"]
)
def test_known_dois_pass(doi: str) -> None:
    assert fields.doi(doi) is None


@pytest.mark.parametrize(
    "doi",
    [
        "",
        "10.1/x",
        "11.1000/x",
        "10.1000/",
        "10.1000/a b",
        '10.1000/"',
        "doi:10.1000/x",
        "10.1000/" + "x" * 200,
    ],
)
def test_what_is_no_doi(doi: str) -> None:
    assert fields.doi(doi) is not None


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (
            EditionConfig(authors=["A"], orcids=["0000-0002-1825-0098"]),
            "edition.orcids is '0000-0002-1825-0098'",
        ),
        (EditionConfig(authors=["A", "B"], orcids=[GOOD[0]]), "edition.orcids has 1, edition.authors 2"),
        (EditionConfig(doi="zenodo"), "edition.doi is 'zenodo'"),
    ],
)
def test_an_edition_with_wrong_ones_is_refused(config: EditionConfig, expected: str) -> None:
    with pytest.raises(CohortError, match=expected):
        check_config(config)


def test_an_author_without_one_is_empty_text() -> None:
    check_config(EditionConfig(authors=["A", "B"], orcids=[GOOD[0], ""], doi="10.5281/zenodo.7654321"))
