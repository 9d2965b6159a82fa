"""What was found in the clips of the fixture: brief, shots, evidence with pictures, hostile words included."""

from __future__ import annotations

import hashlib
from pathlib import Path

import cv2
import numpy as np

from cinejudge.schema import Artifact, Brief, Correction, Evidence, Line, Shot, ShotSpec, Span, Transition

HOSTILE_NAME = "neon </script><img src=x onerror=window.hacked=1> \u202egpj.exe.mp4"
HOSTILE_TEXT = "</script><script>window.hacked=2</script><!--<script>"
LONG_WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 3
FPS = 24
CUTS = (0.0, 1.5, 3.25, 5.0, 7.5)
COLORS = ((52, 84, 110), (150, 96, 60), (70, 110, 72), (120, 60, 100))


class Blobs:
    """Pictures kept in memory, then written where the run folder looks for them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def find(self, sha256: str) -> Path:
        return self.folder / sha256

    def picture(self, caption: str, time_s: float | None, hue: int, *, width: int = 480, height: int = 270) -> Artifact:
        rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
        base = np.array(COLORS[hue % len(COLORS)], np.float32)
        light = 0.55 + 0.6 * np.exp(-(((columns - width * 0.6) / 160) ** 2 + ((rows - height * 0.35) / 110) ** 2))
        rgb = np.clip(base * light[..., None], 0, 255).astype(np.uint8)
        step = int((time_s or 0) * 20)
        cv2.rectangle(rgb, (0, int(height * 0.78)), (width, height), (24, 24, 26), -1)
        cv2.circle(rgb, (width // 4 + step, int(height * 0.52)), height // 7, (214, 186, 160), -1)
        cv2.rectangle(
            rgb, (width // 4 + step - 50, int(height * 0.66)), (width // 4 + step + 50, height), (40, 44, 52), -1
        )
        cv2.putText(
            rgb, caption[:34], (14, height - 16), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (235, 235, 235), 1, cv2.LINE_AA
        )
        done, jpeg = cv2.imencode(".jpg", rgb[..., ::-1])
        assert done
        data = jpeg.tobytes()
        sha256 = hashlib.sha256(data).hexdigest()
        (self.folder / sha256).write_bytes(data)
        return Artifact(
            sha256=sha256,
            media_type="image/jpeg",
            caption=caption,
            width=width,
            height=height,
            time_s=time_s,
            frame=None if time_s is None else round(time_s * FPS),
        )


def brief() -> Brief:
    shots = (
        ShotSpec(
            index=0,
            span=Span(start_s=0, end_s=2),
            description="A wide view of a rain-wet street at night.",
            scale="wide",
            camera_motion="slow push in",
            texts=("NIGHT MARKET",),
        ),
        ShotSpec(
            index=1,
            span=Span(start_s=2, end_s=4),
            description="A woman in a grey coat looks up at a sign.",
            scale="medium",
            transition="dissolve",
        ),
        ShotSpec(
            index=2,
            span=Span(start_s=4, end_s=6),
            description="Her face, close.",
            scale="close-up",
            lines=(Line(text="We are too late.", speaker="woman"),),
        ),
        ShotSpec(index=3, span=Span(start_s=6, end_s=8), description="The stall is empty."),
        ShotSpec(index=4, span=Span(start_s=8, end_s=10), description="Title card on black."),
    )
    return Brief(
        prompt="A woman comes too late to a night market. " + HOSTILE_TEXT,
        style="film noir",
        shots=shots,
        source="cinejudge",
    )


def shots() -> tuple[tuple[Shot, ...], tuple[Correction, ...]]:
    def fix(round_: int, action: str, frame: int, reason: str, by: str, **measures: float) -> Correction:
        return Correction.model_validate(
            {"round": round_, "action": action, "frame": frame, "reason": reason, "by": by, "measures": measures}
        )

    cut = (
        fix(0, "propose", 36, "histogram distance stands out", "transnetv2", probability=0.97),
        fix(1, "keep", 36, "both detectors agree", "signals"),
    )
    spread = "change is spread over 9 frames: a dissolve, not a cut"
    dissolve = (
        fix(0, "propose", 72, "long run of raised probability", "transnetv2", probability=0.61),
        fix(1, "retype", 72, spread, "signals", linearity=0.93),
        fix(2, "retype", 72, spread, "signals", linearity=0.93),
        fix(2, "move", 78, "first clean frame is later than proposed", "signals", residue=0.04),
    )
    fade = (
        fix(0, "propose", 118, "luma falls below 0.05", "adaptive", luma=0.03),
        fix(1, "keep", 120, HOSTILE_TEXT, "signals"),
    )
    dropped = fix(1, "merge", 150, "flash: luma returns within 3 frames", "signals", before_after=0.98)
    transitions = (
        None,
        Transition(type="hard_cut", start_frame=36, end_frame=36),
        Transition(type="dissolve", start_frame=69, end_frame=78),
        Transition(type="fade", start_frame=114, end_frame=120),
    )
    shots = tuple(
        Shot(
            index=i,
            start_frame=round(CUTS[i] * FPS),
            end_frame=round(CUTS[i + 1] * FPS),
            start_s=CUTS[i],
            end_s=CUTS[i + 1],
            transition_in=transitions[i],
            spec=i if i < 3 else None,
            match=(0.91, 0.72, 0.66, None)[i],
            valid=i < 3,
            history=((), cut, dissolve, fade)[i],
        )
        for i in range(4)
    )
    return shots, (*cut, *dissolve, *fade, dropped)


def evidence(blobs: Blobs, hue: int) -> tuple[Evidence, ...]:
    def made(number: int, tool: str, provider: str | None, fidelity: str | None, **fields: object) -> Evidence:
        base = {
            "id": f"ev_{number:012x}",
            "tool": tool,
            "provider": provider,
            "version": "1",
            "fidelity": fidelity,
            "args": {},
            "status": "found",
            "seconds": 0.42,
        }
        return Evidence.model_validate(base | fields)

    keys = [
        blobs.picture(f"shot {i} at {t:.2f} s", t, hue + i)
        for i in range(4)
        for t in np.linspace(CUTS[i] + 0.1, CUTS[i + 1] - 0.1, 3).round(2).tolist()
    ]
    words = [
        {"text": w, "start_s": 3.5 + 0.3 * i, "end_s": 3.75 + 0.3 * i}
        for i, w in enumerate(["We", "are", "two", "late"])
    ]
    return (
        made(
            1,
            "keyframes",
            "own",
            "own",
            summary="12 pictures of 4 shots",
            artifacts=keys,
            data={"pictures": [{"shot": i // 3, "time_s": k.time_s, "artifact": k.sha256} for i, k in enumerate(keys)]},
        ),
        made(
            2,
            "ocr",
            "rapidocr",
            "substitute",
            summary='reads "NIGTH MARKET" from 0.25 s to 1.42 s',
            data={
                "lines": [
                    {"text": "NIGTH MARKET", "start_s": 0.25, "end_s": 1.42, "confidence": 0.96},
                    {"text": HOSTILE_TEXT, "start_s": 5.2, "end_s": 6.4, "confidence": 0.55},
                ]
            },
            artifacts=[blobs.picture("text close up at 0.50 s", 0.5, hue, width=420, height=120)],
        ),
        made(
            3,
            "speech",
            "faster-whisper",
            "substitute",
            summary='"We are two late" 3.50 to 4.65 s',
            seconds=2.9,
            data={"utterances": [{"text": "We are two late", "start_s": 3.5, "end_s": 4.65, "words": words}]},
        ),
        made(
            4,
            "faces",
            "face-landmarker",
            "substitute",
            summary="2 people in 3 shots",
            data={
                "tracks": [
                    {"id": "person1", "start_s": 1.5, "end_s": 3.2},
                    {"id": "person1", "start_s": 3.3, "end_s": 4.9},
                    {"id": "person2", "start_s": 2.1, "end_s": 3.0},
                ],
                "similarity": 0.41,
            },
            artifacts=[
                blobs.picture("face in shot 1 at 2.20 s", 2.2, hue + 1, width=200, height=200),
                blobs.picture("face in shot 2 at 4.10 s", 4.1, hue + 2, width=200, height=200),
            ],
        ),
        made(
            5,
            "picture",
            "own",
            "own",
            summary="frozen from 6.10 to 7.40 s; no flicker",
            data={
                "moments": [{"kind": "freeze", "shot": 3, "span": {"start_s": 6.1, "end_s": 7.4}}],
                "sharpness": [0.5] * 400,
            },
            span={"start_s": 6.1, "end_s": 7.4},
        ),
        made(
            6,
            "sync",
            None,
            None,
            status="unavailable",
            version=None,
            seconds=0,
            reason="no provider: weights missing: syncnet (`cinejudge weights pull syncnet`)",
        ),
        made(
            7, "sound", "own", "own", status="abstained", reason="the clip has no music to compare", summary="no music"
        ),
    )
