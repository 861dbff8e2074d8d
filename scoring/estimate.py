"""A number with its uncertainty."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value, its interval and the number of subjects it rests on.

    Attributes
    ----------
    value : float
        The point estimate; NaN where the data have none.
    low, high : float
        Ends of the interval; NaN where there is none that could be kept.
    n : int
        Independent units behind the value: subjects, not trials.
    needs : str
        What the missing value or interval needs; empty where nothing is missing.

    Examples
    --------
    >>> eer = Estimate(0.32, 0.271, 0.368, 49)
    >>> print(eer)
    0.320 [0.271, 0.368] (n=49)
    >>> f"{eer:.1%}"
    '32.0% [27.1%, 36.8%]'
    >>> nan = float("nan")
    >>> print(Estimate(1.0, nan, nan, 2, "4 people, the list has 2"))
    1.000 [n/a: needs 4 people, the list has 2] (n=2)
    >>> f"{Estimate(nan, nan, nan, 12, '1,000 non-mated trials, the list has 132'):.3f}"
    'n/a: needs 1,000 non-mated trials, the list has 132'
    >>> Estimate(1.0, nan, nan, 2) == Estimate(1.0, float("nan"), float("nan"), 2)
    True
    """

    value: float
    low: float
    high: float
    n: int
    needs: str = ""

    def __eq__(self, other: object) -> bool:
        # What is missing equals what is missing: an estimate that was written and read is the same one.
        return isinstance(other, Estimate) and self._parts() == other._parts()

    def __hash__(self) -> int:
        return hash(self._parts())

    def _parts(self) -> tuple[float | str | None, ...]:
        numbers = (self.value, self.low, self.high)
        return (*(None if isnan(one) else one for one in numbers), self.n, self.needs)

    @property
    def known(self) -> bool:
        """Whether there is a value."""
        return not isnan(self.value)

    @property
    def bounded(self) -> bool:
        """Whether there is an interval."""
        return not (isnan(self.low) or isnan(self.high))

    def __str__(self) -> str:
        return f"{self:.3f} (n={self.n})" if self.known else f"{self:.3f}"

    def __format__(self, spec: str) -> str:
        if not spec:
            return str(self)
        missing = f"n/a: needs {self.needs}" if self.needs else "n/a"
        if not self.known:
            return missing
        ends = f"{self.low:{spec}}, {self.high:{spec}}" if self.bounded else missing
        return f"{self.value:{spec}} [{ends}]"
