"""What single tasks do outside, and with which secrets. Expressions are shown, never guessed."""

from __future__ import annotations

from typing import Any

import pytest

from dsl import effects
from tests.unit.dsl.definitions import CATALOGUE, a_workflow, approve, get, one_effect, post, put, wait


class TestKinds:
    @pytest.mark.parametrize(
        ("method", "kind"),
        [
            ("get", "read"),
            ("HEAD", "read"),
            ("options", "read"),
            ("post", "write"),
            ("put", "write"),
            ("patch", "write"),
            ("delete", "irreversible"),
            ("${ .m }", "unknown"),
        ],
    )
    def test_a_http_call_is_judged_by_its_method(self, method: str, kind: str) -> None:
        task = {"go": {"call": "http", "with": {"method": method, "endpoint": "${ .url }"}}}

        effect = one_effect(a_workflow(task), "go")

        assert effect.kind == kind
        assert effect.target == f"{'a method from the data: m' if '$' in method else method.upper()} an address from the data: url"

    def test_emit_function_and_workflow_have_effects_and_set_and_wait_have_none(self) -> None:
        data = a_workflow(
            {"tell": {"emit": {"event": {"with": {"type": "com.example.done", "source": "https://example.com"}}}}},
            {"mail": {"call": "notify:1.0.0@default", "with": {"channel": "email", "to": "${ .owner }", "text": "x"}}},
            {"purge": {"call": "purge:2.1.0@default", "with": {"table": "orders"}}},
            {"ghost": {"call": "ghost:1.0.0@default"}},
            {"child": {"run": {"workflow": {"namespace": "a", "name": "b", "version": "1.0.0"}}}},
            approve("ask"),
            put("set", {"a": 1}),
            wait("rest"),
        )

        assert [(effect.task, effect.kind, effect.target) for effect in effects(data, CATALOGUE)] == [
            ("tell", "write", "event com.example.done from https://example.com"),
            ("mail", "write", "email a value from the data: owner"),
            ("purge", "irreversible", "table orders"),
            ("ghost", "unknown", "ghost:1.0.0@default"),
            ("child", "unknown", "workflow a/b/1.0.0"),
        ]


def _call(protocol: str, **arguments: Any) -> dict[str, Any]:
    return {"call": protocol, "with": arguments}


_API = {"endpoint": "https://shop.example/openapi.json"}
_MCP = {"http": {"endpoint": "https://tools.example"}}
_STARTED = {"stdio": {"command": "npx", "arguments": ["some-server"]}}
_AGENT = {"endpoint": {"uri": "https://agents.example/card.json"}}
_LOG = {"endpoint": {"uri": "https://catalogue.example"}}
OUTSIDE = {
    "openapi": (_call("openapi", document=_API, operationId="pay"), "unknown", "the operation pay of https://shop.example/openapi.json"),
    "grpc": (
        _call("grpc", service={"name": "a.B", "host": "bank.example", "port": 443}, method="Pay"),
        "unknown",
        "gRPC bank.example:443/a.B.Pay",
    ),
    "asyncapi publish": (
        _call("asyncapi", document=_API, channel="/a", message={"payload": {}}),
        "write",
        "the channel /a of https://shop.example/openapi.json",
    ),
    "asyncapi subscribe": (
        _call("asyncapi", document=_API, operation="read", server={"name": "test"}, subscription={"consume": {"amount": 1}}),
        "read",
        "the operation read of https://shop.example/openapi.json, server test",
    ),
    "a2a message": (
        _call("a2a", method="message/send", agentCard=_AGENT),
        "unknown",
        "message/send to the agent at https://agents.example/card.json",
    ),
    "a2a look": (_call("a2a", method="tasks/get", server="https://agents.example"), "read", "tasks/get of the agent at https://agents.example"),
    "a2a cancel": (
        _call("a2a", method="tasks/cancel", server="${ .where }"),
        "irreversible",
        "tasks/cancel of the agent at where (an address from the data)",
    ),
    "mcp tool": (
        _call("mcp", method="tools/call", parameters={"name": "pay"}, transport=_MCP),
        "unknown",
        "the tool pay of the MCP server at https://tools.example",
    ),
    "mcp tool that an expression names": (
        _call("mcp", method="tools/call", parameters="${ .p }", transport=_MCP),
        "unknown",
        "the tool that an expression names of the MCP server at https://tools.example",
    ),
    "mcp read": (
        _call("mcp", method="resources/read", parameters={"uri": "file:///a"}, transport=_MCP),
        "read",
        "the resource file:///a of the MCP server at https://tools.example",
    ),
    "mcp list": (_call("mcp", method="tools/list", transport=_MCP), "read", "the tools of the MCP server at https://tools.example"),
    "mcp of a program": (_call("mcp", method="tools/list", transport=_STARTED), "unknown", "the tools of the MCP server “npx some-server”"),
    "a fetched function": (_call("https://a.example/function.yaml"), "unknown", "https://a.example/function.yaml"),
    "a function of another catalogue": (_call("log:1.0.0@global"), "unknown", "log:1.0.0@global of https://catalogue.example"),
    "emit": ({"emit": {"event": {"with": {"type": "${ .kind }", "source": "https://a.example"}}}}, "write",
             "event of a type from the data: kind from https://a.example"),
    "listen to one": ({"listen": {"to": {"one": {"with": {"type": "a"}}}}}, "read", "event a"),
    "listen to any": (
        {"listen": {"to": {"any": [{"with": {"type": "a", "data": "${ .x > 3 }"}}, {"with": {"source": "https://a.example"}}]}}},
        "read",
        "one of: event a where x is above 3, an event from https://a.example",
    ),
    "listen to all": ({"listen": {"to": {"all": [{"with": {"type": "a"}}, {"with": {"type": "b"}}]}}}, "read", "all of: event a, event b"),
    "listen to everything": ({"listen": {"to": {"any": []}}}, "read", "any event"),
    "container": ({"run": {"container": {"image": "alpine", "command": "rm -r /data"}}}, "unknown", "container alpine: rm -r /data"),
    "script": ({"run": {"script": {"language": "python", "code": "# why\nprint(1)"}}}, "unknown", "script in Python: print(1)"),
    "fetched script": (
        {"run": {"script": {"language": "js", "source": {"endpoint": "https://a.example/x.js"}}}},
        "unknown",
        "script in JavaScript from https://a.example/x.js",
    ),
    "shell": (
        {"run": {"shell": {"command": "rm", "arguments": ["-r", "${ .folder }"]}}},
        "unknown",
        "shell: rm -r a value from the data: folder",
    ),
}  # fmt: skip


class TestWhatIsReached:
    @pytest.mark.parametrize(("task", "kind", "target"), OUTSIDE.values(), ids=OUTSIDE.keys())
    def test_every_kind_of_task_has_its_effect(self, task: dict[str, Any], kind: str, target: str) -> None:
        effect = one_effect(a_workflow({"go": task}, use={"catalogs": {"global": _LOG}}), "go")

        assert (effect.kind, effect.target) == (kind, target)

    def test_a_catalogue_of_ones_own_called_default_is_not_trusted(self) -> None:
        data = a_workflow(approve("ask"), use={"catalogs": {"default": _LOG}})

        assert (one_effect(data, "ask").kind, one_effect(data, "ask").target) == (
            "unknown",
            "approve:1.0.0@default of https://catalogue.example",
        )

    def test_a_long_target_keeps_its_beginning_and_its_end(self) -> None:
        target = one_effect(a_workflow(get("load", f"https://a.example/{'x' * 1000}/orders")), "load").target

        assert len(target) == 400
        assert target.startswith("GET https://a.example/x")
        assert target.endswith("x/orders")


_LOGIN = {"bearer": {"use": "key"}}
_LOCKED = {"uri": "https://a.example", "authentication": _LOGIN}
SECRETS = {
    "a scheme by name": _call("http", method="get", endpoint={"uri": "https://a.example", "authentication": {"use": "login"}}),
    "of a grpc service": _call("grpc", service={"authentication": _LOGIN}),
    "of an openapi call": _call("openapi", document=_API, authentication={"digest": {"use": "key"}}),
    "of a document": _call("openapi", document={"endpoint": _LOCKED}),
    "of an asyncapi call by name": _call("asyncapi", document=_API, authentication={"use": "login"}),
    "of an agent's card": _call("a2a", method="tasks/get", agentCard={"endpoint": _LOCKED | {"authentication": {"oidc": {"use": "key"}}}}),
    "of an mcp server": _call("mcp", method="tools/list", transport={"http": {"endpoint": _LOCKED}}),
    "in an environment": {"run": {"container": {"image": "x", "environment": {"KEY": "${ $secrets.key }"}}}},
    "of a script's source": {"run": {"script": {"language": "js", "source": {"endpoint": _LOCKED}}}},
    "of a declared catalogue": _call("log:1.0.0@global"),
    "in a condition": post("go", **{"if": "$secrets.key == .key"})["go"],
    "taken as a whole": _call("http", method="get", endpoint="https://a.example", headers="${ $secrets | {key} }"),
    "an oauth2 client": _call("http", method="get", endpoint=_LOCKED | {"authentication": {
        "oauth2": {"authority": "https://a.example", "client": {"id": "x", "secret": "${ $secrets.key }"}}}}),
}  # fmt: skip


class TestSecretsOfAllKinds:
    @pytest.mark.parametrize("task", SECRETS.values(), ids=SECRETS.keys())
    def test_a_secret_is_found_wherever_a_task_takes_it(self, task: dict[str, Any]) -> None:
        use = {"secrets": ["key"], "authentications": {"login": {"basic": {"use": "key"}}},
               "catalogs": {"global": {"endpoint": _LOCKED}}}  # fmt: skip

        assert one_effect(a_workflow({"go": task}, use=use), "go").secrets == ("key",)

    def test_what_a_function_is_given_is_no_authentication(self) -> None:
        data = a_workflow({"go": _call("ghost:1.0.0@default", authentication={"bearer": {"use": "key"}})})

        assert one_effect(data, "go").secrets == ()


class TestSecrets:
    def test_are_found_in_expressions_and_in_authentication(self) -> None:
        data = a_workflow(
            {
                "go": {
                    "call": "http",
                    "with": {
                        "method": "get",
                        "endpoint": {"uri": "https://example.com", "authentication": {"use": "shop"}},
                        "headers": {"A": '${ $secrets.one + $secrets["two-b"] }', "B": "$secrets.text"},
                    },
                }
            },
            use={"secrets": ["one", "two-b", "three"], "authentications": {"shop": {"bearer": {"use": "three"}}}},
        )

        assert one_effect(data, "go").secrets == ("one", "three", "two-b")


class TestTargets:
    @pytest.mark.parametrize(
        ("written", "words"),
        [
            ("https://example.com/{id}", "https://example.com/{id}"),
            ('${ $workflow.input.services.reports + "/report" }', "an address from the input: services.reports + /report"),
            ('${ "https://example.com/" + .id }', "https://example.com/ + id (from the data)"),
            ('${ "\\($context.base)/orders/\\($order.id)" }', "an address from the context and each order: base + /orders/ + order.id"),
            ('${ "https://example.com" }', "https://example.com"),
            ('${ .url // "https://example.com" }', 'an address computed by `.url // "https://example.com"`'),
            ('${ "\\(.a | ascii_downcase)" }', 'an address computed by `"\\(.a | ascii_downcase)"`'),
        ],
    )
    def test_an_address_is_told_by_its_parts_or_shown_as_it_is(self, written: str, words: str) -> None:
        assert one_effect(a_workflow(get("load", written)), "load").target == f"GET {words}"
