"""A local model server that speaks the real wire protocols of OpenAI's Chat Completions and of Gemini.

``with ModelServer(behaviour) as server:`` gives an address for ``create_model``; a behaviour is a function from a
request to an answer or a fault. ``python -m tests.servers --port 8000`` serves for a run by hand.
"""

from tests.servers.behaviours import Behaviour, answering, careful, obedient, stubborn
from tests.servers.faults import in_turn, once, slow_down
from tests.servers.messages import Answer, Call, Fault, Media, Request, Turn
from tests.servers.server import ModelServer

__all__ = [
    "Answer",
    "Behaviour",
    "Call",
    "Fault",
    "Media",
    "ModelServer",
    "Request",
    "Turn",
    "answering",
    "careful",
    "in_turn",
    "obedient",
    "once",
    "slow_down",
    "stubborn",
]
