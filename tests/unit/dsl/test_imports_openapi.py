"""OpenAPI documents as functions: names, effects, fields and where they go, schemas, servers, security, limits."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from dsl import Function, check, effects
from dsl.imports import Imported, from_openapi, operations
from dsl.imports import openapi as module
from tests.unit.dsl.definitions import DATA

FILES = DATA.parent / "imports"


def imported(name: str, **more: Any) -> Imported:
    return from_openapi((FILES / name).read_text(encoding="utf-8"), **more)


def functions(name: str, **more: Any) -> dict[str, Function]:
    return {function.name: function for function in imported(name, **more).functions}


def a_document(operation: Any, path: str = "/x", method: str = "get", **more: Any) -> dict[str, Any]:
    """Return a 3.1 document with one operation."""
    servers = [{"url": "https://a.example"}]
    return {"openapi": "3.1.0", "info": {"title": "A", "version": "1"}, "servers": servers, "paths": {path: {method: operation}}, **more}


def the_function(document: dict[str, Any]) -> Function:
    [function] = from_openapi(document).functions
    return function


def body_of(schema: Any, **schemas: Any) -> dict[str, Any]:
    """Return the schema of `body` of an operation whose body has *schema*."""
    operation = {"requestBody": {"content": {"application/json": {"schema": schema}}}}
    return the_function(a_document(operation, method="post", components={"schemas": schemas})).input["properties"]["body"]


def codes(document: Any) -> list[tuple[str, str]]:
    return [(problem.code, problem.reference) for problem in from_openapi(document).problems]


class TestFunctions:
    def test_name_effect_idempotency_and_target_come_from_the_operation(self) -> None:
        found = functions("shop-3.1.yaml")

        assert [(one.name, one.effect, one.idempotent, one.target) for one in found.values()] == [
            ("orders-list", "read", True, "eu.shop.example/api/orders"),
            ("createOrder", "write", False, "eu.shop.example/api/orders"),
            ("get-orders-id", "read", True, "eu.shop.example/api/orders/{id}"),
            ("deleteOrder", "irreversible", True, "eu.shop.example/api/orders/{id}"),
            ("sendParcel", "write", True, "parcels.example/orders/{id}/parcels/{number}"),
        ]
        assert {one.version for one in found.values()} == {"2.4.0"}

    def test_title_summary_and_words_are_plain(self) -> None:
        found = functions("shop-3.1.yaml")

        assert (found["orders-list"].title, found["orders-list"].summary) == (
            "List orders",
            "Returns the newest orders first, see the guide.",
        )
        assert found["createOrder"].title == "Create order"
        assert found["deleteOrder"].title == "Delete order (deprecated)"
        assert found["createOrder"].words == ["orders", "create", "order"]

    def test_a_prefix_keeps_several_documents_apart(self) -> None:
        assert "shop.createOrder:2.4.0" in imported("shop-3.1.yaml", prefix="shop").catalogue

    @pytest.mark.parametrize(
        ("method", "effect", "idempotent"),
        [
            ("get", "read", True),
            ("head", "read", True),
            ("options", "read", True),
            ("put", "write", True),
            ("post", "write", False),
            ("patch", "write", False),
            ("delete", "irreversible", True),
        ],
    )
    def test_the_effect_is_that_of_the_method(self, method: str, effect: str, idempotent: bool) -> None:
        function = the_function(a_document({}, method=method))

        assert (function.effect, function.idempotent) == (effect, idempotent)

    def test_one_operation_id_twice_gives_two_names(self) -> None:
        document = a_document({"operationId": "go"})
        document["paths"]["/y"] = {"get": {"operationId": "go"}}

        assert [one.name for one in from_openapi(document).functions] == ["go", "go-2"]
        assert codes(document) == [("duplicate-operation", "/paths/~1y/get/operationId")]

    def test_a_function_survives_json(self) -> None:
        for one in imported("shop-3.1.yaml").functions:
            assert Function.model_validate(json.loads(one.model_dump_json())) == one

    def test_the_check_judges_a_call_by_it(self) -> None:
        document = {"dsl": "1.0.3", "namespace": "a", "name": "b", "version": "1.0.0"}
        call = {"call": "createOrder:2.4.0@default", "with": {"body": {"sku": 1, "amount": 2}, "colour": "red"}}

        problems = check({"document": document, "do": [{"order": call}]}, imported("shop-3.1.yaml").catalogue)

        assert sorted((one.code, one.reference) for one in problems) == [
            ("invalid-argument", "/do/0/order/with/body/sku"),
            ("unknown-argument", "/do/0/order/with/colour"),
        ]

    def test_its_effect_tells_the_path_and_what_of_it_the_data_decides(self) -> None:
        call = {"call": "sendParcel:2.4.0@default", "with": {"id": "A-1", "number": "${ .number }"}}

        [effect] = effects({"do": [{"send": call}]}, imported("shop-3.1.yaml").catalogue)

        assert (effect.kind, effect.target) == ("write", "parcels.example/orders/A-1/parcels/{number}")

    def test_operations_are_found_by_the_id_that_is_written_in_the_document(self) -> None:
        found = operations((FILES / "shop-3.1.yaml").read_text(encoding="utf-8"))

        assert sorted(found) == ["createOrder", "deleteOrder", "orders/list", "sendParcel"]
        assert found["orders/list"].name == "orders-list"


class TestFields:
    def test_parameters_of_the_path_item_and_of_the_operation_are_fields(self) -> None:
        function = functions("shop-3.1.yaml")["orders-list"]

        assert list(function.input["properties"]) == ["status", "limit", "filter", "X-Request-Id"]
        assert "required" not in function.input
        assert function.input["properties"]["status"] == {
            "type": "array",
            "items": {"$ref": "#/$defs/Status"},
            "description": "Only these",
        }
        assert function.input["properties"]["limit"]["default"] == 20

    def test_the_binding_says_where_each_goes(self) -> None:
        binding = functions("shop-3.1.yaml")["orders-list"].binding
        assert binding is not None and binding.kind == "openapi"

        assert [(one.name, one.place, one.style, one.explode) for one in binding.parameters] == [
            ("status", "query", "form", False),
            ("limit", "query", "form", True),
            ("filter", "query", "deepObject", False),
            ("X-Request-Id", "header", "simple", False),
        ]

    def test_of_two_of_one_name_the_second_gets_its_place(self) -> None:
        function = functions("shop-3.1.yaml")["deleteOrder"]
        assert function.binding is not None and function.binding.kind == "openapi"

        assert function.input["required"] == ["id"]
        assert [(one.field, one.name, one.place) for one in function.binding.parameters] == [
            ("id", "id", "path"),
            ("query_id", "id", "query"),
        ]

    def test_a_body_beside_a_parameter_of_its_name_is_the_request_body(self) -> None:
        function = functions("shop-3.0.json")["cart.change"]
        assert function.binding is not None and function.binding.kind == "openapi" and function.binding.body is not None

        assert list(function.input["properties"]) == ["cart", "body", "where", "request_body"]
        assert (function.binding.body.field, function.binding.body.content) == ("request_body", "application/merge-patch+json")
        assert [one.content for one in function.binding.parameters] == ["", "", "application/json"]
        assert function.examples == [{"cart": 7}]

    def test_the_body_is_a_field_and_json_is_preferred(self) -> None:
        function = functions("shop-3.1.yaml")["createOrder"]
        assert function.binding is not None and function.binding.kind == "openapi" and function.binding.body is not None

        assert function.input["required"] == ["body"]
        assert function.binding.body.model_dump() == {
            "field": "body",
            "content": "application/json",
            "others": ("application/x-www-form-urlencoded",),
            "required": True,
        }
        assert function.examples == [{"body": {"sku": "A-1", "amount": 2}}]

    def test_what_the_path_names_and_nobody_describes_is_text(self) -> None:
        function = functions("shop-3.1.yaml")["sendParcel"]

        assert function.input["properties"]["number"] == {"type": "string"}
        assert function.input["required"] == ["id", "number"]

    def test_a_path_parameter_that_the_path_lacks_goes_nowhere(self) -> None:
        document = a_document({"parameters": [{"name": "id", "in": "path", "required": True, "schema": {}}]})

        assert the_function(document).input["properties"] == {}
        assert codes(document) == [("unused-parameter", "/paths/~1x/get")]

    @pytest.mark.parametrize("parameter", [{"in": "query"}, {"name": "a", "in": "body"}, {"name": "", "in": "query"}, "a", {"$ref": "#/x"}])
    def test_an_operation_with_a_parameter_that_cannot_be_sent_is_left_out(self, parameter: Any) -> None:
        found = from_openapi(a_document({"parameters": [parameter]}))

        assert (found.functions, found.left_out) == ((), ("GET /x",))
        assert [problem.severity for problem in found.problems] == ["error"]
        assert found.problems[0].reference.startswith("/paths/~1x/get/parameters/0")


class TestSwagger:
    def test_forms_bodies_and_collections_keep_their_names(self) -> None:
        found = functions("shop-2.0.yaml")
        listed, added, photo = (found[name].binding for name in ("listItems", "addItem", "addPhoto"))
        assert listed and added and photo and listed.kind == added.kind == photo.kind == "openapi"

        assert [(one.name, one.style, one.explode) for one in listed.parameters] == [
            ("tags", "pipeDelimited", False),
            ("ids", "form", True),
            ("page", "form", False),
        ]
        assert added.body is not None and (added.body.field, added.body.content) == ("item", "application/json")
        assert photo.body is not None and (photo.body.field, photo.body.content) == ("", "multipart/form-data")
        assert found["addPhoto"].input["required"] == ["id", "photo"]
        assert found["addPhoto"].input["properties"]["title"] == {"type": ["string", "null"]}
        assert found["listItems"].input["properties"]["page"] == {"type": "integer", "default": 1, "exclusiveMaximum": 100}

    def test_host_base_path_and_schemes_are_the_server(self) -> None:
        found = functions("shop-2.0.yaml")
        binding = found["listItems"].binding
        assert binding is not None and binding.kind == "openapi"

        assert binding.server == "https://old.shop.example/v1"
        assert found["addPhoto"].target == "old.shop.example/v1/items/{id}/photo"
        assert found["listItems"].version == "1.0.0"

    def test_old_security_is_described_as_the_new(self) -> None:
        found = functions("shop-2.0.yaml")
        listed, photo = found["listItems"].binding, found["addPhoto"].binding
        assert listed and photo and listed.kind == photo.kind == "openapi"

        assert [(one.kind, one.name) for [one] in listed.security] == [("http", "basic")]
        assert [(one.kind, one.scopes, one.url) for [one] in photo.security] == [("oauth2", ("read",), "https://old.shop.example/token")]


class TestServersAndSecurity:
    def test_variables_are_kept_and_the_target_has_their_defaults(self) -> None:
        binding = functions("shop-3.1.yaml")["orders-list"].binding
        assert binding is not None and binding.kind == "openapi"

        assert binding.server == "https://{region}.shop.example/api"
        assert binding.variables["region"].allowed == ("eu", "us")

    def test_a_server_without_a_host_is_seen_from_the_documents_address(self) -> None:
        assert functions("shop-3.0.json", address="https://x.example/spec/v1.json")["cart.change"].target == "x.example/api/carts/{cart}"
        assert functions("shop-3.0.json")["cart.change"].target == "/api/carts/{cart}"
        assert [problem.code for problem in imported("shop-3.0.json").problems] == ["no-server"]

    def test_an_operations_security_stands_for_the_documents_and_may_be_none(self) -> None:
        binding = functions("shop-3.1.yaml")["deleteOrder"].binding
        assert binding is not None and binding.kind == "openapi"

        assert [[(one.kind, one.name, one.place, one.scopes) for one in ways] for ways in binding.security] == [
            [("oauth2", "", "", ("orders:delete",)), ("apiKey", "X-Shop-Key", "header", ())],
            [],
        ]


class TestSchemas:
    def test_what_is_read_only_is_not_sent_and_what_is_write_only_does_not_come_back(self) -> None:
        function = functions("shop-3.1.yaml")["createOrder"]

        assert function.input["$defs"]["Order"]["required"] == ["sku", "amount"]
        assert list(function.input["$defs"]["Order"]["properties"]) == ["sku", "amount", "note", "pin", "parts"]
        assert list(function.output["$defs"]["Order"]["properties"]) == ["id", "sku", "amount", "note", "parts"]

    def test_results_of_all_good_answers_are_taken_together(self) -> None:
        found = functions("shop-3.1.yaml")

        assert [part.get("required") for part in found["createOrder"].output["anyOf"]] == [["id", "sku", "amount"], None]
        assert found["deleteOrder"].output == {"type": "null"}
        assert found["sendParcel"].output == {"type": "string"}

    def test_a_recursive_schema_stays_so(self) -> None:
        schema = functions("shop-2.0.yaml")["addItem"].input

        assert schema["$defs"]["Item"]["properties"]["box"] == {"$ref": "#/$defs/Item"}
        assert not list(Draft202012Validator(schema).iter_errors({"item": {"name": "a", "box": {"name": "b"}}}))
        assert list(Draft202012Validator(schema).iter_errors({"item": {"name": "a", "box": {"name": 1}}}))

    @pytest.mark.parametrize(
        ("given", "wanted"),
        [
            ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
            ({"nullable": True, "enum": ["a"]}, {"enum": ["a", None]}),
            ({"nullable": True, "oneOf": [{"type": "string"}]}, {"anyOf": [{"anyOf": [{"type": "string"}]}, {"type": "null"}]}),
            ({"minimum": 1, "exclusiveMinimum": True}, {"exclusiveMinimum": 1}),
            ({"maximum": 1, "exclusiveMaximum": False}, {"maximum": 1}),
            ({"type": ["string", "null"], "example": "a"}, {"type": ["string", "null"], "examples": ["a"]}),
            ({"oneOf": [{"type": "string"}], "anyOf": [{}]}, {"allOf": [{"anyOf": [{"type": "string"}]}], "anyOf": [{}]}),
            ({"not": {"type": "string"}}, {"not": {"type": "string"}}),
            ({"not": {"$ref": "#/info"}, "if": {"$ref": "#/info"}, "then": {"type": "string"}}, {}),
            ({"items": [{"type": "string"}]}, {"prefixItems": [{"type": "string"}]}),
            ({"pattern": "^[a-z]+$"}, {"pattern": "^[a-z]+$"}),
            ({"pattern": r"^\p{L}$"}, {}),
            ({"pattern": "^(a+)+$"}, {}),
            ({"pattern": "a+$"}, {}),
            ({"pattern": r"^[A-Z]{2}-\d{3}\.x?$"}, {"pattern": r"^[A-Z]{2}-\d{3}\.x?$"}),
            ({"additionalProperties": False, "xml": {}, "x-a": 1}, {"additionalProperties": False}),
            ({"maximum": 2**63}, {"maximum": 2.0**63}),
            (True, {}),
        ],
    )
    def test_dialects_become_one(self, given: Any, wanted: Any) -> None:
        assert body_of(given) == wanted

    @pytest.mark.parametrize(
        "given", [{"type": "any"}, {"required": True}, {"minLength": "3"}, {"enum": 1}, {"properties": []}, {"allOf": {}}]
    )
    def test_a_keyword_that_is_wrong_is_left_out_and_named(self, given: dict[str, Any]) -> None:
        operation = {"requestBody": {"content": {"application/json": {"schema": given}}}}

        found = from_openapi(a_document(operation, method="post"))

        assert found.functions[0].input["properties"]["body"] == {}
        at = f"/paths/~1x/post/requestBody/content/application~1json/schema/{next(iter(given))}"
        assert [(one.code, one.reference, one.severity) for one in found.problems] == [("invalid-schema", at, "warning")]

    @pytest.mark.parametrize(
        "schemas",
        [
            {"A": {"$ref": "#/components/schemas/A"}},
            {"A": {"$ref": "#/components/schemas/B"}, "B": {"$ref": "#/components/schemas/A"}},
            {"A": {"allOf": [{"type": "object"}, {"$ref": "#/components/schemas/A"}]}},
            {"A": {"anyOf": [{"allOf": [{"$ref": "#/components/schemas/B"}]}]}, "B": {"oneOf": [{"$ref": "#/components/schemas/A"}]}},
        ],
    )
    def test_a_schema_made_of_itself_is_anything(self, schemas: dict[str, Any]) -> None:
        operation = {"requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}}}

        found = from_openapi(a_document(operation, method="post", components={"schemas": schemas}))

        assert {problem.code for problem in found.problems} == {"endless-reference"}
        assert not list(Draft202012Validator(found.functions[0].input).iter_errors({"body": {"a": 1}}))

    def test_schemas_that_multiply_are_cut_before_judging_a_value_takes_for_ever(self) -> None:
        both = {f"S{n}": {"anyOf": [{"$ref": f"#/components/schemas/S{n + 1}"}] * 2} for n in range(60)}
        operation = {"requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/S0"}}}}}

        found = from_openapi(a_document(operation, method="post", components={"schemas": {**both, "S60": {"type": "string"}}}))

        assert {problem.code for problem in found.problems} == {"endless-reference"}
        assert not list(Draft202012Validator(found.functions[0].input).iter_errors({"body": 1}))

    def test_a_circle_through_a_part_of_a_schema_is_cut(self) -> None:
        schemas = {"A": {"allOf": [{"$ref": "#/components/schemas/B/anyOf/0"}]}, "B": {"anyOf": [{"$ref": "#/components/schemas/A"}]}}
        operation = {"requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/B/anyOf/0"}}}}}

        found = from_openapi(a_document(operation, method="post", components={"schemas": schemas}))

        assert {problem.code for problem in found.problems} == {"endless-reference"}
        assert not list(Draft202012Validator(found.functions[0].input).iter_errors({"body": 1}))

    def test_a_schema_beyond_the_limit_ends_in_anything(self) -> None:
        chain = {f"S{n}": {"type": "object", "properties": {"next": {"$ref": f"#/components/schemas/S{n + 1}"}}} for n in range(3000)}
        operation = {"requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/S0"}}}}}

        found = from_openapi(a_document(operation, method="post", components={"schemas": {**chain, "S3000": {"type": "string"}}}))

        assert [problem.code for problem in found.problems] == ["large-schema"]
        assert 100 < len(found.functions[0].input["$defs"]) < 1000
        assert not list(Draft202012Validator(found.functions[0].input).iter_errors({"body": {"next": {"next": {}}}}))


class TestWrongDocuments:
    @pytest.mark.parametrize(
        ("document", "code"),
        [
            ("", "empty"),
            ("just words", "not-openapi"),
            ("[]", "not-openapi"),
            ('{"openapi": "3.0.0",}', "not-json"),
            ('{"openapi": NaN}', "not-json"),
            ('{"openapi": "\\ud800"}', "not-json"),
            ("a: b: c", "not-yaml"),
            ("openapi: 4.0.0", "not-openapi"),
            ("swagger: '1.2'", "not-openapi"),
            ("document: {dsl: 1.0.3}", "not-openapi"),
            ("[" * 100_000, "too-deep"),
            ("a: " + "[" * 500 + "]" * 500, "too-deep"),
            (b"\xff\xfe", "not-text"),
            ({"openapi": "3.1.0", "paths": {1: {}}}, "not-json"),
            ({"openapi": "3.1.0", "paths": {1, 2}}, "not-json"),
            (None, "not-openapi"),
        ],
    )
    def test_what_is_no_openapi_document_is_one_problem(self, document: Any, code: str) -> None:
        found = from_openapi(document)

        assert (found.functions, [problem.code for problem in found.problems]) == ((), [code])

    def test_json_that_breaks_off_has_line_and_column(self) -> None:
        [problem] = from_openapi('{\n  "openapi": }').problems

        assert (problem.line, problem.column) == (2, 14)

    def test_aliases_that_multiply_are_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("dsl.imports.documents.MAX_VALUES", 100_000)
        lines = ["a0: &a0 [1, 2, 3, 4, 5, 6, 7, 8, 9]"]
        lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]

        assert [problem.code for problem in from_openapi("\n".join(lines)).problems] == ["too-many-nodes"]

    def test_references_that_leave_the_document_are_named_and_never_fetched(self) -> None:
        schema = {"$ref": "https://x.example/schemas.json#/A"}
        document = a_document({"responses": {"200": {"content": {"application/json": {"schema": schema}}}}, "parameters": []})
        document["paths"]["/y"] = {"get": {"parameters": [{"$ref": "other.yaml#/P"}]}}

        found = from_openapi(document)

        assert [one.output for one in found.functions] == [{}]
        assert [(one.code, one.reference, one.severity) for one in found.problems] == [
            ("remote-reference", "/paths/~1y/get/parameters/0/$ref", "error"),
            ("remote-reference", "/paths/~1x/get/responses/200/content/application~1json/schema/$ref", "warning"),
        ]

    def test_parameters_that_lead_round_in_a_circle_are_refused(self) -> None:
        circle = {"A": {"$ref": "#/components/parameters/B"}, "B": {"$ref": "#/components/parameters/A"}}
        document = a_document({"parameters": [{"$ref": "#/components/parameters/A"}]}, components={"parameters": circle})

        assert codes(document) == [("endless-reference", "/paths/~1x/get/parameters/0")]

    def test_more_operations_than_the_limit_are_left_out(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "MAX_OPERATIONS", 2)
        document = a_document({})
        document["paths"] |= {f"/x{number}": {"get": {}} for number in range(5)}

        assert len(from_openapi(document).functions) == 2
        assert codes(document) == [("too-many-operations", "/paths/~1x1")]

    def test_an_operation_with_more_parameters_than_the_limit_is_left_out(self) -> None:
        many = [{"name": f"p{number}", "in": "query", "schema": {}} for number in range(1001)]

        assert codes(a_document({"parameters": many})) == [("too-many-parameters", "/paths/~1x/get")]

    def test_a_text_beyond_the_limit_is_refused_unread(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("dsl.imports.documents.MAX_CHARACTERS", 10)

        assert codes("openapi: 3.1.0") == [("too-large", "")]
