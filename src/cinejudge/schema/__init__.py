"""The records that are passed around. They import nothing of ours and hold no frames and no sound."""

from cinejudge.schema.answer import CANNOT_TELL, SLOT, Answer, Asked, Measured
from cinejudge.schema.base import SCHEMA_VERSION, Record, Span, Unit, content_hash
from cinejudge.schema.brief import Brief, Line, Reference, ShotSpec
from cinejudge.schema.clip import Clip
from cinejudge.schema.evidence import Artifact, Evidence, Fidelity
from cinejudge.schema.options import Limits, Options
from cinejudge.schema.shot import Boundary, Correction, Segmentation, Shot, Transition
from cinejudge.schema.suite import Dimension, Metric, Question, Suite
from cinejudge.schema.verdict import (
    DimensionScore,
    Failure,
    Finding,
    MetricScore,
    SuiteVerdict,
    Usage,
    Verdict,
    Versions,
)

__all__ = [
    "CANNOT_TELL",
    "SCHEMA_VERSION",
    "SLOT",
    "Answer",
    "Artifact",
    "Asked",
    "Boundary",
    "Brief",
    "Clip",
    "Correction",
    "Dimension",
    "DimensionScore",
    "Evidence",
    "Failure",
    "Fidelity",
    "Finding",
    "Limits",
    "Line",
    "Measured",
    "Metric",
    "MetricScore",
    "Options",
    "Question",
    "Record",
    "Reference",
    "Segmentation",
    "Shot",
    "ShotSpec",
    "Span",
    "Suite",
    "SuiteVerdict",
    "Transition",
    "Unit",
    "Usage",
    "Verdict",
    "Versions",
    "content_hash",
]
