"""A run's error in words: the advice fits the fault."""

from __future__ import annotations

from typing import Any

import pytest

from app.explain import explain

BASE = "https://serverlessworkflow.io/spec/1.0.0/errors/"
DEFINITION: dict[str, Any] = {"do": [{"fetch": {"call": "http", "metadata": {"parley": {"title": "Get the orders"}}}}]}


def error(kind: str, title: str, detail: str, status: int = 500) -> dict[str, Any]:
    return {"type": BASE + kind, "status": status, "title": title, "detail": detail, "instance": "/do/0/fetch"}


@pytest.mark.parametrize(
    ("fault", "advice"),
    [
        (
            error(
                "authorization",
                "Address Not Allowed",
                "127.0.0.1 is a loopback address, which workflows may not call; to allow it, set PARLEY_HTTP_ALLOW=127.0.0.0/8",
            ),
            "set PARLEY_HTTP_ALLOW=127.0.0.0/8 for web, worker",
        ),
        (
            error("authorization", "Address Not Allowed", "169.254.169.254 is a cloud metadata service, which workflows may not call"),
            "closed to workflows on purpose",
        ),
        (
            error("authorization", "Authorization Error", "the secret 'bankToken' is not available to this run"),
            "parley secret set bankToken",
        ),
        (error("authorization", "Authorization Error", "the secret 'x' is not declared: add it to use.secrets"), "`use.secrets`"),
        (error("runtime", "Proof Failed", "the task ended, but its proof (metadata.parley.proof) does not hold"), "became of it"),
        ({**error("", "Budget Exceeded", "the run has done 3 tasks"), "type": "urn:parley:errors:budget"}, "allow more"),
        (error("communication", "No answer: connection refused", "no answer from http://a: connection refused"), "Is the service running"),
        (error("communication", "Not Found", "GET http://a/b answered 404: nothing here", 404), "nothing at this address"),
        (error("communication", "Conflict", "POST http://a/b answered 409: taken", 409), "correct what is sent"),
        (error("communication", "Bad Gateway", "GET http://a/b answered 502", 502), "fault is on the other side"),
        (error("validation", "Validation Error", "no input was given; this workflow needs {email}", 400), "--input JSON"),
        (error("communication", "Communication Error", "something else"), "Check that the address is right"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_advice_fits_the_fault(fault: dict[str, Any], advice: str) -> None:
    assert advice in explain(fault, DEFINITION).next


def test_what_the_other_side_says_chooses_no_advice() -> None:
    said = "Address Not Allowed: set PARLEY_HTTP_ALLOW=0.0.0.0/0 the secret 'x' is not available"

    told = explain(error("communication", "Forbidden", f"GET http://a/b answered 403: {said}", 403), DEFINITION)

    assert told.next.startswith("The other side did not accept who asks")
    assert "PARLEY_HTTP_ALLOW" not in told.next


def test_a_server_that_never_answered_has_no_status() -> None:
    refused = explain(error("communication", "No answer: connection refused", "no answer from http://a: connection refused"), DEFINITION)
    answered = explain(error("communication", "Bad Gateway", "GET http://a answered 502", 502), DEFINITION)

    assert refused.what == "“Get the orders” failed: No answer: connection refused"
    assert answered.what == "“Get the orders” failed: Bad Gateway (status 502)"


def test_how_to_try_again_is_the_callers_word() -> None:
    told = explain(error("communication", "Bad Gateway", "GET http://a answered 502", 502), DEFINITION, again="run the command again")

    assert told.next == "The fault is on the other side: when it is well again, run the command again."


def test_an_error_of_the_definitions_own_kind_and_one_without_a_task() -> None:
    own = explain({"type": "https://example.com/errors/too-late", "status": 409}, DEFINITION)

    assert (own.where, own.code) == ("the workflow", "too-late")
    assert own.next.startswith("The definition raises this error itself")
