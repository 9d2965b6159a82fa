"""The words of film language by which briefs name shot scale, angle, camera motion, transition, light and style.

One table for both sides: what a free-text brief says is found with it, and what a brief says is compared with the
vocabulary of a suite through it. A term has *phrases*, safe to look for in running prose, and *words*, which mean the
term only where a brief names the attribute itself (``scale: medium``; "pan" in prose may be a frying pan).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Term:
    """One term of an attribute."""

    id: str
    phrases: tuple[str, ...]
    words: tuple[str, ...] = ()


def _terms(**rows: tuple[str, str]) -> tuple[Term, ...]:
    return tuple(Term(name, _split(phrases), _split(words)) for name, (phrases, words) in rows.items())


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split("|") if part.strip())


TERMS: dict[str, tuple[Term, ...]] = {
    "scale": _terms(
        extreme_close_up=("extreme close-up|extreme closeup|macro shot|大特写", "extreme close|ecu|xcu|macro"),
        close_up=("close-up|closeup|close shot|close on|特写", "close|cu"),
        medium_close_up=(
            "medium close-up|medium closeup|mid close-up|medium-close shot|mid-close shot|chest shot|bust shot"
            "|近景|中近景",
            "mid-close|medium-close|medium close|mid close|mcu",
        ),
        medium=("medium shot|mid shot|mid-shot|waist shot|waist-up|two-shot|two shot|中景", "medium|mid|middle|ms"),
        medium_long=(
            "medium long shot|mid-long shot|medium-long shot|medium wide shot|medium-wide shot|american shot"
            "|cowboy shot|knee shot|three-quarter shot|中远景|中全景",
            "mid-long|medium-long|medium long|mid long|medium wide|mls|mws",
        ),
        long=("long shot|wide shot|full shot|wide-angle shot|full-body shot|全景", "long|wide|full|ls|ws"),
        extreme_long=(
            "extreme long shot|extreme wide shot|establishing shot|panoramic shot|very wide shot|远景|大远景",
            "extreme long|extreme wide|panorama|establishing|els|ews",
        ),
    ),
    "angle": _terms(
        eye_level=("eye-level|eye level|平视|平拍", "level|straight-on|neutral"),
        high_angle=("high-angle|high angle|俯视|俯拍", "high"),
        low_angle=("low-angle|low angle|worm's-eye|仰视|仰拍", "low"),
        top_down=(
            "top-down|top down|bird's-eye|bird's eye|birds-eye|overhead shot|overhead view|顶拍|鸟瞰",
            "overhead|top|aerial",
        ),
        oblique=("oblique angle|three-quarter view|three-quarter angle|斜侧", "oblique|three-quarter"),
        dutch=("dutch angle|dutch tilt|canted angle|canted frame|荷兰角|斜角", "dutch|canted"),
        side=("side view|side angle|side-on|profile view|profile shot|侧拍|侧面", "side|profile"),
    ),
    "motion": _terms(
        static=(
            "static shot|static camera|fixed camera|locked-off|locked off|camera is still|camera holds|tripod shot"
            "|固定镜头|静止镜头|固定机位",
            "static|fixed|still|locked|none|no movement|固定",
        ),
        push_in=(
            "push-in|push in|pushes in|pushing in|dolly in|dollies in|dolly-in|zoom in|zooms in|zoom-in|moves in on"
            "|推近|推进|推镜",
            "push|push-pull|dolly forward",
        ),
        pull_out=(
            "pull-out|pull out|pulls out|pull back|pulls back|pull-back|dolly out|dollies out|zoom out|zooms out"
            "|zoom-out|拉远|拉镜|拉出",
            "pull|push-pull|dolly back",
        ),
        pan=(
            "camera pans|pans left|pans right|pans across|pan left|pan right|pan across|slow pan|whip pan|panning shot"
            "|摇镜|横摇|左摇|右摇",
            "pan|panning|pan-tilt|whip-pan|摇",
        ),
        tilt=(
            "camera tilts|tilts up|tilts down|tilt up|tilt down|tilting shot|crane up|crane down|俯仰|上摇|下摇",
            "tilt|pan-tilt|crane",
        ),
        tracking=(
            "tracking shot|camera tracks|camera follows|tracks alongside|trucking shot|truck left|truck right"
            "|steadicam|dolly shot|跟拍|跟镜|移镜|横移",
            "tracking|track|follow|truck|dolly|移",
        ),
        orbit=(
            "orbit shot|camera orbits|orbits around|orbiting shot|circles around|arc shot|环绕",
            "orbit|orbiting|arc",
        ),
        handheld=(
            "hand-held|handheld|shaky camera|camera shake|camera shakes|手持|抖动|晃动",
            "shake|shaky",
        ),
    ),
    "transition": _terms(
        hard_cut=("hard cut|smash cut|jump cut|straight cut|cuts to|cut to|硬切|切至|切到", "cut|hard|straight|切"),
        match_cut=("match cut|match-cut|graphic match|匹配剪辑|匹配切", "match"),
        dissolve=(
            "dissolve to|dissolves to|dissolves into|cross-dissolve|cross dissolve|crossfade|cross-fade|叠化|溶解",
            "dissolve",
        ),
        fade=(
            "fade to|fades to|fade in|fades in|fade out|fades out|fade from|fade-in|fade-out|淡入|淡出|渐变|渐隐|渐显",
            "fade",
        ),
        wipe=("wipe transition|wipe to|wipes to the next|划变|划像", "wipe"),
        none=("", "none|no transition|continuous|无"),
    ),
    "lighting": _terms(
        natural=("natural light|natural lighting|daylight|sunlight|自然光|日光", "natural|sunlit"),
        side=("side light|side lighting|side-lit|sidelight|侧光", "side"),
        soft=("soft light|soft lighting|diffused light|diffuse light|柔光", "soft|diffused|diffuse"),
        neon=("neon light|neon lights|neon lighting|neon glow|neon-lit|霓虹", "neon"),
        low_key=("low-key|low key|dimly lit|dim light|dim lighting|chiaroscuro|低调|暗调", "dim|dark|moody"),
        back=("backlit|backlight|back light|back lighting|rim light|rim lighting|逆光", "back|rim"),
        high_key=("high-key|high key|高调光", "bright"),
    ),
    "style": _terms(
        photorealistic=(
            "photorealistic|photo-realistic|photo realistic|live-action|live action|写实|真人",
            "realistic",
        ),
        anime=("anime|动漫|日漫", "manga|cartoon|animation"),
        watercolor=("watercolor|watercolour|storybook illustration|水彩|绘本", "storybook"),
        pixel_art=("pixel art|pixel-art|8-bit style|像素", "pixel|8-bit"),
        cyberpunk=("cyberpunk|赛博朋克", "cyber"),
        retro_film=("retro film|vintage film|old film stock|8mm film|super 8|复古胶片|复古", "retro|vintage"),
    ),
}
"""Attribute to its terms."""


def find_phrases(attribute: str, text: str) -> tuple[str, ...]:
    """Phrases of an attribute in running prose, as they stand there; a longer phrase hides a shorter one in it."""
    pattern, _ = _pattern(attribute, False)
    return tuple(match[0] for match in pattern.finditer(text))


def named_terms(attribute: str, value: str) -> tuple[str, ...]:
    """Ids of the terms that a brief's own value for an attribute names, without repeats, in order."""
    pattern, names = _pattern(attribute, True)
    return tuple(dict.fromkeys(term for match in pattern.finditer(value) for term in names[_plain(match[0])]))


@cache
def vocabulary(attribute: str) -> frozenset[str]:
    """The single words, in lower case, of which the terms of an attribute are made."""
    terms = (phrase for term in TERMS[attribute] for phrase in (term.id, *term.phrases, *term.words))
    return frozenset(word for phrase in terms for word in re.findall(r"[^\W_]+", phrase.casefold()))


@cache
def _pattern(attribute: str, with_words: bool) -> tuple[re.Pattern[str], dict[str, tuple[str, ...]]]:
    names: dict[str, tuple[str, ...]] = {}
    for term in TERMS[attribute]:
        for phrase in map(_plain, term.phrases + (term.words if with_words else ())):
            names[phrase] = (*names.get(phrase, ()), term.id)
    alternatives = sorted(names, key=lambda name: (-len(name), name))
    # ASCII: only a-z fold their case, and Chinese around a Latin phrase counts as a border.
    return re.compile("|".join(map(_flexible, alternatives)), re.IGNORECASE | re.ASCII), names


def _flexible(phrase: str) -> str:
    """Hyphens and spaces are interchangeable; a Latin phrase stands between word borders."""
    body = re.escape(phrase).replace(r"\ ", r"[\s\-‐‑]").replace("'", "['’]")
    return rf"(?<!\w){body}(?!\w)" if phrase.isascii() else body


def _plain(text: str) -> str:
    return re.sub(r"[\s\-‐‑]", " ", text.lower().replace("’", "'"))
