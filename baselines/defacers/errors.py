"""What goes wrong in a defacer."""

from mriprivacy.scoring.errors import UserError


class DefacerError(UserError):
    """There is no such defacer, it failed, or what it returned is not a defaced scan."""
