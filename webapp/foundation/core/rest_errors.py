"""Errors of the REST addresses: a code for programs beside the sentence for people."""

from typing import Any

from rest_framework.exceptions import APIException
from rest_framework.response import Response
from rest_framework.views import exception_handler


def answer_with_code(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Answer an exception as Django REST framework does, with its code beside the sentence."""
    answer = exception_handler(exc, context)
    if answer is None or not isinstance(answer.data, dict) or "detail" not in answer.data:
        return answer
    codes = exc.get_codes() if isinstance(exc, APIException) else getattr(answer.data["detail"], "code", None)
    if isinstance(codes, str):
        answer.data["code"] = codes
    return answer
