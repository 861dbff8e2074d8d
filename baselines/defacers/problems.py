"""What goes wrong when a scan is defaced, said for people."""


class DefacerError(ValueError):
    """A scan that could not be defaced, or a defacer that did nothing."""


class RecordError(ValueError):
    """A registration that was kept and cannot be read: no scan is to blame for it."""
