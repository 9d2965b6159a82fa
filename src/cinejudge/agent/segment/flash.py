"""Light that comes and goes: two sudden changes, with the same picture before the first and after the second."""

from __future__ import annotations

from collections.abc import Sequence

from cinejudge.agent.segment.propose import Suspect
from cinejudge.tools.boundaries import Place, Result
from cinejudge.tools.perception import Perception

LONGEST_S = 0.5
SAME = 0.2
"""Structure, after motion compensation, up to which what comes after is what lay before."""
LIT = 0.95
"""Share of the picture that is at least as bright in between as before and after."""


async def flashes(perception: Perception, chosen: Sequence[Suspect], judged: Sequence[Suspect]) -> dict[str, str]:
    """The boundaries, by id, that are an end of a flash, with the reason.

    A flash longer than the stretch that a single boundary is judged by looks like a good cut or two; only both ends
    together show that nothing but the light has changed.

    Args:
        perception: The clip's senses.
        chosen: The boundaries that would stand.
        judged: All suspects: the other end of a flash may have been dropped.
    """
    clip = perception.footage.clip
    standing = {s.id for s in chosen}
    sudden = sorted((s for s in judged if not s.gradual), key=lambda s: s.span)
    pairs = [
        (a, b)
        for i, a in enumerate(sudden)
        for b in sudden[i + 1 :]
        if 0 < b.span[0] - a.span[1] <= LONGEST_S * clip.fps and {a.id, b.id} & standing
    ]
    if not pairs:
        return {}
    places = tuple(Place(start=a.span[0], end=b.span[1], first=0, last=clip.frames) for a, b in pairs)
    result: Result = perception.result(await perception.look("boundaries", places=places))
    found: dict[str, str] = {}
    for (a, b), seen in zip(pairs, result.places, strict=True):
        if seen.measures["structure"] <= SAME and seen.measures.get("brighter", 0.0) >= LIT:
            reason = f"a flash from frame {a.span[0]} to {b.span[1]}: the same picture before and after it"
            found |= {s.id: reason for s in (a, b) if s.id in standing}
    return found
