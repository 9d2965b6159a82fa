"""Both wire protocols through the real clients, against a server that insists on the protocol."""

from __future__ import annotations

import pytest

from cinejudge.llm.probing import probe_media
from cinejudge.schema.chat import AudioPart, Capabilities, ImagePart, Message, TextPart, ToolCall, VideoPart
from cinejudge.schema.errors import ModelError
from tests.llm.conftest import FINAL, HELLO, LOOK, PICTURE, NewSession, user
from tests.servers import Answer, Call, ModelServer, answering, in_turn

IMAGE, SOUND, VIDEO = probe_media()


def _tool(call: ToolCall, text: str, *media: TextPart | ImagePart) -> Message:
    return Message(role="tool", parts=(TextPart(text=text), *media), tool_call_id=call.id, tool_name=call.name)


async def test_words_settings_and_usage(new_session: NewSession, spec: str) -> None:
    with ModelServer(answering(text="It is fine.")) as server:
        reply = await new_session(server).ask(HELLO)
    request = server.requests[0]
    assert [(turn.role, turn.text) for turn in request.turns] == [("system", "You judge."), ("user", "How is it?")]
    assert reply.message.parts == (TextPart(text="It is fine."),)
    assert (reply.finish, reply.model, reply.cached) == ("stop", "test", False)
    assert reply.usage.input_tokens == server.prompt_tokens > 0
    assert reply.usage.output_tokens == server.completion_tokens > 0
    assert reply.usage.reasoning_tokens == 3
    settings = request.raw.get("generationConfig", request.raw)
    assert settings["temperature"] == 0
    assert 8192 in settings.values()


async def test_the_beginning_of_an_earlier_prompt_counts_as_cached(new_session: NewSession) -> None:
    long = user("word " * 2000)
    with ModelServer(answering(text="yes")) as server:
        session = new_session(server)
        await session.ask((long, user("one?")))
        reply = await session.ask((long, user("two?")))
    assert 2000 < reply.usage.cached_tokens < reply.usage.input_tokens


@pytest.mark.parametrize(
    ("choice", "seen"), [("auto", "auto"), ("required", "required"), ("none", "none"), ("look", "look")]
)
async def test_tools_and_the_choice_among_them(new_session: NewSession, choice: str, seen: str) -> None:
    with ModelServer(answering(Call("look", {"shot": 2}))) as server:
        reply = await new_session(server).ask(HELLO, (LOOK, FINAL), tool_choice=choice)
    assert server.requests[0].tools == {"look": LOOK.parameters, "submit_answers": FINAL.parameters}
    assert server.requests[0].choice == seen
    assert reply.finish == "tool_calls"
    assert [(call.name, call.arguments) for call in reply.message.tool_calls] == [("look", {"shot": 2})]


async def test_media_arrive_as_they_are(new_session: NewSession, spec: str) -> None:
    parts = (TextPart(text="Look:"), PICTURE, AudioPart(artifact=SOUND, seconds=2.8), VideoPart(artifact=VIDEO))
    with ModelServer(answering(text="seen")) as server:
        session = new_session(server)
        session.model.capabilities = Capabilities(images=True, audio=True, video=True, tools=True)
        await session.ask((Message(role="user", parts=parts),))
    assert not server.complaints
    assert [media.kind for media in server.requests[0].media] == ["image", "audio", "video"]
    assert [media.sha256 for media in server.requests[0].media] == [IMAGE, SOUND, VIDEO]


async def test_what_tools_show_follows_their_answers(new_session: NewSession) -> None:
    both = answering(Call("look", {"shot": 0}), Call("look", {"shot": 1}))
    with ModelServer(in_turn(both, Answer(text="done"))) as server:
        session = new_session(server)
        reply = await session.ask(HELLO, (LOOK,))
        first, second = reply.message.tool_calls
        shown = _tool(first, "a face", TextPart(text="Frame 3:"), PICTURE)
        talk = (*HELLO, reply.message, shown, _tool(second, "nothing"))
        assert (await session.ask(talk, (LOOK,))).finish == "stop"
    assert not server.complaints
    turns = server.requests[1].turns
    *_, last = turns
    assert last.role == "user"
    assert [media.sha256 for media in last.media] == [IMAGE]
    assert "What look shows" in last.text
    assert "Frame 3:" in last.text
    tool_text = "\n".join(turn.text for turn in turns if turn.role == "tool")
    assert "a face" in tool_text
    assert "nothing" in tool_text


async def test_a_picture_is_not_sent_to_a_model_without_eyes(new_session: NewSession) -> None:
    with ModelServer() as server:
        session = new_session(server)
        session.model.capabilities = Capabilities(tools=True)
        with pytest.raises(ModelError, match="does not take image"):
            await session.ask((Message(role="user", parts=(PICTURE,)),))
    assert server.calls == 0


async def test_a_refusal_is_a_reply(new_session: NewSession) -> None:
    with ModelServer(lambda request: Answer(text="I cannot help with that.", finish="refused")) as server:
        reply = await new_session(server).ask(HELLO)
    assert reply.finish == "refused"
    assert reply.message.parts == (TextPart(text="I cannot help with that."),)


async def test_a_reply_cut_off_at_its_limit(new_session: NewSession) -> None:
    with ModelServer(lambda request: Answer(text="Well, the first", finish="length")) as server:
        assert (await new_session(server).ask(HELLO)).finish == "length"


class TestOpenAI:
    @pytest.fixture
    def spec(self) -> str:
        return "openai/test"

    async def test_arguments_that_are_no_json_are_kept_raw(self, new_session: NewSession) -> None:
        with ModelServer(in_turn(answering(Call("look", '{"shot": ')), Answer(text="sorry"))) as server:
            session = new_session(server)
            (call,) = (reply := await session.ask(HELLO, (LOOK,))).message.tool_calls
            assert (call.arguments, call.raw) == (None, '{"shot": ')
            # Sent back, they must not make the next request fail.
            await session.ask((*HELLO, reply.message, _tool(call, "not JSON")), (LOOK,))
        assert not server.complaints

    @pytest.mark.parametrize("raw", ["[1, 2]", '"shot"', "null", "7", ""])
    async def test_arguments_that_are_no_object(self, new_session: NewSession, raw: str) -> None:
        with ModelServer(answering(Call("look", raw))) as server:
            (call,) = (await new_session(server).ask(HELLO, (LOOK,))).message.tool_calls
        assert call.arguments is None

    async def test_a_part_of_a_video_cannot_be_asked_for(self, new_session: NewSession) -> None:
        with ModelServer() as server:
            session = new_session(server)
            session.model.capabilities = Capabilities(images=True, video=True)
            part = VideoPart(artifact=VIDEO, start_s=1.0, end_s=2.0)
            with pytest.raises(ModelError, match="cannot take a part of a video"):
                await session.ask((Message(role="user", parts=(part,)),))
        assert server.calls == 0

    async def test_the_address_may_end_with_the_version_or_not(self, new_session: NewSession) -> None:
        from cinejudge.llm import create_model

        with ModelServer(answering(text="hi")) as server:
            for address in (server.url, server.openai_url, f"{server.url}/v1/"):
                model = create_model("openai/x", base_url=address, load=lambda sha256: b"")
                assert (await model.generate(HELLO)).finish == "stop"
                await model.aclose()

    async def test_detail_is_passed_on(self, new_session: NewSession) -> None:
        with ModelServer(answering(text="seen")) as server:
            low = PICTURE.model_copy(update={"detail": "low"})
            await new_session(server).ask((Message(role="user", parts=(low, PICTURE)),))
        content = server.requests[0].raw["messages"][0]["content"]
        assert content[0]["image_url"]["detail"] == "low"
        assert "detail" not in content[1]["image_url"]


class TestGoogle:
    @pytest.fixture
    def spec(self) -> str:
        return "google/test"

    async def test_a_part_of_a_video_is_cut_by_the_server(self, new_session: NewSession) -> None:
        part = VideoPart(artifact=VIDEO, start_s=1.5, end_s=3.0, fps=4.0, seconds=6.0)
        with ModelServer(answering(text="seen")) as server:
            await new_session(server).ask((Message(role="user", parts=(part,)),))
        (media,) = server.requests[0].media
        assert (media.start_s, media.end_s, media.fps) == ("1.500s", "3.000s", 4.0)

    async def test_thought_signatures_come_back_from_disk_too(self, new_session: NewSession) -> None:
        with ModelServer(in_turn(answering(Call("look", {"shot": 0})), Answer(text="done"))) as server:
            await new_session(server).ask(HELLO, (LOOK,))
            later = new_session(server)
            reply = await later.ask(HELLO, (LOOK,))
            assert reply.cached
            assert server.calls == 1
            talk = (*HELLO, reply.message, _tool(reply.message.tool_calls[0], "a face"))
            await later.ask(talk, (LOOK,))  # the server refuses it when the signature is not what it gave
        assert not server.complaints
        assert server.calls == 2

    async def test_a_server_that_rejects_resolution_per_picture(self, new_session: NewSession) -> None:
        from tests.servers import Fault

        low = PICTURE.model_copy(update={"detail": "low"})
        refusal = Fault(400, message="media_resolution is not supported for this model")
        with ModelServer(in_turn(refusal, Answer(text="seen"))) as server:
            assert (await new_session(server).ask((Message(role="user", parts=(low,)),))).finish == "stop"
        assert "LOW" in str(server.requests[0].raw)
        assert "LOW" not in str(server.requests[1].raw)

    async def test_a_blocked_prompt_is_a_refusal(self, new_session: NewSession) -> None:
        import json

        from tests.servers import Fault

        body = json.dumps({"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 9}})
        with ModelServer(lambda request: Fault(body=body)) as server:
            reply = await new_session(server).ask(HELLO)
        assert reply.finish == "refused"
        assert "SAFETY" in str(reply.message.parts)

    async def test_thoughts_are_not_words(self, new_session: NewSession) -> None:
        import json

        from tests.servers import Fault

        parts = [{"text": "hmm", "thought": True}, {"text": "It is fine."}]
        body = json.dumps({"candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": "STOP"}]})
        with ModelServer(lambda request: Fault(body=body)) as server:
            reply = await new_session(server).ask(HELLO)
        assert reply.message.parts == (TextPart(text="It is fine."),)
