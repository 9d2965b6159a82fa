"""Faults injected at graded strength: each measure rises with its own fault and stays put for the others."""

from itertools import pairwise

import cv2
import numpy as np
import pytest

from cinejudge.schema.errors import ToolError
from cinejudge.tools import picture

from .fakes import FakeFootage, look, scene, shots

RNG = np.random.default_rng(11)


def measured(pictures, tmp_path, *spans):
    footage = FakeFootage(pictures)
    return picture.TOOL.providers[0].run(
        look(footage, tmp_path, shots(*(spans or ((0, len(pictures)),)))), picture.Args()
    )


def clipped(values):
    return np.clip(values, 0, 255).astype(np.uint8)


def flickered(pictures, strength):
    gain = 1 + strength * (-1.0) ** np.arange(len(pictures))
    return clipped(pictures * gain[:, None, None, None])


def frozen(pictures, frames):
    out = pictures.copy()
    out[16 : 16 + frames] = out[16]
    return out


def blurred(pictures, sigma):
    return np.stack([cv2.GaussianBlur(p, (0, 0), sigma) for p in pictures])


def noisy(pictures, sigma):
    return clipped(pictures + RNG.normal(size=pictures.shape) * sigma)


def blocky(pictures, share):
    """Each block of 8 pixels pulled towards its mean."""
    count, height, width, _ = pictures.shape
    whole = pictures[:, : height // 8 * 8, : width // 8 * 8].astype(np.float32)
    blocks = whole.reshape(count, height // 8, 8, width // 8, 8, 3)
    means = blocks.mean(axis=(2, 4), keepdims=True)
    return clipped((blocks * (1 - share) + means * share).reshape(whole.shape))


def jumped(pictures, step):
    out = pictures.astype(np.float32)
    out[24:] += 255 * step
    return clipped(out)


def blackened(pictures, frames):
    out = pictures.copy()
    out[10 : 10 + frames] = 0
    return out


FAULTS = {
    "flicker": (flickered, (0.01, 0.03, 0.08)),
    "frozen": (frozen, (8, 12, 20)),
    "blur": (blurred, (1.0, 2.0, 4.0)),
    "noise": (noisy, (1, 2.5, 5)),
    "blocks": (blocky, (0.3, 0.6, 0.9)),
    "jump": (jumped, (0.06, 0.1, 0.15)),
    "black": (blackened, (3, 6, 12)),
}


def badness(result):
    """Every fault's measure, larger is worse."""
    shot = result.shots[0]
    return {
        "flicker": shot.flicker,
        "frozen": shot.frozen_share,
        "blur": 1 / shot.levels.sharpness,
        "noise": shot.levels.noise,
        "blocks": shot.levels.blockiness,
        "jump": shot.largest_jump,
        "black": shot.black_share,
    }


TOLERATED = {"flicker": 0.004, "frozen": 0.0, "blur": 0.75, "noise": 0.003, "blocks": 0.06, "jump": 0.0, "black": 0.0}
"""How far a measure may move for another's fault; its own strongest moves it much further."""
KNOWN_SIDE_EFFECTS = {
    ("blocks", "blur"): "averaging over blocks takes detail away",
    ("blur", "blocks"): "a blurred picture has no steps left beside the grid to compare with",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_measure_rises_with_its_own_fault_and_the_others_stay(fault, tmp_path):
    inject, strengths = FAULTS[fault]
    clean = scene()
    before = badness(measured(clean, tmp_path))
    series = [badness(measured(inject(clean, s), tmp_path)) for s in strengths]
    own = [before[fault], *(s[fault] for s in series)]
    assert all(a < b for a, b in pairwise(own)), own
    assert own[-1] - own[0] > 3 * TOLERATED[fault]
    for other in set(FAULTS) - {fault}:
        if (fault, other) not in KNOWN_SIDE_EFFECTS:
            assert abs(series[-1][other] - before[other]) <= TOLERATED[other], other


def test_a_clean_scene_has_no_moments(tmp_path):
    result = measured(scene(), tmp_path)
    assert result.moments == ()
    assert "nothing stands out" in result.summary


@pytest.mark.parametrize(
    ("fault", "strength", "kind", "frame"),
    [("frozen", 12, "freeze", 16), ("jump", 0.15, "exposure_jump", 24), ("black", 6, "black", 10)],
)
def test_the_worst_moment_is_named_with_its_frame(fault, strength, kind, frame, tmp_path):
    result = measured(FAULTS[fault][0](scene(), strength), tmp_path)
    assert (kind, frame) in [(m.kind, m.frame) for m in result.moments]


def test_one_bright_frame_is_a_flash_not_a_flicker_or_a_jump(tmp_path):
    pictures = scene()
    pictures[20] = clipped(pictures[20].astype(int) + 60)
    result = measured(pictures, tmp_path)
    assert [(m.kind, m.frame) for m in result.moments] == [("flash", 20)]
    assert result.flicker < 0.005 and result.shots[0].largest_jump == 0


def test_a_few_soft_frames_are_named_a_soft_shot_is_not(tmp_path):
    pictures = scene()
    pictures[30:36] = blurred(pictures[30:36], 5)
    assert [(m.kind, m.frame) for m in measured(pictures, tmp_path).moments] == [("soft", 30)]
    assert measured(blurred(scene(), 5), tmp_path).moments == ()


def test_a_still_picture_is_no_freeze(tmp_path):
    still = np.repeat(scene(1), 48, axis=0)
    result = measured(still, tmp_path)
    assert result.frozen_share == 0 and result.moments == ()
    assert [f.still for f in result.shots[0].freezes] == [True]


def test_animation_on_twos_is_repeated_not_frozen(tmp_path):
    result = measured(np.repeat(scene(24), 2, axis=0), tmp_path)
    assert result.shots[0].repeated_share == pytest.approx(0.5, abs=0.02)
    assert result.frozen_share == 0


def test_a_cut_is_no_fault_when_the_shots_are_known(tmp_path):
    both = np.concatenate([scene(24), clipped(scene(24, seed=5) * 0.5)])
    result = measured(both, tmp_path, (0, 24), (24, 48))
    assert result.moments == ()
    assert max(s.flicker for s in result.shots) < 0.005


def test_changes_between_shots_are_signed_and_of_the_right_kind(tmp_path):
    wall = scene(12)
    darker = clipped(wall * 0.6)
    warmer = clipped(wall * np.array([1.25, 1.0, 0.75]))
    result = measured(np.concatenate([wall, darker, warmer]), tmp_path, (0, 12), (12, 24), (24, 36))
    dark, warm = result.changes
    assert (dark.before, dark.after, warm.before, warm.after) == (0, 1, 1, 2)
    assert dark.brightness < -0.1 and dark.lightness < -10 and dark.tone > 10
    assert abs(dark.temperature) < 0.01 and dark.colour < 4
    assert warm.temperature > 0.1 and warm.colour > 10 and warm.brightness > 0.1


def test_equal_shots_do_not_change(tmp_path):
    change = measured(np.concatenate([scene(12), scene(12)]), tmp_path, (0, 12), (12, 24)).changes[0]
    assert max(abs(change.brightness), abs(change.temperature), change.colour / 100, change.tone / 100) < 0.01


def test_short_shots_have_no_flicker_and_one_frame_is_enough(tmp_path):
    result = measured(scene(9), tmp_path, (0, 1), (1, 9))
    assert result.shots[0].flicker is None and result.shots[1].flicker is not None
    assert result.shots[0].motion == 0


def test_without_shots_it_says_so(tmp_path):
    with pytest.raises(ToolError, match="shots are not known"):
        picture.TOOL.providers[0].run(look(FakeFootage(scene(4)), tmp_path), picture.Args())


def test_the_result_survives_the_cache_and_can_be_drawn(tmp_path):
    pictures = jumped(scene(), 0.15)
    result = measured(pictures, tmp_path)
    assert picture.Result.model_validate(result.model_dump(mode="json")) == result
    drawn = list(picture.TOOL.draw(FakeFootage(pictures), result))
    assert len(drawn) == len(result.moments) == 1
    assert drawn[0][1].shape[0] > 180
