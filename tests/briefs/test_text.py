"""What free-text prompts say plainly is read; what they leave open stays open."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cinejudge.briefs.text import MAX_CHARS, parse_text
from cinejudge.schema import Brief, Span


def lines(brief: Brief) -> list[tuple[str | None, str]]:
    return [(line.speaker, line.text) for line in brief.all_lines]


@pytest.mark.parametrize(
    ("prompt", "spans"),
    [
        ("Shot 1 [0-3s] A. Shot 2 [3-7.5s] B.", [(0, 3), (3, 7.5)]),
        ("Shot 1 [0.0s - 3.0s]: A. Shot 2 [3.0s – 7s]: B.", [(0, 3), (3, 7)]),
        ("**Shot 1** (0:00-0:03)\nA.\n\n**Shot 2** (0:03-1:07)\nB.", [(0, 3), (3, 67)]),
        ("[Shot 1] A. [Shot 2] B.", [None, None]),
        ("Shot 1: A. Shot 2: B.", [None, None]),
        ("Scene 1: A.\nScene 2: B.", [None, None]),
        ("shot 1： A. SHOT #2： B.", [None, None]),
        ("镜头1 [0-3秒]：A。镜头2 [3-5秒]：B。", [(0, 3), (3, 5)]),
        ("镜头一：A。镜头二：B。", [None, None]),
        ("第一个镜头：A。第二个镜头：B。", [None, None]),
        ("Shot 1 [3-3s] A. Shot 2 [9-2s] B.", [None, None]),
    ],
)
def test_shot_blocks(prompt: str, spans: list[tuple[float, float] | None]) -> None:
    brief = parse_text(prompt)
    assert [shot.description.strip("。. ") for shot in brief.shots] == ["A", "B"]
    assert [shot.index for shot in brief.shots] == [0, 1]
    expected = [None if s is None else Span(start_s=s[0], end_s=s[1]) for s in spans]
    assert [shot.span for shot in brief.shots] == expected
    assert brief.prompt == prompt


@pytest.mark.parametrize(
    "prompt",
    [
        "A four-shot teaser without blocks.",
        "This is shot 1 of many, and shot 2 follows.",
        "Shot 3: out of order. Shot 2: before.",
        "One shot: a snapshot 1: of a screenshot 1: thing.",
    ],
)
def test_prose_about_shots_is_no_block(prompt: str) -> None:
    assert parse_text(prompt).shots == ()


def test_a_number_that_does_not_go_on_is_prose() -> None:
    brief = parse_text("Shot 1: A door, as in Shot 7: red. Shot 2: A cat (see Shot 1: above). Shot 3: Rain.")
    assert [s.description for s in brief.shots] == [
        "A door, as in Shot 7: red.",
        "A cat (see Shot 1: above).",
        "Rain.",
    ]


def test_chinese_numbers_count_past_ten() -> None:
    numbers = ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二"]
    assert len(parse_text("".join(f"镜头{n}：景。" for n in numbers)).shots) == 12


def test_film_terms_of_a_block_go_to_its_slots() -> None:
    brief = parse_text(
        "An anime teaser. Shot 1: Low-angle close-up, neon lights; the camera pans left. "
        "Shot 2: Dissolve to a wide shot of a frying pan on a dark table."
    )
    first, second = brief.shots
    assert brief.style == "anime"
    assert (first.scale, first.angle, first.lighting, first.camera_motion) == (
        "close-up",
        "low-angle",
        "neon lights",
        "camera pans",
    )
    assert (second.transition, second.scale) == ("dissolve to", "wide shot")
    assert (second.camera_motion, second.lighting, second.angle, second.emotion) == (None, None, None, None)


@pytest.mark.parametrize(
    ("text", "spoken", "shown"),
    [
        ('A thief whispers, "Go now."', [("thief", "Go now.")], []),
        ('The old man softly replies: "No."', [("old man", "No.")], []),
        ('Anna: "We are late!"', [("Anna", "We are late!")], []),
        ('"Run!" he shouts.', [(None, "Run!")], []),
        ('A narrator in voice-over: "Once."', [(None, "Once.")], []),
        ('Maria says "yes" and Tom asks "why?"', [("Maria", "yes"), ("Tom", "why?")], []),
        ('A neon sign reads "OPEN 24H".', [], ["OPEN 24H"]),
        ("A helicopter with 'SAMU' written on it.", [], ["SAMU"]),
        ('The title card: "The End"', [], ["The End"]),
        ('A poster with the words "Lost Cat".', [], ["Lost Cat"]),
        ('The words "THE END" appear.', [], ["THE END"]),
        ("The title EIGHTY-SEVEN SECONDS slams onto black.", [], ["EIGHTY-SEVEN SECONDS"]),
        ("The title “Home” and, later, the title HOME RUN.", [], ["Home", "HOME RUN"]),
        ("Her so-called 'friend' isn't there; it's the dog's.", [], []),
        ('He is "tired".', [], []),
        ("The title is shown in an A4 frame.", [], []),
        ("招牌上写着“开门大吉”。小明喊：“快跑！”", [(None, "快跑！")], ["开门大吉"]),
    ],
)
def test_quoted_words_are_spoken_or_shown_by_what_stands_around(
    text: str, spoken: list[tuple[str | None, str]], shown: list[str]
) -> None:
    brief = parse_text(text)
    assert lines(brief) == spoken
    assert list(brief.all_texts) == shown


def test_scripts_give_languages_away() -> None:
    brief = parse_text("He says “你好”, she says “こんにちは”, they say “안녕”, I say “hello”.")
    assert [line.language for line in brief.lines] == ["zh", "ja", "ko", None]


def test_speech_and_sound_tags() -> None:
    brief = parse_text("A woman speaks, <S>The truth<E>. Then <S>is sad<E>. <AUDCAP>Clear voice.<ENDAUDCAP>")
    assert lines(brief) == [(None, "The truth"), (None, "is sad")]
    assert brief.sounds == ("Clear voice.",)


def test_half_a_surrogate_and_too_long_a_prompt_are_refused() -> None:
    with pytest.raises(ValueError, match="half a Unicode character"):
        parse_text("a \ud800 b")
    with pytest.raises(ValueError, match="at most"):
        parse_text("x" * (MAX_CHARS + 1))


PARTS = st.sampled_from(
    ["Shot 1:", "Shot 2 [0-3s]", "镜头三：", '"', "“", "”", "'", "<S>", "<E>", "<AUDCAP>", "<ENDAUDCAP>", "title ",
     "says ", "the ", "EIGHTY ", "close-up ", "[", "]", "\n", ". ", "Speech Content:", "{brief.prompt}"]
)  # fmt: skip


@given(st.lists(PARTS | st.text(max_size=8), max_size=40).map("".join))
@example("Shot 1 [99999999999-1s]:" * 3)
def test_any_text_is_a_brief(text: str) -> None:
    try:
        brief = parse_text(text)
    except ValueError as error:
        assert "half a Unicode character" in str(error)
        return
    assert brief.prompt == text.strip()
    assert [shot.index for shot in brief.shots] == list(range(len(brief.shots)))
    assert Brief.model_validate_json(brief.model_dump_json()) == brief


@pytest.mark.parametrize(
    "piece", ["<S>", "<AUDCAP>", '"a', "'a ", "the a ", "Shot 1 ", "Shot 1 [", "A-", "title A&", "\t ", "A: "]
)
def test_hostile_repetition_is_read_in_reasonable_time(piece: str) -> None:
    start = time.process_time()
    parse_text((piece * MAX_CHARS)[:MAX_CHARS])
    assert time.process_time() - start < 5.0


@pytest.mark.real
def test_prompts_of_the_shared_clips(clips_dir: Path) -> None:
    labels = json.loads((clips_dir / "labels.json").read_text(encoding="utf-8"))

    def brief(name: str) -> Brief:
        return parse_text(labels[name]["prompt"])

    for name, label in labels.items():
        if label.get("prompt"):
            parsed = brief(name)
            spoken = label["speech"].get("transcript")
            if spoken and label["speech"]["transcript_source"].startswith("prompt"):
                assert [line.text for line in parsed.lines] == [spoken], name
    teaser = brief("avgen_case2_ltx2.mp4")
    assert len(teaser.shots) == 4
    assert teaser.all_texts == ("EIGHTY-SEVEN SECONDS",)
    assert lines(teaser) == [("thief", "Eighty-seven seconds—move.")]
    assert (teaser.shots[1].scale, teaser.shots[2].transition) == ("close-up", "smash cut")
    assert brief("universe1_other_13.mp4").texts == ("SAMU",)
    assert brief("universe1_other_13.mp4").sounds == ("An aircraft engine running idle.",)
    assert [t for _, t in lines(brief("ovi_ti2av_8.mp4"))] == [
        "The truth",
        "is that",
        "it's actually a really sad tale",
    ]
