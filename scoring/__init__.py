"""Numbers from scores: verification, linkability, intervals, ranking. Arrays in, frozen results out.

A name is loaded when it is first used: scipy and pandas take seconds, and every package needs the errors.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mriprivacy.scoring.comparison import Difference as Difference
    from mriprivacy.scoring.comparison import Draws as Draws
    from mriprivacy.scoring.comparison import Identity as Identity
    from mriprivacy.scoring.comparison import compare as compare
    from mriprivacy.scoring.comparison import draw_systems as draw_systems
    from mriprivacy.scoring.comparison import score_identity as score_identity
    from mriprivacy.scoring.errors import DataError as DataError
    from mriprivacy.scoring.errors import ScoringError as ScoringError
    from mriprivacy.scoring.errors import UserError as UserError
    from mriprivacy.scoring.estimate import Estimate as Estimate
    from mriprivacy.scoring.gallery import GalleryReport as GalleryReport
    from mriprivacy.scoring.gallery import search_gallery as search_gallery
    from mriprivacy.scoring.metrics.attributes import AgeReport as AgeReport
    from mriprivacy.scoring.metrics.attributes import AttributeReport as AttributeReport
    from mriprivacy.scoring.metrics.attributes import score_ages as score_ages
    from mriprivacy.scoring.metrics.attributes import score_attributes as score_attributes
    from mriprivacy.scoring.metrics.calibration import Zebra as Zebra
    from mriprivacy.scoring.metrics.calibration import cllr as cllr
    from mriprivacy.scoring.metrics.calibration import min_cllr as min_cllr
    from mriprivacy.scoring.metrics.calibration import zebra as zebra
    from mriprivacy.scoring.metrics.identification import Cmc as Cmc
    from mriprivacy.scoring.metrics.identification import cmc as cmc
    from mriprivacy.scoring.metrics.linkability import SmallSampleWarning as SmallSampleWarning
    from mriprivacy.scoring.metrics.linkability import dsys_histogram as dsys_histogram
    from mriprivacy.scoring.metrics.linkability import linkability as linkability
    from mriprivacy.scoring.metrics.operating import Rates as Rates
    from mriprivacy.scoring.metrics.operating import dcf as dcf
    from mriprivacy.scoring.metrics.operating import eer_threshold as eer_threshold
    from mriprivacy.scoring.metrics.operating import min_dcf as min_dcf
    from mriprivacy.scoring.metrics.operating import rates_at as rates_at
    from mriprivacy.scoring.metrics.verification import Curve as Curve
    from mriprivacy.scoring.metrics.verification import auc as auc
    from mriprivacy.scoring.metrics.verification import det as det
    from mriprivacy.scoring.metrics.verification import eer as eer
    from mriprivacy.scoring.metrics.verification import roc as roc
    from mriprivacy.scoring.metrics.verification import rocch_eer as rocch_eer
    from mriprivacy.scoring.metrics.verification import tmr_at_fmr as tmr_at_fmr
    from mriprivacy.scoring.ranking import RankSets as RankSets
    from mriprivacy.scoring.ranking import holm as holm
    from mriprivacy.scoring.ranking import pareto_front as pareto_front
    from mriprivacy.scoring.ranking import rank_sets as rank_sets
    from mriprivacy.scoring.report import VerificationReport as VerificationReport
    from mriprivacy.scoring.report import exposure_figure as exposure_figure
    from mriprivacy.scoring.report import score_trials as score_trials
    from mriprivacy.scoring.signature import Signature as Signature
    from mriprivacy.scoring.signature import refuse_unlike as refuse_unlike
    from mriprivacy.scoring.streaming import StreamReport as StreamReport
    from mriprivacy.scoring.streaming import parquet_chunks as parquet_chunks
    from mriprivacy.scoring.streaming import score_stream as score_stream
    from mriprivacy.scoring.streaming import tsv_chunks as tsv_chunks
    from mriprivacy.scoring.summary import Summary as Summary
    from mriprivacy.scoring.summary import summarize as summarize

_HOMES = {
    "comparison": "Difference Draws Identity compare draw_systems score_identity",
    "errors": "DataError ScoringError UserError",
    "estimate": "Estimate",
    "gallery": "GalleryReport search_gallery",
    "metrics.attributes": "AgeReport AttributeReport score_ages score_attributes",
    "metrics.calibration": "Zebra cllr min_cllr zebra",
    "metrics.identification": "Cmc cmc",
    "metrics.linkability": "SmallSampleWarning dsys_histogram linkability",
    "metrics.operating": "Rates dcf eer_threshold min_dcf rates_at",
    "metrics.verification": "Curve auc det eer roc rocch_eer tmr_at_fmr",
    "ranking": "RankSets holm pareto_front rank_sets",
    "report": "VerificationReport exposure_figure score_trials",
    "signature": "Signature refuse_unlike",
    "streaming": "StreamReport parquet_chunks score_stream tsv_chunks",
    "summary": "Summary summarize",
}
_HOME = {name: home for home, names in _HOMES.items() for name in names.split()}
__all__ = tuple(_HOME)


def __getattr__(name: str) -> Any:
    """Load one of the names above."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
