"""People have the measures of the survey: a small sample, with bounds as wide as its chance demands."""

import numpy as np
import pytest

from docs.experiments.calibration import SEED, traits_like_the_survey
from mriprivacy.data_prep.synthetic.cohort_settings import SyntheticCohort
from mriprivacy.data_prep.synthetic.head.mesh import head_mesh
from mriprivacy.data_prep.synthetic.measures import survey
from mriprivacy.data_prep.synthetic.measures.tape import taped
from mriprivacy.data_prep.synthetic.people import person


@pytest.mark.long
def test_people_have_the_measures_that_they_were_drawn_with(monkeypatch):
    asked = []

    def noted(*traits):
        asked.append(survey.draw_measures(*traits))
        return asked[-1]

    monkeypatch.setattr(person, "draw_measures", noted)
    sexes, found = [], []
    for number in range(1, 101):
        subject = f"sub-{number:05d}"
        traits, _ = traits_like_the_survey(subject)
        drawn = person.person_with(traits, subject, SEED, SyntheticCohort())
        sexes.append(drawn.sex)
        found.append(taped(head_mesh(drawn.weights).vertices))
    missed = np.abs(np.array(found) - asked)
    assert missed.max() < 4  # mm; 2.4 found
    assert np.median(missed) < 0.1
    for sex in "MF":
        own, real = np.array(found)[np.array(sexes) == sex], survey.of_sex(sex)
        assert len(own) > 30
        assert np.abs((own.mean(axis=0) - real.mean) / real.sd).max() < 0.5
        assert np.abs(own.std(axis=0) / real.sd - 1).max() < 0.3
