"""Video files: the one hardened door, the one decoding pass, and what it leaves: pictures, sound, signals."""

from cinejudge.media.artifacts import ArtifactStore
from cinejudge.media.find import find_videos
from cinejudge.media.footage import Footage
from cinejudge.media.limits import FramePlan, MediaLimits
from cinejudge.media.names import distinct_names
from cinejudge.media.sound import Sound

__all__ = ["ArtifactStore", "Footage", "FramePlan", "MediaLimits", "Sound", "distinct_names", "find_videos"]
