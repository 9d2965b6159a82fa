"""Chat Completions, as strict as the strictest servers."""

from __future__ import annotations

import base64
import json
from typing import Any

from tests.servers.messages import Answer, Call, Fault, Media, Request, Turn, count_tokens


class BadRequest(Exception):
    """The client broke the protocol."""


def parse(body: dict[str, Any], headers: dict[str, str], number: int) -> Request:
    if not body.get("messages"):
        raise BadRequest("messages is required")
    _check_order(body["messages"])
    tools = {}
    for tool in body.get("tools", []):
        function = tool["function"]
        _need(tool["type"] == "function" and function["parameters"]["type"] == "object", "a tool is malformed")
        tools[function["name"]] = function["parameters"]
    choice = body.get("tool_choice", "auto")
    named = choice["function"]["name"] if isinstance(choice, dict) else choice
    _need(named in ("auto", "required", "none") or named in tools, f"tool_choice names no tool: {named}")
    turns = tuple(_turn(message) for message in body["messages"])
    return Request("openai", body["model"], turns, tools, named, body, headers, number)


def render(answer: Answer, request: Request, prompt: int, cached: int) -> dict[str, Any]:
    calls = [
        {"id": f"call_{request.number}_{i}", "type": "function", "function": {"name": c.name, "arguments": _raw(c)}}
        for i, c in enumerate(answer.calls)
    ]
    refused = answer.finish == "refused"
    message: dict[str, Any] = {
        "role": "assistant",
        "content": None if refused else answer.text or None,
        "refusal": answer.text if refused else None,
    }
    if calls:
        message["tool_calls"] = calls
    finish = {"length": "length", "refused": "stop"}.get(answer.finish or "", "tool_calls" if calls else "stop")
    out = count_tokens(answer.text + "".join(_raw(c) for c in answer.calls)) + 8
    return {
        "id": f"chatcmpl-{request.number}",
        "object": "chat.completion",
        "created": 0,
        "model": request.model,
        "choices": [] if answer.empty else [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": {
            "prompt_tokens": prompt,
            "completion_tokens": out,
            "total_tokens": prompt + out,
            "prompt_tokens_details": {"cached_tokens": cached},
            "completion_tokens_details": {"reasoning_tokens": 3},
        },
    }


def error(fault: Fault) -> dict[str, Any]:
    return {"error": {"message": fault.message, "type": "server_error", "param": fault.param, "code": None}}


def _turn(message: dict[str, Any]) -> Turn:
    content = message.get("content") or ""
    texts, media = [], []
    for part in [{"type": "text", "text": content}] if isinstance(content, str) else content:
        if part["type"] == "text":
            texts.append(part["text"])
        else:
            media.append(_media(part))
    calls = tuple(
        Call(c["function"]["name"], json.loads(c["function"]["arguments"])) for c in message.get("tool_calls", [])
    )
    return Turn(message["role"], "\n".join(texts), tuple(media), calls)


def _media(part: dict[str, Any]) -> Media:
    kind = part["type"]
    if kind == "input_audio":
        _need(part["input_audio"]["format"] in ("wav", "mp3"), "audio format")
        return Media("audio", base64.b64decode(part["input_audio"]["data"], validate=True))
    _need(kind in ("image_url", "video_url"), f"unknown content part {kind}")
    url = part[kind]["url"]
    _need(url.startswith("data:") and ";base64," in url, "only data URLs")
    return Media(kind.removesuffix("_url"), base64.b64decode(url.split(",", 1)[1], validate=True))


def _check_order(messages: list[dict[str, Any]]) -> None:
    """Every call is answered by its own tool message before anything else is said; tools and system give text."""
    due: list[str] = []
    for message in messages:
        role, content = message["role"], message.get("content")
        if role == "tool":
            _need(message.get("tool_call_id") in due, "a tool message that answers no call")
            _need(isinstance(content, str), "a tool message takes only text")
            due.remove(message["tool_call_id"])
            continue
        _need(not due, f"tool calls without an answer: {due}")
        _need(role in ("system", "user", "assistant"), f"unknown role {role}")
        if role != "user":
            _need(content is None or isinstance(content, str), f"media in a message of role {role}")
        _need(bool(content or message.get("tool_calls")), f"an empty message of role {role}")
        for call in message.get("tool_calls", []):
            try:
                arguments = json.loads(call["function"]["arguments"])
            except ValueError:
                raise BadRequest("arguments of an earlier call are not valid JSON") from None
            _need(isinstance(arguments, dict), "arguments of an earlier call are no object")
            due.append(call["id"])
    _need(not due, f"tool calls without an answer: {due}")


def _need(holds: bool, otherwise: str) -> None:
    if not holds:
        raise BadRequest(otherwise)


def _raw(call: Call) -> str:
    return call.arguments if isinstance(call.arguments, str) else json.dumps(call.arguments, ensure_ascii=False)
