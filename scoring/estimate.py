"""A number with its uncertainty."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value, its 95 % interval and the number of subjects it rests on.

    Attributes
    ----------
    value : float
        The point estimate.
    low, high : float
        Ends of the interval.
    n : int
        Independent units behind the value: subjects, not trials.

    Examples
    --------
    >>> eer = Estimate(0.32, 0.271, 0.368, 49)
    >>> print(eer)
    0.320 [0.271, 0.368] (n=49)
    >>> f"{eer:.1%}"
    '32.0% [27.1%, 36.8%]'
    """

    value: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{self:.3f} (n={self.n})"

    def __format__(self, spec: str) -> str:
        if not spec:
            return str(self)
        return f"{self.value:{spec}} [{self.low:{spec}}, {self.high:{spec}}]"
