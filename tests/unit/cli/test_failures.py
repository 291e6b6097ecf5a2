"""Every exception a person can meet becomes what, where, why and what next."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from app.actions import Invalid
from app.cli.failures import CHECK_FAILED, WRONG_USAGE, CommandFailed, explain, invalid_definition
from dsl.problems import InvalidDefinition, Problem

TYPO = Problem(
    code="unknown-target", reference="/do/0/then", message="no task is named 'shp'", hint="did you mean 'ship'?", line=7, column=3
)
ADVICE = Problem(code="no-timeout", reference="/do/1/get", message="no timeout", severity="advice")


class TestText:
    def test_empty_parts_are_left_out(self) -> None:
        failure = CommandFailed("it broke", where="here", next_step="mend it", code="broken")

        assert failure.to_text() == "error: it broke [broken]\n  where: here\n  next:  mend it"

    def test_json_always_has_the_five_keys(self) -> None:
        assert CommandFailed("it broke", code="broken").to_json() == {
            "error": {"what": "it broke", "where": "", "why": "", "next": "", "code": "broken"}
        }


class TestInvalidDefinition:
    def test_the_first_error_is_told_with_its_line_and_the_others_counted(self) -> None:
        failure = invalid_definition([ADVICE, TYPO, TYPO], where="orders.yaml")

        assert failure.to_text() == (
            "error: the definition has 2 errors [invalid-definition]\n"
            "  where: orders.yaml:7:3 (/do/0/then)\n"
            "  why:   no task is named 'shp' [unknown-target], and 1 more\n"
            "  next:  did you mean 'ship'?"
        )

    def test_programs_get_every_problem(self) -> None:
        failure = invalid_definition([TYPO, ADVICE], where="orders.yaml")

        assert failure.to_json()["error"]["problems"] == [TYPO.to_json(), ADVICE.to_json()]


class TestExplain:
    def test_an_invalid_definition_is_a_failed_check(self) -> None:
        failure = explain(InvalidDefinition([TYPO]))

        assert failure is not None
        assert (failure.code, failure.exit_code) == ("invalid-definition", CHECK_FAILED)

    def test_an_input_that_an_action_refuses_is_not_called_a_definition(self) -> None:
        wrong = Problem(code="invalid-input", reference="/input", message="'n' must be a number")
        refused = Invalid(
            "The input does not fit.", code="invalid-input", where="the input, field n", next="Give another.", problems=[wrong]
        )

        failure = explain(refused)

        assert failure is not None
        assert (failure.what, failure.where, failure.next_step) == ("The input does not fit.", "the input, field n", "Give another.")

    def test_a_silent_database_points_to_doctor(self) -> None:
        failure = explain(psycopg.OperationalError("connection refused\nIs the server running?"))

        assert failure is not None
        assert (failure.code, failure.why, failure.next_step) == ("database-unreachable", "connection refused", "parley doctor")

    def test_a_file_that_cannot_be_opened_is_wrong_usage(self, tmp_path: Path) -> None:
        with pytest.raises(OSError, match="directory") as caught:
            tmp_path.read_bytes()

        failure = explain(caught.value)

        assert failure is not None
        assert (failure.exit_code, failure.where, failure.why) == (WRONG_USAGE, str(tmp_path), "is a directory")

    def test_a_setting_that_cannot_be_read_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from app.settings import Settings

        monkeypatch.setenv("PORT", "eight thousand")
        with pytest.raises(ValueError, match="PORT") as caught:
            Settings()

        failure = explain(caught.value)

        assert failure is not None
        assert (failure.code, failure.exit_code, failure.why) == ("wrong-setting", WRONG_USAGE, "got 'eight thousand'")

    def test_what_nobody_foresaw_stays_unexplained(self) -> None:
        assert explain(ZeroDivisionError()) is None
