"""Chat Completions: OpenAI itself and every server that speaks its protocol (vLLM, SGLang, Ollama, OpenRouter, ...)."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable
from typing import Any

import openai
from openai.types import CompletionUsage
from openai.types.chat import ChatCompletion
from openai.types.chat.chat_completion_message import ChatCompletionMessage

from cinejudge.llm.media import require
from cinejudge.llm.providers._http import http_client, status_error, transport_error
from cinejudge.llm.providers._shape import tool_result
from cinejudge.llm.redact import redact
from cinejudge.schema.chat import (
    AudioPart,
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
)
from cinejudge.schema.errors import ConfigError, ModelError

_MODES = ("auto", "required", "none")
_OPTIONAL = ("temperature", "seed")
"""Settings that some models do not take; they are left out once a server has said so."""


def create(name: str, *, base_url: str | None, load: Callable[[str], bytes], timeout_s: float) -> ChatModel:
    """A model behind Chat Completions. The key comes from ``OPENAI_API_KEY``; a server of one's own may need none.

    Raises:
        ConfigError: no key for OpenAI itself.
    """
    return OpenAIModel(name, base_url=base_url, load=load, timeout_s=timeout_s)


class OpenAIModel:
    """One model of one server."""

    def __init__(self, name: str, *, base_url: str | None, load: Callable[[str], bytes], timeout_s: float) -> None:
        """Prepares a client; connects to nothing yet."""
        address = base_url or os.environ.get("OPENAI_BASE_URL")
        key = os.environ.get("OPENAI_API_KEY") or ("EMPTY" if address else None)
        if key is None:
            raise ConfigError(f"openai/{name} needs a key: set OPENAI_API_KEY, or give --base-url for another server")
        self.name = f"openai/{name}"
        self.capabilities = Capabilities(images=True, tools=True)
        self._model = name
        self._load = load
        self._without: set[str] = set()
        # Servers other than OpenAI's know the older name; OpenAI's reasoning models know only the newer one.
        self._limit = "max_tokens" if address and "api.openai.com" not in address else "max_completion_tokens"
        self._client = openai.AsyncOpenAI(
            api_key=key,
            base_url=address,
            max_retries=0,
            timeout=timeout_s,
            http_client=http_client(address, timeout_s),
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
        request: dict[str, Any] = {"model": self._model, "messages": self._messages(messages)}
        request[self._limit] = settings.max_output_tokens
        for optional in _OPTIONAL:
            value = getattr(settings, optional)
            if value is not None and optional not in self._without:
                request[optional] = value
        if tools:
            request["tools"] = [{"type": "function", "function": spec.model_dump()} for spec in tools]
            named = {"type": "function", "function": {"name": tool_choice}}
            request["tool_choice"] = tool_choice if tool_choice in _MODES else named
        completion = await self._send(request)
        return self._reply(completion)

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._client.close()

    async def _send(self, request: dict[str, Any]) -> ChatCompletion:
        try:
            completion = await self._client.chat.completions.create(**request)
        except openai.BadRequestError as error:
            raise self._not_taken(error, request) or self._refusal_by_status(error) from None
        except openai.APIStatusError as error:
            raise self._refusal_by_status(error) from None
        except openai.APIConnectionError as error:
            raise transport_error(self.name, error) from None
        except (openai.APIError, ValueError) as error:
            raise ModelError(f"{self.name}: unreadable reply: {redact(str(error))[:200]}", retryable=True) from None
        if not isinstance(completion, ChatCompletion):
            raise ModelError(f"{self.name}: the reply is no chat completion; check the base URL")
        return completion

    def _not_taken(self, error: openai.BadRequestError, request: dict[str, Any]) -> ModelError | None:
        """Leaves out an optional setting that the server does not take, and asks for another attempt."""
        for optional in _OPTIONAL:
            if optional in request and (error.param == optional or f"'{optional}'" in error.message):
                self._without.add(optional)
                return ModelError(
                    f"{self.name}: does not take {optional}; asked without it", retryable=True, retry_after=0.0
                )
        return None

    def _refusal_by_status(self, error: openai.APIStatusError) -> ModelError:
        spent = error.code == "insufficient_quota"  # a 429 that waiting does not mend
        return status_error(self.name, error.status_code, error.message, error.response.headers, lasting=spent)

    def _reply(self, completion: ChatCompletion) -> Reply:
        if not completion.choices:
            detail = getattr(completion, "error", None)
            raise ModelError(
                f"{self.name}: a reply without choices{f': {redact(str(detail))[:200]}' if detail else ''}",
                retryable=True,
            )
        choice = completion.choices[0]
        message = choice.message
        calls = tuple(self._call(number, call) for number, call in enumerate(message.tool_calls or ()))
        words = message.refusal or message.content or ""
        return Reply(
            message=Message(role="assistant", parts=(TextPart(text=words),) if words else (), tool_calls=calls),
            finish=_finish(choice.finish_reason, message),
            usage=_usage(completion.usage),
            model=completion.model or self._model,
        )

    def _call(self, number: int, call: Any) -> ToolCall:
        raw = call.function.arguments or ""
        try:
            arguments = json.loads(raw)
        except ValueError:
            arguments = None
        return ToolCall(
            id=call.id or f"call_{number}",
            name=call.function.name or "",
            arguments=arguments if isinstance(arguments, dict) else None,
            raw=raw,
        )

    def _messages(self, messages: tuple[Message, ...]) -> list[dict[str, Any]]:
        """Our messages in the protocol's shape.

        A tool message takes text only, and all tool messages answer their calls without a break: what tools show
        follows as one user message.
        """
        out: list[dict[str, Any]] = []
        shown: list[dict[str, Any]] = []
        for message in messages:
            if message.role != "tool" and shown:
                out.append({"role": "user", "content": shown})
                shown = []
            if message.role == "tool":
                words, media = tool_result(message)
                out.append({"role": "tool", "tool_call_id": message.tool_call_id, "content": words})
                shown += map(self._part, media)
            elif message.role == "assistant":
                if message.parts or message.tool_calls:  # one without anything is refused
                    out.append(_assistant(message))
            elif all(isinstance(part, TextPart) for part in message.parts):
                out.append({"role": message.role, "content": _text(message.parts)})
            else:
                out.append({"role": message.role, "content": [self._part(part) for part in message.parts]})
        if shown:
            out.append({"role": "user", "content": shown})
        return out

    def _part(self, part: Part) -> dict[str, Any]:
        if isinstance(part, TextPart):
            return {"type": "text", "text": part.text}
        data = base64.b64encode(self._load(part.artifact)).decode()
        url = f"data:{part.media_type};base64,{data}"
        if isinstance(part, ImagePart):
            detail = {} if part.detail == "auto" else {"detail": part.detail}
            return {"type": "image_url", "image_url": {"url": url, **detail}}
        if isinstance(part, AudioPart):
            return {"type": "input_audio", "input_audio": {"data": data, "format": "wav"}}
        if part.start_s is not None or part.end_s is not None or part.fps is not None:
            raise ModelError(f"{self.name}: this protocol cannot take a part of a video; hand over a cut file")
        return {"type": "video_url", "video_url": {"url": url}}


def _assistant(message: Message) -> dict[str, Any]:
    out: dict[str, Any] = {"role": "assistant", "content": _text(message.parts) or None}
    if message.tool_calls:
        out["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                # Servers parse what is sent back to them: arguments that were no JSON would fail the next request.
                "function": {"name": call.name, "arguments": json.dumps(call.arguments or {}, ensure_ascii=False)},
            }
            for call in message.tool_calls
        ]
    return out


def _text(parts: tuple[Part, ...]) -> str:
    return "\n\n".join(part.text for part in parts if isinstance(part, TextPart))


def _finish(reason: str | None, message: ChatCompletionMessage) -> Any:
    if message.refusal or reason == "content_filter":
        return "refused"
    if reason == "length":
        return "length"
    return "tool_calls" if message.tool_calls else "stop"


def _usage(usage: CompletionUsage | None) -> TokenUsage:
    if usage is None:
        return TokenUsage()
    prompt, completion = usage.prompt_tokens_details, usage.completion_tokens_details
    counted = usage.prompt_tokens or 0
    cached = (prompt.cached_tokens if prompt else None) or 0
    return TokenUsage(
        input_tokens=counted if cached <= counted else counted + cached,  # some servers count cached tokens apart
        output_tokens=usage.completion_tokens or 0,
        cached_tokens=cached,
        reasoning_tokens=(completion.reasoning_tokens if completion else None) or 0,
    )
