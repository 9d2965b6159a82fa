"""Tool ``picture_quality``: how people would rate the technical quality of each shot's pictures."""

from __future__ import annotations

from cinejudge.tools.contract import Look, Provider, Tool
from cinejudge.tools.records.ratings import PICTURE_SIDE, SMALLEST_PX, RatedArgs, Ratings, draw, rate_shots


def _musiq(look: Look, args: RatedArgs) -> Ratings:
    from cinejudge.tools.models import musiq

    network = musiq.load(look.device)
    scale = "MUSIQ on KonIQ-10k: 0 for the worst of photographs, 100 for the best"
    return rate_shots(look, args, scale, network.score, lambda raw: raw)


def _brisque(look: Look, args: RatedArgs) -> Ratings:
    from cinejudge.tools.models import brisque

    regression = brisque.load()
    scale = "BRISQUE: some 0 for undamaged photographs, 100 for ruined ones"
    return rate_shots(look, args, scale, lambda rgb: brisque.score(rgb, regression), lambda raw: 100 - raw)


TOOL = Tool(
    name="picture_quality",
    description=(
        "Rates the technical quality of each shot's pictures as people would, 0 (ruined) to 100 (undamaged), with the "
        "worst moment: blur, noise and compression together. Call `picture` for which of them it is, and for flicker "
        "and freezes."
    ),
    validity=(
        f"Photographic pictures of at least {SMALLEST_PX} pixels, rated at no more than {PICTURE_SIDE}; blank ones are "
        "left out. Drawn pictures and soft focus rate low without being damaged; fine grain passes for detail."
    ),
    args=RatedArgs,
    result=Ratings,
    providers=(
        Provider(name="musiq-koniq", version="1", fidelity="own", run=_musiq, weights=("musiq-koniq",)),
        Provider(name="brisque", version="1", fidelity="own", run=_brisque, packages=("scipy",), weights=("brisque",)),
    ),
    uses_shots=True,
    draw=draw,
)
