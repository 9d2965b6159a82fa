"""Gemini's generateContent, with thought signatures that must come back unchanged."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

from tests.servers.messages import Answer, Call, Fault, Media, Request, Turn, count_tokens
from tests.servers.openai_protocol import BadRequest

_FREE = {"args", "response", "parameters_json_schema", "parametersJsonSchema"}
"""Fields whose content is not the protocol's own."""
_MODES = {"AUTO": "auto", "ANY": "required", "NONE": "none"}


def parse(raw: dict[str, Any], headers: dict[str, str], number: int, model: str) -> Request:
    body = _camel(raw)
    contents = body.get("contents") or []
    if not contents:
        raise BadRequest("contents is required")
    _check_order(contents)
    tools = {
        declaration["name"]: declaration["parametersJsonSchema"]
        for tool in body.get("tools", [])
        for declaration in tool["functionDeclarations"]
    }
    calling = body.get("toolConfig", {}).get("functionCallingConfig", {})
    allowed = calling.get("allowedFunctionNames")
    choice = allowed[0] if allowed else _MODES[calling.get("mode", "AUTO")]
    turns = [_turn(content) for content in contents]
    if system := body.get("systemInstruction"):
        turns.insert(0, Turn("system", "\n".join(part["text"] for part in system["parts"])))
    return Request("google", model, tuple(turns), tools, choice, raw, headers, number)


def render(answer: Answer, request: Request, prompt: int, cached: int) -> dict[str, Any]:
    parts: list[dict[str, Any]] = [{"text": answer.text}] if answer.text else []
    reason = {"length": "MAX_TOKENS", "refused": "SAFETY"}.get(answer.finish or "", "STOP")
    for i, call in enumerate(answer.calls):
        if isinstance(call.arguments, str):
            reason = "MALFORMED_FUNCTION_CALL"
            continue
        made = {"name": call.name, "args": call.arguments}
        parts.append({"functionCall": made, "thoughtSignature": _signature(request.number, i)})
    out = count_tokens(answer.text + json.dumps(parts)) + 8
    candidate = {"content": {"role": "model", "parts": parts}, "finishReason": reason, "index": 0}
    return {
        "candidates": [] if answer.empty else [candidate],
        "usageMetadata": {
            "promptTokenCount": prompt,
            "candidatesTokenCount": out,
            "thoughtsTokenCount": 3,
            "cachedContentTokenCount": cached,
            "totalTokenCount": prompt + out + 3,
        },
        "modelVersion": request.model,
    }


def error(fault: Fault) -> dict[str, Any]:
    return {"error": {"code": fault.status, "message": fault.message, "status": "UNAVAILABLE"}}


def _camel(value: Any) -> Any:
    """Field names in camel case: the protocol takes both, and the client mixes them."""
    if isinstance(value, list):
        return [_camel(item) for item in value]
    if not isinstance(value, dict):
        return value
    named = {re.sub("_(.)", lambda m: m[1].upper(), name): (name, item) for name, item in value.items()}
    return {camel: item if name in _FREE else _camel(item) for camel, (name, item) in named.items()}


def _bytes(text: str) -> bytes:
    """Base64 in either alphabet."""
    return base64.urlsafe_b64decode(text.replace("+", "-").replace("/", "_"))


def _signature(number: int, index: int) -> str:
    """Bytes that are no text, so that nobody can pass them on as text by accident."""
    return base64.b64encode(bytes([0xFF, 0xFE, number % 256, index % 256])).decode()


def _turn(content: dict[str, Any]) -> Turn:
    texts: list[str] = []
    media: list[Media] = []
    calls: list[Call] = []
    role = "assistant" if content["role"] == "model" else "user"
    for part in content["parts"]:
        if "text" in part:
            texts.append(part["text"])
        elif "functionCall" in part:
            calls.append(Call(part["functionCall"]["name"], part["functionCall"].get("args", {})))
        elif "functionResponse" in part:
            role = "tool"
            texts.append(part["functionResponse"]["response"]["result"])
        elif "inlineData" in part:
            blob, meta = part["inlineData"], part.get("videoMetadata", {})
            kind = blob["mimeType"].split("/")[0]
            media.append(
                Media(kind, _bytes(blob["data"]), meta.get("startOffset"), meta.get("endOffset"), meta.get("fps"))
            )
        else:
            raise BadRequest(f"unknown part {sorted(part)}")
    return Turn(role, "\n".join(texts), tuple(media), tuple(calls))


def _check_order(contents: list[dict[str, Any]]) -> None:
    """Calls are answered at once, all together and by name, and their signatures come back as they were given."""
    due: list[str] = []
    for content in contents:
        if not content.get("parts"):
            raise BadRequest("a content without parts")
        responses = [p["functionResponse"]["name"] for p in content["parts"] if "functionResponse" in p]
        if responses != due:
            raise BadRequest(f"function responses {responses} do not match the calls {due}")
        due = []
        for part in content["parts"]:
            if "functionCall" in part:
                signature = base64.urlsafe_b64decode(
                    part.get("thoughtSignature", "").replace("+", "-").replace("/", "_")
                )
                if signature[:2] != b"\xff\xfe":
                    raise BadRequest("function call without its thought_signature")
                due.append(part["functionCall"]["name"])
    if due:
        raise BadRequest(f"function calls without a response: {due}")
