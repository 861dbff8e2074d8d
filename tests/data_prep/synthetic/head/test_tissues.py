import numpy as np
import pytest

from mriprivacy.data_prep.formats.schema import CONTRASTS
from mriprivacy.data_prep.synthetic.head.tissues import (
    BRAIN,
    GREY,
    LABEL,
    SCANNERS,
    SITES,
    TISSUES,
    signals,
)


def test_the_brain_comes_last_and_air_first():
    """Masks rely on it."""
    assert sorted(BRAIN) == list(range(len(TISSUES)))[-3:]
    assert LABEL["air"] == 0


@pytest.mark.parametrize("site", SITES)
@pytest.mark.parametrize("contrast", CONTRASTS)
def test_the_scanners_of_a_site_differ_a_little(contrast, site):
    one, other = (signals(scanner.sequences[contrast]) for scanner in site)
    assert one[0] == other[0] == 0
    assert one[LABEL["grey"]] == pytest.approx(GREY)
    bright = one > 100
    change = np.abs(np.log(other[bright] / one[bright]))
    assert 0.02 < change.max() < 0.2


def test_contrasts_are_those_of_the_textbook():
    t1, t2 = (dict(zip(TISSUES, signals(SCANNERS[0].sequences[c]), strict=True)) for c in ("T1w", "T2w"))
    assert t1["fat"] > t1["white"] > t1["grey"] > t1["csf"] > t1["air"]
    assert t2["csf"] > t2["grey"] > t2["white"] > t2["muscle"] > t2["bone"]


@pytest.mark.parametrize("scanner", SCANNERS)
def test_flair_nulls_fluid_and_proton_density_shows_water(scanner):
    flair, density = (
        dict(zip(TISSUES, signals(scanner.sequences[contrast]), strict=True)) for contrast in ("FLAIR", "PDw")
    )
    assert flair["fat"] > flair["grey"] > flair["white"] > flair["skin"] > flair["bone"]
    assert max(flair["csf"], flair["fluid"]) < 0.05 * flair["grey"]
    assert flair["vitreous"] < 0.15 * flair["grey"]
    soft = [density[name] for name in ("csf", "grey", "white", "fat", "muscle", "skin")]
    assert max(soft) < 1.4 * min(soft)  # water is everywhere
    assert density["grey"] > density["white"] > density["bone"]
