"""From a chosen option to an answer, the same way for rules and for models."""

from __future__ import annotations

from typing import Any

from cinejudge.schema import CANNOT_TELL, Answer, Asked
from cinejudge.schema.suite import Option

CANNOT_TELL_OPTION = Option(id=CANNOT_TELL, text="Cannot be told from what is given.", score=None)


def choose(asked: Asked, option_id: str, *, by: str, **rest: Any) -> Answer:
    """The answer that choosing an option amounts to.

    ``cannot_tell`` leaves the question not judged; an option without a score leaves it out as not applicable.

    Args:
        asked: The question as asked.
        option_id: Id of one of its options.
        by: ``rule``, or the model's name.
        **rest: Further fields of the answer: reasoning, evidence, spans, confidence …

    Raises:
        ValueError: it has no such option; the message may be shown to a model.
    """
    option = asked.option(option_id)
    if option is None:
        raise ValueError(f"{asked.id} has no option {option_id!r}; it has: {', '.join(o.id for o in asked.options)}")
    made: dict[str, Any] = {"asked": asked.id, "metric": asked.metric, "option": option.id, "by": by, **rest}
    if option.id == CANNOT_TELL:
        return Answer(**made | {"status": "not_judged", "reason": made.get("reason") or f"{by} cannot tell"})
    if option.score is None:
        return Answer(**made | {"status": "not_applicable", "reason": made.get("reason") or asked.filled(option.text)})
    return Answer(**made | {"status": "answered", "score": option.score})


def left_out(asked: Asked) -> Answer | None:
    """The answer of a question that is not to be asked at all; None when it is."""
    made: dict[str, Any] = {"asked": asked.id, "metric": asked.metric}
    if asked.not_applicable is not None:
        return Answer(**made, status="not_applicable", reason=asked.not_applicable)
    if asked.not_judged is not None:
        return Answer(**made, status="not_judged", reason=asked.not_judged)
    return None


def settle(asked: Asked, answer: Answer | None) -> Answer:
    """The answer with status and score as the question as asked demands, whatever was written down.

    Args:
        asked: The question as asked.
        answer: What was answered; None when nobody did.
    """
    out = left_out(asked)
    if out is not None:
        return out
    if answer is None:
        return Answer(asked=asked.id, metric=asked.metric, status="not_judged", reason="nobody answered it")
    if answer.option is None or answer.status == "failed":
        return answer if answer.status != "answered" else _failed(answer, "it names no option")
    if asked.option(answer.option) is None:
        return _failed(answer, f"it chooses {answer.option!r}, which is no option")
    again = choose(asked, answer.option, by=answer.by, reason=answer.reason)
    return answer.model_copy(update={"status": again.status, "score": again.score, "reason": again.reason})


def _failed(answer: Answer, reason: str) -> Answer:
    return answer.model_copy(update={"status": "failed", "score": None, "reason": reason})
