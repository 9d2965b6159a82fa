"""Chat models behind one method, and the one path to them: cache, budget, limits, retries, the tool conversation."""

from cinejudge.llm.budget import Budget
from cinejudge.llm.converse import Outcome, ToolOutput, converse
from cinejudge.llm.counting import CountingModel
from cinejudge.llm.prices import Price, load_prices
from cinejudge.llm.probing import probe, probed
from cinejudge.llm.registry import create_model, provider_names
from cinejudge.llm.replies import ReplyCache
from cinejudge.llm.session import Exchange, Retries, Session

__all__ = [
    "Budget",
    "CountingModel",
    "Exchange",
    "Outcome",
    "Price",
    "ReplyCache",
    "Retries",
    "Session",
    "ToolOutput",
    "converse",
    "create_model",
    "load_prices",
    "probe",
    "probed",
    "provider_names",
]
