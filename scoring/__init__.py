"""Numbers from scores: verification, linkability, intervals, ranking. Arrays in, frozen results out."""

from scoring.attributes import AgeReport as AgeReport
from scoring.attributes import AttributeReport as AttributeReport
from scoring.attributes import score_ages as score_ages
from scoring.attributes import score_attributes as score_attributes
from scoring.calibration import Zebra as Zebra
from scoring.calibration import cllr as cllr
from scoring.calibration import min_cllr as min_cllr
from scoring.calibration import zebra as zebra
from scoring.errors import ScoringError as ScoringError
from scoring.estimate import Estimate as Estimate
from scoring.identification import Cmc as Cmc
from scoring.identification import cmc as cmc
from scoring.linkability import SmallSampleWarning as SmallSampleWarning
from scoring.linkability import dsys_histogram as dsys_histogram
from scoring.linkability import linkability as linkability
from scoring.report import VerificationReport as VerificationReport
from scoring.report import score_trials as score_trials
from scoring.signature import Signature as Signature
from scoring.signature import refuse_unlike as refuse_unlike
from scoring.verification import Curve as Curve
from scoring.verification import auc as auc
from scoring.verification import det as det
from scoring.verification import eer as eer
from scoring.verification import roc as roc
from scoring.verification import rocch_eer as rocch_eer
from scoring.verification import tmr_at_fmr as tmr_at_fmr
