"""The signature a number is quoted with, so that numbers that may not be compared do not look alike."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields

from mriprivacy.scoring.errors import DataError
from mriprivacy.scoring.estimate import Estimate

_KEYS = {
    "ed": "edition",
    "tr": "track",
    "att": "attack",
    "interp": "interpolation",
    "link": "linkability",
    "ci": "interval",
    "seed": "seed",
    "v": "version",
    "sys": "system",
}
_SEPARATOR = " | "
_OPTIONAL = ("system", "code", "linkability")
_CODE = "+code:"


@dataclass(frozen=True, slots=True)
class Signature:
    """How a number was made.

    Attributes
    ----------
    edition : str
        Name, version and hash, as in ``synth/2026.1@3f9c1a2b``.
    track : str
        Track and split, as in ``defacing/eval``.
    attack : str
        Attack, photo condition and attacker level, as in ``deepface(Dlib)+bald/informed``.
    interval : str
        Method and replicates, as in ``subject-bootstrap,1000``.
    seed : int
        Of the bootstrap.
    version : str
        Of the kit's release.
    interpolation : str
        Of the EER.
    linkability : str
        Estimate of linkability, as in ``half-samples,40``. Empty: the number is older than this part.
    system : str
        The system; the one part that may differ between numbers that are compared. May be empty.
    code : str
        Digest of the sources and libraries that made the number, behind the version. Empty: the number is
        older than the code digest.

    Examples
    --------
    >>> text = "ed:synth/2026.1@3f9c1a2b | tr:defacing/eval | att:deepface(Dlib)+bald/informed"
    >>> text += " | interp:linear | ci:subject-bootstrap,1000 | seed:7 | v:0.2.0+code:9f2c41d7"
    >>> signature = Signature.parse(text)
    >>> signature.attack, signature.seed, signature.code
    ('deepface(Dlib)+bald/informed', 7, '9f2c41d7')
    >>> print(signature.quote("EER", Estimate(0.32, 0.271, 0.368, 49)))
    EER 32.0 [27.1, 36.8] | ed:synth/2026.1@3f9c1a2b | tr:defacing/eval | att:deepface(Dlib)+bald/informed |
    interp:linear | ci:subject-bootstrap,1000 | seed:7 | v:0.2.0+code:9f2c41d7
    """

    edition: str
    track: str
    attack: str
    interval: str
    seed: int
    version: str
    interpolation: str = "linear"
    linkability: str = ""
    system: str = ""
    code: str = ""

    def __post_init__(self) -> None:
        problems = []
        for name in (*_KEYS.values(), "code"):
            value = str(getattr(self, name))
            if not value and name not in _OPTIONAL:
                problems.append(f"{name}: empty; expected a text")
            if "|" in value or value != value.strip() or not value.isprintable():
                problems.append(f"{name}: {value!r}; expected one line without '|' or outer spaces")
        if isinstance(self.seed, bool) or not isinstance(self.seed, int):
            problems.append(f"seed: {self.seed!r}; expected an integer")
        if problems:
            raise DataError(*problems)

    def __str__(self) -> str:
        values = {key: str(getattr(self, name)) for key, name in _KEYS.items()}
        values["v"] += f"{_CODE}{self.code}" if self.code else ""
        return _SEPARATOR.join(f"{key}:{value}" for key, value in values.items() if value)

    def quote(self, metric: str, estimate: Estimate) -> str:
        """One line with the figure in percent, its interval and this signature."""
        value, low, high = 100 * estimate.value, 100 * estimate.low, 100 * estimate.high
        scaled = Estimate(value, low, high, estimate.n, estimate.needs)
        return f"{metric} {scaled:.1f}{_SEPARATOR}{self}"

    @classmethod
    def parse(cls, text: str) -> Signature:
        """Read a signature back from its text or from a line that `quote` wrote.

        Raises
        ------
        DataError
            Naming every part that is unknown, repeated, missing or malformed.
        """
        found: dict[str, str] = {}
        problems = []
        for i, part in enumerate(text.strip().split("|")):
            key, colon, value = part.strip().partition(":")
            if i == 0 and key not in _KEYS:
                continue  # the figure itself, before the signature
            if not colon or key not in _KEYS:
                problems.append(f"signature: unknown part {part.strip()!r}; expected {', '.join(_KEYS)}")
            elif key in found:
                problems.append(f"signature: {key} given twice, {found[key]!r} and {value!r}; expected once")
            else:
                found[key] = value
        missing = [key for key in _KEYS if key not in found and _KEYS[key] not in _OPTIONAL]
        if missing:
            problems.append(f"signature: {', '.join(missing)} missing in {text!r}")
        seed = found.get("seed", "0")
        if not re.fullmatch(r"-?[0-9]{1,100}", seed):
            problems.append(f"signature: seed {seed[:50]!r}; expected an integer of at most 100 digits")
        if problems:
            raise DataError(*problems)
        values = {_KEYS[key]: value for key, value in found.items() if key != "seed"}
        values["version"], _, code = values["version"].partition(_CODE)
        return cls(seed=int(seed), code=code, **values)


def refuse_unlike(signatures: Iterable[Signature]) -> None:
    """Raise unless the signatures agree in everything but the system.

    Raises
    ------
    DataError
        With one line for every part that differs and the values found.

    Examples
    --------
    >>> from dataclasses import replace
    >>> one = Signature("synth/1@a", "defacing/eval", "geo+raw", "subject-bootstrap,1000", 7, "0.1.0")
    >>> refuse_unlike([one, replace(one, edition="synth/2@b", system="blur")])
    Traceback (most recent call last):
    mriprivacy.scoring.errors.DataError: not comparable: edition differs: 'synth/1@a', 'synth/2@b'
    """
    every = list(signatures)
    problems = []
    for field in fields(Signature):
        values = list(dict.fromkeys(described(s, field.name) for s in every))
        if field.name != "system" and len(values) > 1:
            problems.append(f"not comparable: {field.name} differs: {', '.join(values)}")
    if problems:
        raise DataError(*problems)


def described(signature: Signature, part: str) -> str:
    """Return a part of a signature for a message.

    Examples
    --------
    >>> one = Signature("synth/1@a", "defacing/eval", "geo+raw", "subject-bootstrap,1000", 7, "0.1.0")
    >>> print(described(one, "version"), "and", described(one, "code"))
    '0.1.0' and none (older than the code digest)
    """
    older = part == "code" and not signature.code
    return "none (older than the code digest)" if older else repr(getattr(signature, part))
