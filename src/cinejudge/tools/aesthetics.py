"""Tool ``aesthetics``: how much people would like the pictures of each shot."""

from __future__ import annotations

from cinejudge.tools.contract import Look, Provider, Tool
from cinejudge.tools.records.ratings import SMALLEST_PX, RatedArgs, Ratings, draw, rate_shots


def _laion(look: Look, args: RatedArgs) -> Ratings:
    from cinejudge.tools.models import aesthetic

    predictor = aesthetic.load(look.device)
    scale = "LAION's predictor: 1 to 10, most pictures between 4 and 7"
    return rate_shots(look, args, scale, predictor.score, lambda raw: (raw - 1) / 9 * 100)


TOOL = Tool(
    name="aesthetics",
    description=(
        "Rates how much people would like the pictures of each shot, 0 to 100, with the worst moment, by a model "
        "trained on their votes. Call it to compare shots, or versions of one video, in beauty."
    ),
    validity=(
        f"Pictures of at least {SMALLEST_PX} pixels, of which the middle square is seen; blank ones are left out. It "
        "shares the taste of those who voted: paintings and sunsets rate above plain scenes that tell a story."
    ),
    args=RatedArgs,
    result=Ratings,
    providers=(
        Provider(
            name="laion-aesthetic-l14",
            version="1",
            fidelity="own",
            run=_laion,
            packages=("transformers",),
            weights=("aesthetic-l14", "clip-vit-l14"),
            extra="hub",
        ),
    ),
    uses_shots=True,
    draw=draw,
)
