"""Volumes against those that studies found, on label volumes; no noise, no contrast."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from mriprivacy.data_prep.synthetic.cohort_settings import PeopleSettings, SyntheticCohort
from mriprivacy.data_prep.synthetic.dataset import inside_of
from mriprivacy.data_prep.synthetic.head.brain import brain_template
from mriprivacy.data_prep.synthetic.head.brain_shares import brain_shares
from mriprivacy.data_prep.synthetic.head.inside import AVERAGE, SCALP_MM, draw_inside
from mriprivacy.data_prep.synthetic.head.mesh import head_mesh
from mriprivacy.data_prep.synthetic.head.tissues import BRAIN, LABEL
from mriprivacy.data_prep.synthetic.head.volume import lay_out
from mriprivacy.data_prep.synthetic.head.voxels import grid
from mriprivacy.data_prep.synthetic.people.person import draw_person

# Length and breadth of the head, mm, means of 2,543 men and 1,454 women (NIOSH survey of 2003).
HEADS = {"male": (197.4, 153.1), "female": (187.6, 147.0)}
SPACING_MM = 2.0


def drawn(number, age, individuality=1.0):
    streams = (np.random.default_rng([number, purpose]) for purpose in (0, 1))
    return draw_inside(*streams, "FM"[number % 2], age, individuality)


def in_template(inside):
    """Return tissue shares and distance of a brain on a grid over the template, 3 mm."""
    template = brain_template()
    affine = np.diag([SPACING_MM] * 3 + [1.0])
    affine[:3, 3] = template.affine[:3, 3]
    shape = tuple(int(n / SPACING_MM) for n in template.grey.shape)
    shares = brain_shares(inside, np.eye(4), affine, shape)
    assert shares.box == tuple(slice(0, n) for n in shape)
    surface = ndimage.affine_transform(template.distance, [SPACING_MM] * 3, output_shape=shape, order=1)
    return shares, surface


def fraction(inside):
    """Return the share of the cranium that is mostly grey or white matter."""
    shares, surface = in_template(inside)
    brain = np.maximum(shares.grey, shares.white) >= 1 - shares.grey - shares.white
    return (brain & (shares.distance < 0)).sum() / (surface <= 1.9).sum()


@pytest.fixture(scope="module")
def fractions():
    """Of 64 people, by decade from the twenties on."""
    return {
        decade: [fraction(drawn(decade + n, decade + n + 1)) for n in range(8)]
        for decade in range(20, 90, 10)
    }


def test_the_share_of_the_cranium_that_is_brain(fractions):
    """Men and women of 24 to 80: 88.6 % (Matsumae et al. 1996)."""
    assert np.mean([fractions[decade] for decade in range(20, 80, 10)]) == pytest.approx(0.886, abs=0.025)
    within = np.std([np.array(decade) - np.mean(decade) for decade in fractions.values()])
    assert 0.008 < within < 0.03


def test_brains_decline_as_they_do(fractions):
    """0.2 % a year after 35, 0.5 % from 60 on (Hedman et al. 2012); 0.45 % in old age (Fotenos et al.)."""
    means = {decade: np.mean(values) for decade, values in fractions.items()}
    yearly = {decade: 1 - (means[decade + 10] / means[decade]) ** 0.1 for decade in range(20, 80, 10)}
    assert -0.0005 < yearly[20] < 0.0025
    assert 0.001 < (yearly[30] + yearly[40]) / 2 < 0.005
    assert 0.004 < (yearly[60] + yearly[70]) / 2 < 0.011
    assert list(means.values()) == sorted(means.values(), reverse=True)


def test_ventricles_widen():
    """16 ml in the twenties, 25 ml in the forties (Neurosci. Lett. 395, 2006, 155), then 0.3 ml a year."""

    def ventricles(age):
        average = [replace(drawn(n, age), shifts=AVERAGE.shifts) for n in range(6)]
        volumes = []
        for inside in average:
            shares, surface = in_template(inside)
            fluid = (shares.grey + shares.white < 0.5) & (surface < -14)
            pieces, _ = ndimage.label(fluid)
            start = ((np.array([3.0, 9, 14]) - brain_template().affine[:3, 3]) / SPACING_MM).astype(int)
            near = pieces[tuple(slice(place - 1, place + 2) for place in start)]
            volumes.append((pieces == near.max()).sum() * SPACING_MM**3 / 1e3)
        return np.mean(volumes) * 1400 / 1945  # of a cranium as people have, not of the template's

    young, middle, old = ventricles(25), ventricles(45), ventricles(75)
    assert 8 < young < 24
    assert young + 3 < middle < 38
    assert middle + 5 < old < 70


def test_without_individuality_everybody_has_one_brain():
    config = SyntheticCohort(people=PeopleSettings(brain_individuality=0.0))
    one, other = (inside_of(config, draw_person(f"sub-{n:04d}", 7, config)) for n in (1, 2))
    assert one is other is AVERAGE


def test_a_brain_is_the_persons_in_every_session_whatever_the_face():
    config = SyntheticCohort()
    first, other = (draw_person(f"sub-{n:04d}", 7, config) for n in (1, 2))
    one = inside_of(config, first)
    again = inside_of(config, replace(first, weights=other.weights))
    assert (one.shifts == again.shifts).all()
    assert (one.skull_mm, one.scalp_mm, one.ventricles_mm) == (
        again.skull_mm,
        again.scalp_mm,
        again.ventricles_mm,
    )
    assert (one.shifts != inside_of(config, other).shifts).any()


def test_people_differ_more_the_more_individual_they_are():
    """Two people of one age, in the space of the template, where sessions of one person are the same."""

    def alike(individuality):
        shares = [in_template(drawn(n, 40, individuality))[0] for n in (1, 2)]
        return np.corrcoef(*((s.grey + 2 * s.white).ravel() for s in shares))[0, 1]

    none, half, whole = (alike(individuality) for individuality in (0.0, 0.5, 1.0))
    assert none == pytest.approx(1)
    assert 0.99 > half > whole + 0.02
    assert whole > 0.6


def scaled(mesh, length, breadth):
    skin = mesh.vertices[mesh.points("skin")]
    vault = skin[skin[:, 2] > mesh.vertices[mesh.points("right_eye"), 2].mean() + 30]
    wide, long = breadth / np.ptp(vault[:, 0]), length / np.ptp(vault[:, 1])
    return replace(mesh, vertices=np.round(mesh.vertices * [wide, long, (wide + long) / 2], 6))


def laid_out(mesh, inside):
    affine, shape = grid([SPACING_MM] * 3)
    shift = np.eye(4)
    shift[:3, 3] = -mesh.vertices[mesh.points("skin")].max(axis=0) * [0, 0, 1] + [0, 0, 112]
    return lay_out(mesh, shift, affine, shape, inside).labels()


@pytest.fixture(scope="module")
def crania():
    """Volume of cranium and brain, ml, by sex, in heads as large as people have."""
    volumes = {}
    for sex, (length, breadth) in HEADS.items():
        head = scaled(head_mesh({f"macrodetails/caucasian-{sex}-young": 1.0}), length, breadth)
        labels = laid_out(head, replace(AVERAGE, scalp_mm=SCALP_MM[sex[0].upper()]))
        mask = labels >= min(BRAIN)
        lowest = np.flatnonzero(mask.any(axis=(0, 1)))[0]
        fluid = (labels == LABEL["fluid"])[:, :, lowest:].sum()
        tissue = np.isin(labels, (LABEL["grey"], LABEL["white"])).sum()
        volumes[sex] = np.array([mask.sum() + fluid, tissue]) * SPACING_MM**3 / 1e3
        assert ndimage.label(mask)[1] == 1
        around = ndimage.binary_dilation(mask) & ~mask
        assert (labels[around] == LABEL["air"]).mean() < 0.01
    return volumes


@pytest.mark.parametrize(
    ("sex", "cranium", "brain"), [("male", (1469, 102), (1302, 112)), ("female", (1289, 111), (1143, 105))]
)
def test_crania_and_brains_have_the_volume_that_their_heads_leave(sex, cranium, brain, crania):
    """Mean and standard deviation of Matsumae et al. 1996, ml."""
    for volume, (mean, deviation) in zip(crania[sex], (cranium, brain), strict=True):
        assert abs(volume - mean) < deviation


def test_the_difference_between_the_sexes(crania):
    """Of brains 12.2 % (Matsumae et al. 1996: 1302 and 1143 ml), of the same share of the cranium."""
    men, women = crania["male"], crania["female"]
    assert 1.07 < men[1] / women[1] < 1.19
    assert men[1] / men[0] == pytest.approx(women[1] / women[0], abs=0.02)


def test_a_thick_skull_leaves_less_room():
    head = head_mesh({"macrodetails/caucasian-male-young": 1.0})
    thin, thick = (laid_out(head, replace(AVERAGE, skull_mm=mm)) for mm in (6.0, 9.0))
    bone = [np.isin(labels, (LABEL["bone"], LABEL["marrow"])).sum() for labels in (thin, thick)]
    brain = [(labels >= min(BRAIN)).sum() for labels in (thin, thick)]
    assert bone[1] > 1.1 * bone[0]
    assert 0.85 < brain[1] / brain[0] < 0.95
