"""Gemini through google-genai: native video with sound, clips by offset, function calls with thought signatures."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

import httpx2
from google import genai
from google.genai import errors, types

from cinejudge.llm.media import require
from cinejudge.llm.providers._http import http_client, status_error, transport_error
from cinejudge.llm.providers._shape import tool_result
from cinejudge.llm.redact import redact
from cinejudge.schema.chat import (
    Capabilities,
    ChatModel,
    ImagePart,
    Message,
    Part,
    Reply,
    Settings,
    TextPart,
    TokenUsage,
    ToolCall,
    ToolChoice,
    ToolSpec,
    VideoPart,
)
from cinejudge.schema.errors import ConfigError, ModelError

_MODES = {"auto": "AUTO", "required": "ANY", "none": "NONE"}
_REFUSALS = {"SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY"}
_MALFORMED = {"MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MALFORMED_RESPONSE"}
_DETAIL = {"low": "MEDIA_RESOLUTION_LOW", "high": "MEDIA_RESOLUTION_HIGH"}


def create(name: str, *, base_url: str | None, load: Callable[[str], bytes], timeout_s: float) -> ChatModel:
    """A Gemini model. The key comes from ``GOOGLE_API_KEY``, else ``GEMINI_API_KEY``.

    Raises:
        ConfigError: no key for Google's own server.
    """
    return GoogleModel(name, base_url=base_url, load=load, timeout_s=timeout_s)


class GoogleModel:
    """One Gemini model."""

    def __init__(self, name: str, *, base_url: str | None, load: Callable[[str], bytes], timeout_s: float) -> None:
        """Prepares a client; connects to nothing yet."""
        address = base_url or os.environ.get("GOOGLE_GEMINI_BASE_URL")
        key = os.environ.get("GOOGLE_API_KEY") or os.environ.get("GEMINI_API_KEY") or ("EMPTY" if address else None)
        if key is None:
            raise ConfigError(f"google/{name} needs a key: set GOOGLE_API_KEY (or GEMINI_API_KEY)")
        self.name = f"google/{name}"
        self.capabilities = Capabilities(images=True, audio=True, video=True, spans=True, tools=True)
        self._model = name
        self._load = load
        self._with_detail = True
        self._http = http_client(address, timeout_s)
        self._client = genai.Client(
            api_key=key,
            enterprise=False,
            http_options=types.HttpOptions(
                base_url=address,
                api_version="v1beta",
                timeout=int(timeout_s * 1000),
                httpx_async_client=self._http,
            ),
        )

    async def generate(
        self,
        messages: tuple[Message, ...],
        tools: tuple[ToolSpec, ...] = (),
        *,
        tool_choice: ToolChoice = "auto",
        settings: Settings = Settings(),  # noqa: B008 - immutable
    ) -> Reply:
        """Answers once, without retries; see :class:`~cinejudge.schema.chat.ChatModel`."""
        require(self.capabilities, messages, self.name)
        config = types.GenerateContentConfig(
            system_instruction=_system(messages),
            temperature=settings.temperature,
            max_output_tokens=settings.max_output_tokens,
            seed=settings.seed,
            automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
        )
        if tools:
            config.tools = [types.Tool(function_declarations=[_declaration(spec) for spec in tools])]
            config.tool_config = types.ToolConfig(function_calling_config=_calling(tool_choice))
        try:
            response = await self._client.aio.models.generate_content(
                model=self._model, contents=self._contents(messages), config=config
            )
        except errors.APIError as error:
            if self._with_detail and error.code == 400 and "media_resolution" in str(error.message):
                self._with_detail = False  # models before Gemini 3 take it for the whole request only
                raise ModelError(
                    f"{self.name}: takes no resolution for one picture; asked without it",
                    retryable=True,
                    retry_after=0.0,
                ) from None
            raise _status_error(self.name, error) from None
        except httpx2.HTTPError as error:
            raise transport_error(self.name, error) from None
        except (ValueError, errors.UnknownApiResponseError) as error:
            raise ModelError(f"{self.name}: unreadable reply: {redact(str(error))[:200]}", retryable=True) from None
        return self._reply(response)

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    def _contents(self, messages: tuple[Message, ...]) -> list[types.Content]:
        """Our messages as contents: function responses of one turn together, what tools show right after them."""
        out: list[types.Content] = []
        answers: list[types.Part] = []
        shown: list[types.Part] = []

        def flush() -> None:
            for parts in (answers, shown):
                if parts:
                    out.append(types.Content(role="user", parts=list(parts)))
                    parts.clear()

        for message in messages:
            if message.role == "tool":
                words, media = tool_result(message)
                answers.append(_function_response(message, words))
                shown += map(self._part, media)
                continue
            flush()
            if message.role == "assistant":
                if said := _assistant(message).parts:  # one without anything is refused
                    out.append(types.Content(role="model", parts=said))
            elif message.role == "user":
                out.append(types.Content(role="user", parts=[self._part(part) for part in message.parts]))
        flush()
        return out

    def _part(self, part: Part) -> types.Part:
        if isinstance(part, TextPart):
            return types.Part(text=part.text)
        made = types.Part(inline_data=types.Blob(data=self._load(part.artifact), mime_type=part.media_type))
        if isinstance(part, VideoPart) and not part.start_s is part.end_s is part.fps is None:
            made.video_metadata = types.VideoMetadata(
                start_offset=_offset(part.start_s), end_offset=_offset(part.end_s), fps=part.fps
            )
        if isinstance(part, ImagePart) and part.detail in _DETAIL and self._with_detail:
            made.media_resolution = types.PartMediaResolution(
                level=types.PartMediaResolutionLevel(_DETAIL[part.detail])
            )
        return made

    def _reply(self, response: types.GenerateContentResponse) -> Reply:
        usage = _usage(response.usage_metadata)
        model = response.model_version or self._model
        blocked = response.prompt_feedback.block_reason if response.prompt_feedback else None
        if blocked:
            words = f"the prompt was blocked: {_name(blocked)}"
            message = Message(role="assistant", parts=(TextPart(text=words),))
            return Reply(message=message, finish="refused", usage=usage, model=model)
        if not response.candidates:
            raise ModelError(f"{self.name}: a reply without candidates", retryable=True)
        candidate = response.candidates[0]
        reason = _name(candidate.finish_reason)
        if reason in _MALFORMED:
            raise ModelError(f"{self.name}: the model made a tool call that cannot be read ({reason})", retryable=True)
        content = candidate.content or types.Content(role="model", parts=[])
        parts = content.parts or []
        calls = tuple(
            _call(number, part.function_call) for number, part in enumerate(parts) if part.function_call is not None
        )
        words = "".join(part.text for part in parts if part.text and not part.thought)
        return Reply(
            message=Message(
                role="assistant",
                parts=(TextPart(text=words),) if words else (),
                tool_calls=calls,
                native=content.model_dump(mode="json", exclude_none=True, by_alias=True) if parts else None,
            ),
            finish=_finish(reason, bool(calls)),
            usage=usage,
            model=model,
        )


def _system(messages: tuple[Message, ...]) -> str | None:
    parts = (part for message in messages if message.role == "system" for part in message.parts)
    return "\n\n".join(part.text for part in parts if isinstance(part, TextPart)) or None


def _declaration(spec: ToolSpec) -> types.FunctionDeclaration:
    return types.FunctionDeclaration(
        name=spec.name, description=spec.description, parameters_json_schema=spec.parameters
    )


def _calling(choice: ToolChoice) -> types.FunctionCallingConfig:
    if choice in _MODES:
        return types.FunctionCallingConfig(mode=types.FunctionCallingConfigMode(_MODES[choice]))
    return types.FunctionCallingConfig(mode=types.FunctionCallingConfigMode.ANY, allowed_function_names=[choice])


def _assistant(message: Message) -> types.Content:
    """What the model said, verbatim where it is known: thought signatures must come back unchanged."""
    if message.native is not None:
        return types.Content.model_validate(message.native)
    parts = [types.Part(text=part.text) for part in message.parts if isinstance(part, TextPart)]
    parts += [
        types.Part(function_call=types.FunctionCall(name=call.name, args=call.arguments or {}))
        for call in message.tool_calls
    ]
    return types.Content(role="model", parts=parts)


def _function_response(message: Message, words: str) -> types.Part:
    native_id = None if (message.tool_call_id or "").startswith(_OWN_ID) else message.tool_call_id
    return types.Part(
        function_response=types.FunctionResponse(id=native_id, name=message.tool_name, response={"result": words})
    )


_OWN_ID = "own_"
"""Marks ids that we gave to calls because the server gave none; they are not sent back."""


def _call(number: int, call: types.FunctionCall) -> ToolCall:
    arguments = call.args if call.args is not None else {}
    return ToolCall(
        id=call.id or f"{_OWN_ID}{number}",
        name=call.name or "",
        arguments=arguments,
        raw=json.dumps(arguments, ensure_ascii=False),
    )


def _offset(seconds: float | None) -> str | None:
    return None if seconds is None else f"{seconds:.3f}s"


def _name(value: Any) -> str:
    return str(getattr(value, "value", value) or "")


def _finish(reason: str, called: bool) -> Any:
    if reason in _REFUSALS:
        return "refused"
    if reason == "MAX_TOKENS":
        return "length"
    return "tool_calls" if called else "stop"


def _usage(usage: types.GenerateContentResponseUsageMetadata | None) -> TokenUsage:
    if usage is None:
        return TokenUsage()
    thoughts = usage.thoughts_token_count or 0
    return TokenUsage(
        input_tokens=(usage.prompt_token_count or 0) + (usage.tool_use_prompt_token_count or 0),
        output_tokens=(usage.candidates_token_count or 0) + thoughts,
        cached_tokens=usage.cached_content_token_count or 0,
        reasoning_tokens=thoughts,
    )


def _status_error(model: str, error: errors.APIError) -> ModelError:
    """An API error; Gemini says how long to wait in the body rather than in a header."""
    headers = dict(getattr(error.response, "headers", None) or {})
    delay = _retry_delay(error.details)
    if delay is not None:
        headers.setdefault("retry-after", delay)
    return status_error(model, error.code or 0, error.message or str(error.status or ""), headers)


def _retry_delay(details: Any) -> str | None:
    """``17`` out of ``{"error": {"details": [{"retryDelay": "17s"}]}}``."""
    body = details.get("error", details) if isinstance(details, dict) else {}
    entries = body.get("details") if isinstance(body, dict) else None
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("retryDelay"), str):
            return str(entry["retryDelay"]).removesuffix("s")
    return None
