"""Names of OpenTelemetry spans, events and attributes: those of the GenAI conventions, and our own beside them.

The GenAI conventions are still in development (names as of semantic conventions 0.66b2): when they change, this file
does.
"""

from __future__ import annotations

OPERATION = "gen_ai.operation.name"
CHAT, EXECUTE_TOOL, INVOKE_AGENT = "chat", "execute_tool", "invoke_agent"
PROVIDER = "gen_ai.provider.name"
PROVIDERS = {"openai": "openai", "google": "gcp.gemini"}
MODEL = "gen_ai.request.model"
AGENT = "gen_ai.agent.name"
TOOL = "gen_ai.tool.name"
INPUT_TOKENS = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS = "gen_ai.usage.output_tokens"
CACHED_TOKENS = "gen_ai.usage.cache_read.input_tokens"

EVALUATION = "gen_ai.evaluation.result"
EVALUATION_NAME = "gen_ai.evaluation.name"
EVALUATION_SCORE = "gen_ai.evaluation.score.value"
EVALUATION_LABEL = "gen_ai.evaluation.score.label"
EVALUATION_WHY = "gen_ai.evaluation.explanation"

ERROR = "error.type"
ERROR_MESSAGE = "exception.message"

RUN = "cinejudge.run"
CLIP = "cinejudge.clip"
CLIP_NAME = "cinejudge.clip.name"
COVERAGE = "cinejudge.coverage"
FROM_CACHE = "cinejudge.from_cache"
PROVIDER_OF_TOOL = "cinejudge.tool.provider"
STATUS = "cinejudge.status"
SUMMARY = "cinejudge.summary"
REQUEST = "cinejudge.request"

CONTENT_SWITCH = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
"""Environment variable of the conventions: ``true`` lets words of videos, briefs and models out."""
ENDPOINT_SWITCHES = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
