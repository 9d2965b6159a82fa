"""Light that comes and goes: two boundaries, with the same picture before the first and after the second."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from cinejudge.agent.segment.propose import Suspect
from cinejudge.tools.boundaries import Place, Result
from cinejudge.tools.perception import Perception

LONGEST_S = 0.5
SAME = 0.2
"""Structure, after motion compensation, up to which what comes after is what lay before."""
LIT = 0.95
"""Share of the picture that is at least as bright in between as before and after."""


async def flashes(perception: Perception, chosen: Sequence[Suspect]) -> dict[str, str]:
    """The boundaries, by id, that are the two ends of a flash, with the reason.

    A flash longer than the stretch that a single boundary is judged by looks like two good cuts; only both together
    show that nothing but the light has changed.
    """
    clip = perception.footage.clip
    pairs = [(a, b) for a, b in pairwise(chosen) if b.span[0] - a.span[1] <= LONGEST_S * clip.fps]
    if not pairs:
        return {}
    places = tuple(Place(start=a.span[0], end=b.span[1], first=0, last=clip.frames) for a, b in pairs)
    result: Result = perception.result(await perception.look("boundaries", places=places))
    found: dict[str, str] = {}
    for (a, b), seen in zip(pairs, result.places, strict=True):
        if seen.measures["structure"] <= SAME and seen.measures.get("brighter", 0.0) >= LIT:
            reason = f"a flash from frame {a.span[0]} to {b.span[1]}: the same picture before and after it"
            found |= {a.id: reason, b.id: reason}
    return found
