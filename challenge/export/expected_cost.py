"""What an evaluation takes, from measured rates, so that limits of platforms are known before an upload."""

import math
from dataclasses import dataclass

import nibabel as nib

from mriprivacy.challenge.edition.public import Edition
from mriprivacy.challenge.intake.submission import TABLES

# Of one scan, for the attackers and the utility: 70 + 70 scans took the 600 s of a worker of two cores.
_SECONDS_A_SCAN = 4.3
_RISK_SECONDS_A_SCAN = 5.9  # on two cores; 24 people at 2 mm took 282 CPU seconds
_TABLES_SECONDS = 10
# All processes together (proportional set size), two workers, a whole evaluation of defacing: 1,763 MB at
# 136 x 172 x 188 voxels, of which each worker about 708, and 1,984 MB at 204 x 258 x 282, of which 815.
_MAIN_MEGABYTES = 350
_WORKER_MEGABYTES = 660.0
_MEGABYTES_A_MILLION_VOXELS = 10.5
_TABLES_MEGABYTES = 200  # 161 for ten people
CORES = 2


@dataclass(frozen=True)
class Cost:
    """Seconds and megabytes of an evaluation on two cores, roughly."""

    seconds: int
    megabytes: int

    def __str__(self) -> str:
        return f"about {self.seconds} s and {self.megabytes / 1000:.1f} GB of memory on {CORES} cores"


def expected_cost(edition: Edition, track: str, risk_counts: bool = False) -> Cost:
    """Return what an evaluation takes on a platform's machine of two cores.

    Parameters
    ----------
    edition : Edition
        With its scans, if the track is about them.
    track : str
        Tables of scores take seconds, whatever the edition is.
    risk_counts : bool
        Whether the risk report is made as well.
    """
    if track in TABLES:
        return Cost(_TABLES_SECONDS, _TABLES_MEGABYTES)
    scans = [split.scan(name) for split in edition.splits.values() for name in split.scans]
    largest = max(math.prod(nib.load(scan).shape) for scan in scans) / 1e6
    worker = _WORKER_MEGABYTES + _MEGABYTES_A_MILLION_VOXELS * largest
    seconds = (_SECONDS_A_SCAN + (_RISK_SECONDS_A_SCAN if risk_counts else 0)) * len(scans)
    return Cost(math.ceil(seconds), math.ceil(_MAIN_MEGABYTES + CORES * worker))
