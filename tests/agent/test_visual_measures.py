"""Measures of camera and likeness, from evidence made up."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from cinejudge.agent.measures import Query, take
from cinejudge.schema import Brief, Measured, Shot, ShotSpec, Transition
from cinejudge.schema.errors import MediaError
from cinejudge.tools import consistency
from cinejudge.tools.similarity import Alike, Match, Pair, Result

EVIDENCE = "ev_000000000001"
SHA = "ab" * 32


class Senses:
    """Gives these results; a tool without one abstains, and the paper's networks are not here."""

    def __init__(self, **results: Any) -> None:
        self.results = results
        self.asked: dict[str, Any] = {}
        self.kept: list[str] = []

    async def look(self, tool: str, **args: Any) -> Any:
        self.asked[tool] = args
        found = tool in self.results
        status = "found" if found else "unavailable" if tool == "consistency" else "abstained"
        return SimpleNamespace(id=EVIDENCE, tool=tool, found=found, status=status, reason="nobody is seen")

    def result(self, evidence: Any) -> Any:
        return self.results[evidence.tool]

    def keep_picture(self, path: Any) -> str:
        if path.name == "broken.jpg":
            raise MediaError("broken.jpg: no picture that can be read: neither JPEG nor PNG")
        self.kept.append(str(path))
        return SHA


def shot(index: int, cut: str | None = "hard_cut") -> Shot:
    kind = Transition(type=cut, start_frame=index, end_frame=index) if cut and index else None  # type: ignore[arg-type]
    return Shot(
        index=index, start_frame=index, end_frame=index + 1, start_s=index, end_s=index + 1.0, transition_in=kind,
        spec=index,
    )  # fmt: skip


async def taken(
    name: str, senses: Senses, *shots: Shot, brief: Brief | dict[str, Any] | None = None, target: str = "clip"
) -> Measured:
    return await take(
        Query(
            name=name,
            target=target,
            shots=shots or (shot(0),),
            all_shots=shots,
            brief=None if brief is None else Brief.model_validate(brief),
            slots={},
            settings={},
            perception=senses,  # type: ignore[arg-type]
        )
    )


def moving(*labels: str, beside: tuple[str, ...] = (), confidence: float = 1.0, shake: float | None = 0.1) -> Any:
    moves = [SimpleNamespace(kind=kind) for kind in (*labels, *beside) if kind not in ("static", "handheld")]
    found = SimpleNamespace(
        shot=0, labels=labels, moves=moves, confidence=confidence, shake=shake, reason=None if labels else "too dark"
    )
    return SimpleNamespace(shots=[found])


def asked(**attributes: Any) -> dict[str, Any]:
    return {"shots": [{"index": 0, **attributes}]}


class TestMotion:
    @pytest.mark.parametrize(
        ("words", "labels", "value"),
        [
            ("slow push-in", ("push_in",), 1.0),
            ("slow push-in", ("pull_out",), 0.0),
            ("static", ("static",), 1.0),
            ("static shot", ("pan_left",), 0.0),
            ("pan left", ("pan_left", "push_in"), 1.0),
            ("pan left", ("pan_right",), 0.5),
            ("pan", ("pan_right",), 1.0),
            ("tilts up", ("tilt_down",), 0.5),
            ("pan", ("track_left",), 0.5),
            ("tracking shot", ("track_left",), 1.0),
            ("orbit", ("track_left",), 0.5),
            ("orbit", ("static",), 0.0),
            ("handheld", ("pan_left", "handheld"), 1.0),
            ("handheld", ("static",), 0.5),
            ("push-pull", ("pull_out",), 1.0),
        ],
    )
    async def test_the_motion_asked_for(self, words: str, labels: tuple[str, ...], value: float) -> None:
        got = await taken("camera.motion_match", Senses(camera=moving(*labels)), brief=asked(camera_motion=words))
        assert got.value == pytest.approx(value)
        assert got.evidence == (EVIDENCE,)

    async def test_a_move_beside_stronger_ones_decides_nothing(self) -> None:
        senses = Senses(camera=moving("push_in", beside=("pan_left",)))
        assert (await taken("camera.motion_match", senses, brief=asked(camera_motion="pan"))).value == 0.5

    async def test_what_the_tool_is_unsure_of_stays_between_the_bands(self) -> None:
        for labels in ("pan_left",), ("static",):
            senses = Senses(camera=moving(*labels, confidence=0.4))
            got = await taken("camera.motion_match", senses, brief=asked(camera_motion="pan"))
            assert got.value is not None and 0.25 < got.value < 0.75

    @pytest.mark.parametrize(
        ("brief", "why"),
        [
            (None, "no shot of the brief"),
            (asked(), "no camera motion"),
            (asked(camera_motion="as if dreaming"), "no known camera motion"),
        ],
    )
    async def test_nothing_known_is_asked_for(self, brief: Any, why: str) -> None:
        got = await taken("camera.motion_match", Senses(camera=moving("static")), brief=brief)
        assert got.value is None and why in (got.reason or "")

    async def test_a_shot_that_was_not_told_says_why(self) -> None:
        got = await taken("camera.motion_match", Senses(camera=moving()), brief=asked(camera_motion="pan"))
        assert got.value is None and got.reason == "too dark"

    async def test_shake_is_that_of_the_worst_shot(self) -> None:
        assert (await taken("camera.shake", Senses(camera=moving("static", shake=0.7)))).value == 0.7
        assert (await taken("camera.shake", Senses(camera=moving("static", shake=None)))).value is None

    async def test_a_swing_is_no_tremor(self) -> None:
        swinging = moving("pan_right", shake=2.0)
        swinging.shots[0].moves = (SimpleNamespace(kind="pan_right", unit="widths/s", rate=0.8, way=3.0),)
        got = await taken("camera.shake", Senses(camera=swinging))
        assert got.value is None and "calm enough" in (got.reason or "")


def framed(**places: float | None) -> Any:
    shots = [
        SimpleNamespace(shot=int(name[1:]), place=place, subjects=[SimpleNamespace(heads=4.0)] if place else [])
        for name, place in places.items()
    ]
    return SimpleNamespace(shots=shots)


class TestScale:
    @pytest.mark.parametrize(
        ("words", "place", "value"),
        [
            ("close-up", 1.0, 1.0),
            ("close-up", 1.4, 0.8),
            ("close-up", 2.0, 0.5),
            ("close-up", 3.2, 0.0),
            ("wide shot", 5.0, 1.0),
        ],
    )
    async def test_the_scale_asked_for(self, words: str, place: float, value: float) -> None:
        got = await taken("camera.scale_match", Senses(framing=framed(s0=place)), brief=asked(scale=words))
        assert got.value == pytest.approx(value)

    async def test_nobody_to_measure_by_is_no_value(self) -> None:
        for senses in (Senses(framing=framed(s0=None)), Senses()):
            got = await taken("camera.scale_match", senses, brief=asked(scale="close-up"))
            assert got.value is None and "nobody" in (got.reason or "")

    async def test_a_word_that_is_no_scale_is_no_value(self) -> None:
        got = await taken("camera.scale_match", Senses(framing=framed(s0=1.0)), brief=asked(scale="grand"))
        assert got.value is None and "no known shot scale" in (got.reason or "")

    async def test_the_jump_is_between_neighbours_only(self) -> None:
        senses = Senses(framing=framed(s0=5.0, s1=1.0, s2=2.0, s4=6.0))
        got = await taken("shots.scale_jump", senses, *(shot(i) for i in range(5)))
        assert got.parts == {"shot0-1": 4.0, "shot1-2": 1.0} and got.value == 4.0
        assert (await taken("shots.scale_jump", senses, shot(2), shot(4))).value is None


def alike(value: float | None) -> Alike | None:
    return None if value is None else Alike(value=value, cosine=value / 2)


def pairs(*found: tuple[int, int, float | None], matches: tuple[Match, ...] = ()) -> Result:
    made = [
        Pair(first=a, second=b, whole=None, background=alike(v), style=alike(v), subject=alike(v), cut=alike(v))
        for a, b, v in found
    ]
    return Result(pairs=tuple(made), matches=matches)


class TestLikeness:
    @pytest.mark.parametrize(
        "name",
        [
            *("background.similarity", "style.similarity", "subject.similarity"),
            *("background.consistency", "style.consistency"),
        ],
    )
    async def test_the_mean_over_the_pairs_in_question(self, name: str) -> None:
        senses = Senses(similarity=pairs((0, 1, 0.9), (0, 2, 0.3), (1, 2, None)))
        one = Brief(shots=tuple(ShotSpec(index=i, scene="a kitchen", subjects=("Ann",)) for i in range(3)))
        got = await taken(name, senses, shot(0), shot(1), shot(2), brief=one)
        assert got.value == pytest.approx(0.6)
        assert got.parts == {"shot0-1": 0.9, "shot0-2": 0.3}
        assert (await taken(name, senses, shot(0), shot(1), brief=one)).value == 0.9

    @pytest.mark.parametrize("name", ["background.similarity", "style.similarity", "subject.similarity"])
    async def test_shots_of_different_scenes_are_not_blamed(self, name: str) -> None:
        senses = Senses(similarity=pairs((0, 1, 0.1)))
        specs = [
            ShotSpec(index=0, scene="a kitchen", subjects=("Ann",)),
            ShotSpec(index=1, scene="Mars", subjects=("Bob",)),
        ]
        got = await taken(name, senses, shot(0), shot(1), brief=Brief(shots=tuple(specs)))
        assert got.value is None
        assert not got.missing
        unknown = await taken(name, senses, shot(0), shot(1))
        assert unknown.value is None
        assert unknown.missing

    async def test_the_papers_networks_are_taken_where_they_are(self) -> None:
        seen = [
            consistency.Pair(first=a, second=b, subject=None, background=x, style=y)
            for a, b, x, y in ((0, 1, 0.8, 0.6), (0, 2, -0.2, None), (1, 2, 0.4, 0.7))
        ]
        senses = Senses(similarity=pairs((0, 1, 0.9)), consistency=consistency.Result(pairs=tuple(seen), matches=()))
        one = Brief(shots=tuple(ShotSpec(index=i, scene="a kitchen") for i in range(3)))
        background = await taken("background.consistency", senses, shot(0), shot(1), shot(2), brief=one)
        assert background.parts == {"shot0-1": 0.8, "shot0-2": 0.0, "shot1-2": 0.4}
        assert background.value == pytest.approx(0.4) and "similarity" not in senses.asked
        style = await taken("style.consistency", senses, shot(0), shot(1), shot(2), brief=one)
        assert style.value == pytest.approx(0.65)
        assert (await taken("style.similarity", senses, shot(0), shot(1), brief=one)).value == 0.9

    async def test_backgrounds_of_unlike_scales_are_not_compared(self) -> None:
        one = Brief(shots=tuple(ShotSpec(index=i, scene="a kitchen") for i in range(2)))
        seen = [SimpleNamespace(shot=i, subjects=[SimpleNamespace(heads=h)]) for i, h in enumerate((4.0, 1.0))]
        senses = Senses(similarity=pairs((0, 1, 0.1)), framing=SimpleNamespace(shots=seen))
        got = await taken("background.similarity", senses, shot(0), shot(1), brief=one)
        assert got.value is None
        assert got.missing
        assert "similar scale" in (got.reason or "")
        assert (await taken("style.similarity", senses, shot(0), shot(1), brief=one)).value == 0.1

    async def test_across_one_cut_the_place_is_compared_without_a_brief(self) -> None:
        got = await taken(
            "background.similarity", Senses(similarity=pairs((0, 1, 0.9))), shot(0), shot(1), target="shot0-1"
        )
        assert got.value == 0.9

    async def test_nothing_to_compare_is_no_value(self) -> None:
        one = Brief(shots=tuple(ShotSpec(index=i, scene="a kitchen") for i in range(2)))
        got = await taken("background.similarity", Senses(similarity=pairs((0, 1, None))), shot(0), shot(1), brief=one)
        assert got.value is None and "background" in (got.reason or "")

    async def test_a_view_is_alike_when_picture_and_size_are(self) -> None:
        same, nearer = framed(s0=3.0, s1=3.0), framed(s0=3.0, s1=3.0)
        nearer.shots[1].subjects[0].heads = 2.0
        for framing, value in ((same, 0.9), (nearer, 0.45)):
            senses = Senses(similarity=pairs((0, 1, 0.9)), framing=framing)
            assert (await taken("shots.likeness", senses, shot(0), shot(1))).value == pytest.approx(value)
        nobody = Senses(similarity=pairs((0, 1, 0.9)))
        assert (await taken("shots.likeness", nobody, shot(0), shot(1))).value == pytest.approx(0.9)

    async def test_only_hard_cuts_can_hop(self) -> None:
        senses = Senses(similarity=pairs((0, 1, 0.9)))
        got = await taken("shots.likeness", senses, shot(0), shot(1, "dissolve"))
        assert got.value is None and "hard cut" in (got.reason or "")


class TestReference:
    BRIEF: dict[str, Any] = {  # noqa: RUF012
        "references": [
            {"kind": "voice", "path": "voice.wav"},
            {"kind": "subject_image", "path": "mara.jpg", "subject": "Mara"},
        ],
        "shots": [{"index": 0, "subjects": ["Mara"]}, {"index": 1, "subjects": ["the dog"]}, {"index": 2}],
    }

    async def test_each_shot_of_the_subject_is_compared(self) -> None:
        matches = tuple(Match(shot=i, reference=SHA, subject=alike(v)) for i, v in enumerate((0.8, 0.1, 0.4)))
        senses = Senses(similarity=pairs(matches=matches))
        got = await taken("reference.subject", senses, shot(0), shot(1), shot(2), brief=self.BRIEF)
        assert got.parts == {"shot0:reference0": 0.8, "shot2:reference0": 0.4}
        assert got.value == pytest.approx(0.6)
        assert senses.kept == ["mara.jpg"] and senses.asked["similarity"] == {"references": (SHA,)}

    async def test_dinov2_is_asked_first(self) -> None:
        matches = tuple(consistency.Match(shot=i, reference=SHA, subject=v) for i, v in enumerate((0.7, 0.1, -0.1)))
        senses = Senses(consistency=consistency.Result(pairs=(), matches=matches))
        got = await taken("reference.subject", senses, shot(0), shot(1), shot(2), brief=self.BRIEF)
        assert got.parts == {"shot0:reference0": 0.7, "shot2:reference0": 0.0}

    async def test_no_reference_is_nothing_to_measure(self) -> None:
        got = await taken("reference.subject", Senses(), brief={"prompt": "x"})
        assert got.value is None and not got.missing

    async def test_a_picture_that_cannot_be_read_is_lack_of_means(self) -> None:
        brief = {"references": [{"kind": "subject_image", "path": "broken.jpg"}]}
        got = await taken("reference.subject", Senses(similarity=pairs()), brief=brief)
        assert got.value is None and got.missing and "broken.jpg" in (got.reason or "")

    async def test_a_subject_that_is_not_seen_is_no_value(self) -> None:
        senses = Senses(similarity=pairs(matches=(Match(shot=0, reference=SHA, subject=None),)))
        got = await taken("reference.subject", senses, shot(0), brief=self.BRIEF)
        assert got.value is None and "no shot shows" in (got.reason or "")


class TestStanding:
    @pytest.mark.parametrize(
        ("labels", "confidence", "value"),
        [(("static",), 0.9, 0.1), (("push_in",), 0.9, 0.9), (("handheld",), 1.0, 1.0)],
    )
    async def test_whether_the_camera_moves(self, labels: tuple[str, ...], confidence: float, value: float) -> None:
        got = await taken("camera.moves", Senses(camera=moving(*labels, confidence=confidence)))
        assert got.value == pytest.approx(value)

    async def test_what_cannot_be_told_is_not_called_standing(self) -> None:
        assert (await taken("camera.moves", Senses(camera=moving()))).value is None


def lit(*brightness: float, contrast: tuple[float, ...] = (0.2, 0.2)) -> Any:
    shots = [
        SimpleNamespace(shot=i, levels=SimpleNamespace(brightness=level, contrast=contrast[i]))
        for i, level in enumerate(brightness)
    ]
    change = SimpleNamespace(before=0, after=1, lightness=0.0, temperature=0.0, tint=0.0)
    return SimpleNamespace(shots=shots, changes=[change])


class TestKey:
    @pytest.mark.parametrize(
        ("words", "brightness", "value"),
        [("low-key", 0.1, 1.0), ("low key", 0.32, 0.5), ("low-key", 0.6, 0.0), ("high-key", 0.7, 1.0)],
    )
    async def test_brightness_tells_the_key(self, words: str, brightness: float, value: float) -> None:
        got = await taken("light.key_match", Senses(picture=lit(brightness)), brief=asked(lighting=words))
        assert got.value == pytest.approx(value)

    @pytest.mark.parametrize("words", ["neon light", "low-key side light", "by candle"])
    async def test_other_light_needs_eyes(self, words: str) -> None:
        got = await taken("light.key_match", Senses(picture=lit(0.1)), brief=asked(lighting=words))
        assert got.value is None and got.missing


SCENE: dict[str, Any] = {"shots": [{"index": i, "scene": "a kitchen"} for i in range(2)]}


class TestContrast:
    @pytest.mark.parametrize(("contrast", "value"), [((0.1, 0.2), 1.0), ((0.2, 0.1), 1.0), ((0.2, 0.2), 0.0)])
    async def test_a_doubling_is_one_stop(self, contrast: tuple[float, ...], value: float) -> None:
        senses = Senses(picture=lit(0.4, 0.4, contrast=contrast))
        got = await taken("contrast.change", senses, shot(0), shot(1), brief=SCENE, target="shot0-1")
        assert got.value == pytest.approx(value)

    async def test_a_darker_picture_is_not_a_flatter_one(self) -> None:
        senses = Senses(picture=lit(0.4, 0.2, contrast=(0.2, 0.1)))
        got = await taken("contrast.change", senses, shot(0), shot(1), brief=SCENE, target="shot0-1")
        assert got.value == pytest.approx(0.0)

    async def test_another_scene_may_differ(self) -> None:
        senses = Senses(picture=lit(0.4, 0.4, contrast=(0.1, 0.2)))
        brief = {"shots": [{"index": 0, "scene": "a kitchen"}, {"index": 1, "scene": "the sea at night"}]}
        assert (await taken("contrast.change", senses, shot(0), shot(1), brief=brief, target="shot0-1")).value is None


async def test_words_take_time_to_read() -> None:
    line = SimpleNamespace(text="three words here", start_s=1.0, end_s=2.0)
    got = await taken("shots.time_to_read", Senses(ocr=SimpleNamespace(lines=[line])), shot(0), shot(1))
    assert got.parts == {"shot0": pytest.approx(1.0), "shot1": pytest.approx(0.0)}
    assert got.value == pytest.approx(0.0)


@pytest.mark.parametrize(("faces", "bodies", "people"), [(0, 0, 0), (1, 0, 1), (0, 2, 2)])
async def test_nobody_takes_both_detectors(faces: int, bodies: int, people: int) -> None:
    tracks = [SimpleNamespace(shot=0)] * faces
    counts = [SimpleNamespace(name="person", shot=0, most=bodies), SimpleNamespace(name="person", shot=1, most=9)]
    senses = Senses(faces=SimpleNamespace(tracks=tracks), objects=SimpleNamespace(counts=counts))
    assert (await taken("persons.seen", senses, shot(0), target="shot0")).value == people
