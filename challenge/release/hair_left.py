"""On which photographs of an edition hair removal failed, and what follows."""

from collections import Counter
from collections.abc import Sequence

from mriprivacy.challenge.compute.parallel import some
from mriprivacy.data_prep.editions.plan import Plan
from mriprivacy.scoring.errors import UserError


def hair_left(plan: Plan, reasons: Sequence[str]) -> list[str]:
    """Say on how many photographs hair removal failed; those of real people are refused.

    Parameters
    ----------
    plan : Plan
        The edition's.
    reasons : sequence of str
        Why it failed, for each of `plan.photos`; empty where it did not.

    Returns
    -------
    list of str
        A line for synthetic people, whose photographs everybody can see; none where nothing failed.

    Raises
    ------
    UserError
        Of real people, with a line for each reason and the names of the photographs.
    """
    bald = sum(photo.condition == "bald" for photo in plan.photos)
    failed = [(p.source.name, why) for p, why in zip(plan.photos, reasons, strict=True) if why]
    if not failed:
        return []
    if not plan.description["synthetic"]:
        raise UserError(
            *(
                f"hair removal fails: {why}: {some([name for name, own in failed if own == why])}"
                for why in dict.fromkeys(own for _, own in failed)
            ),
            f"hair removal fails on {len(failed)} of {bald} photographs of real people; leave them "
            'out, or take edition.hair_removal=none or given (in a plan: hair_removal = "none")',
        )
    counts = ", ".join(f"{why}: {count}" for why, count in Counter(why for _, why in failed).most_common())
    return [
        f"hair removal failed on {len(failed)} of {bald} photographs ({counts}); attackers take their raw "
        "photograph (docs/results/hair_removal.md)"
    ]
