"""Names of container images."""

import re

from mriprivacy.data_prep.formats.problems import shown
from mriprivacy.scoring.errors import UserError

# What Docker takes, and in its length what Codabench's model does.
_IMAGE = (
    r"([a-z0-9]+([.-][a-z0-9]+)*(:\d{1,5})?/)?[a-z0-9]+([._/-]+[a-z0-9]+)*"
    r"(:\w[\w.-]{0,127})?(@sha256:[0-9a-f]{64})?"
)
_LONGEST = 128


def check_image_name(name: str) -> None:
    """Raise UserError for a name that Docker or a platform would refuse.

    Examples
    --------
    >>> check_image_name("you/mriprivacy:0.1.0")
    >>> check_image_name("My Image")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    mriprivacy.scoring.errors.UserError: export: image is 'My Image'; expected a name as Docker takes it...
    """
    if not (len(name) <= _LONGEST and re.fullmatch(_IMAGE, name, re.ASCII)):
        raise UserError(
            f"export: image is {shown(name, 100)}; expected a name as Docker takes it, of at most "
            f"{_LONGEST} characters, such as YOU/mriprivacy:0.1.0"
        )
