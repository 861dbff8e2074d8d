"""The identity of an attacker: the one place in which it is printed and parsed."""

import re
from dataclasses import dataclass

_NAME = re.compile(r"(?P<attack>.+?)(?:\((?P<network>[^()+]+)\))?(?:\+(?P<target>.+))?", re.DOTALL)


@dataclass(frozen=True)
class Attacker:
    """What links scans, or predicts an attribute from them.

    Attributes
    ----------
    attack : str
        An attack of the protocol, `fusion`, or the system that a participant submitted.
    level : str
        One of `challenge.entry.entry.LEVELS`, `submitted` or `oracle`.
    network : str
        The networks that it uses; empty for none.
    target : str
        What it compares scans with or predicts: a condition of the references, or an attribute.

    Examples
    --------
    >>> Attacker.parse("deepface(Dlib)+bald/informed")
    Attacker(attack='deepface', level='informed', network='Dlib', target='bald')
    >>> str(Attacker("geo", "ignorant", target="raw")), str(Attacker("fusion", "informed"))
    ('geo+raw/ignorant', 'fusion/informed')
    """

    attack: str
    level: str
    network: str = ""
    target: str = ""

    @classmethod
    def parse(cls, text: str) -> "Attacker":
        """Parse what `str` prints; any other text with a level prints as it was, too."""
        name, _, level = text.rpartition("/")
        found = _NAME.fullmatch(name)
        if found is None:
            raise ValueError(f"{text!r} is no attacker; expected NAME/LEVEL")
        return cls(level=level, **found.groupdict(default=""))

    @property
    def name(self) -> str:
        """All but the level, as tables have it: `deepface(Dlib)+bald`."""
        network = f"({self.network})" if self.network else ""
        return f"{self.attack}{network}{'+' if self.target else ''}{self.target}"

    @property
    def predicts(self) -> str:
        """The attribute it predicts: results of a submission are named by the attribute alone."""
        return self.target or self.attack

    def __str__(self) -> str:
        return f"{self.name}/{self.level}"
