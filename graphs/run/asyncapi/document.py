"""An AsyncAPI document read: what a call names in it, with the references inside the document followed.

Sources: asyncapi.com/docs/reference/specification/v2.6.0 and v3.0.0. References to other documents are refused: nobody said they may be
fetched. Traits are applied, what the object itself says counts more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from dsl.source import read
from graphs.run.errors import WorkflowError
from graphs.run.ports import JSON

Way = Literal["publish", "subscribe"]
_DEEPEST: Final = 20  # references to references
_NOTHING: Final[Mapping[str, JSON]] = {}


@dataclass(frozen=True, slots=True)
class Operation:
    """What a call does: on which channel, with which messages, at which of the document's servers."""

    address: str  # of the channel, its parameters filled in
    messages: Sequence[Mapping[str, JSON]]  # any of them; none: anything goes
    bindings: Mapping[str, JSON]  # of the operation, by protocol
    channel_bindings: Mapping[str, JSON]
    servers: Mapping[str, Mapping[str, JSON]]  # by name, in the document's order


class Document:
    """One document; *url* is for messages. Raises WorkflowError (configuration), as everything here does."""

    def __init__(self, text: str, url: str) -> None:
        source = read(text)
        if source.problems:
            raise WorkflowError.of("configuration", f"{url} cannot be read: {source.problems[0]}")
        self.url = url
        self.root: Mapping[str, JSON] = source.data if isinstance(source.data, dict) else {}
        version = str(self.root.get("asyncapi") or "")
        if not version.startswith(("2.", "3.")):
            shown = f"is AsyncAPI '{version}'" if version else "is no AsyncAPI document"
            raise self._wrong(f"{shown}, and version 2 or 3 is needed")
        self.new = version.startswith("3.")

    def operation(self, *, channel: str | None, operation: str | None, way: Way) -> Operation:
        """Return what a call of *channel* (the word of AsyncAPI 2) or *operation* (of 3) means."""
        if self.new:
            return self._of_version_3(channel, operation)
        return self._of_version_2(channel, operation, way)

    def _of_version_2(self, channel: str | None, operation: str | None, way: Way) -> Operation:
        channels = self._objects("channels", self.root.get("channels"))
        if operation is not None:
            found = [name for name, item in channels.items() if self._id_of(item, way) == operation]
            if not found:
                known = [name for name in (self._id_of(item, way) for item in channels.values()) if name]
                raise self._wrong(f"has no operation '{operation}' to {way}; it has {_listed(known)}")
            channel = found[0]
        if channel not in channels:
            raise self._wrong(f"has no channel '{channel}'; it has {_listed(channels)}")
        item = channels[channel]
        if way not in item:
            raise self._wrong(f"has no {way} operation on the channel '{channel}'")
        own = self._with_traits(item[way])
        message = self.follow(own.get("message"))
        several = message.get("oneOf")
        messages = [self._with_traits(one) for one in several] if isinstance(several, list) else [self._with_traits(message)]
        servers = self._objects("servers", self.root.get("servers"))
        named = item.get("servers")
        return Operation(
            self._filled(channel, item),
            [one for one in messages if one],
            self.follow(own.get("bindings")),
            self.follow(item.get("bindings")),
            {name: servers[name] for name in named if name in servers} if isinstance(named, list) and named else servers,
        )

    def _id_of(self, item: Mapping[str, JSON], way: Way) -> str | None:
        found = self.follow(item.get(way)).get("operationId")
        return found if isinstance(found, str) else None

    def _of_version_3(self, channel: str | None, operation: str | None) -> Operation:
        operations = self._objects("operations", self.root.get("operations"))
        if operation is not None and operation not in operations:
            raise self._wrong(f"has no operation '{operation}'; it has {_listed(operations)}")
        own = self._with_traits(operations[operation]) if operation is not None else _NOTHING
        channels = self._objects("channels", self.root.get("channels"))
        if operation is None and channel not in channels:
            raise self._wrong(f"has no channel '{channel}'; it has {_listed(channels)}")
        item = self.follow(own.get("channel")) if operation is not None else channels[str(channel)]
        wanted = own.get("messages")
        messages = wanted if isinstance(wanted, list) else list((item.get("messages") or {}).values())
        servers = self._objects("servers", self.root.get("servers"))
        named = item.get("servers")
        if isinstance(named, list) and named:
            mine = [self.follow(one) for one in named]
            servers = {name: one for name, one in servers.items() if one in mine}
        return Operation(
            self._filled(str(item.get("address") or ""), item),
            [self._with_traits(one) for one in messages],
            self.follow(own.get("bindings")),
            self.follow(item.get("bindings")),
            servers,
        )

    def _filled(self, address: str, item: Mapping[str, JSON]) -> str:
        """Return a channel's address with its parameters' defaults: a call has no place to give them others."""
        for name, given in self._objects("parameters", item.get("parameters")).items():
            default = given.get("default", self.follow(given.get("schema")).get("default"))
            if f"{{{name}}}" in address and default is None:
                raise self._wrong(f"has a channel '{address}' whose parameter '{name}' has no default, and a call cannot give it a value")
            address = address.replace(f"{{{name}}}", str(default))
        return address

    def follow(self, value: JSON) -> Mapping[str, JSON]:
        """Return the object that *value* is, or that it refers to in this document; an empty one for nothing."""
        for _ in range(_DEEPEST):
            if not isinstance(value, dict):
                return _NOTHING
            reference = value.get("$ref")
            if not isinstance(reference, str):
                return value
            if not reference.startswith("#"):
                raise self._wrong(f"refers to '{reference}', and only references inside the document are followed")
            value = self._at(reference)
        raise self._wrong("has references that refer to each other without end")

    def _at(self, reference: str) -> JSON:
        value: JSON = self.root
        for part in reference.removeprefix("#").split("/")[1:]:
            key = part.replace("~1", "/").replace("~0", "~").replace("%20", " ")
            value = value.get(key) if isinstance(value, dict) else None
            if value is None:
                raise self._wrong(f"refers to '{reference}', which is not in it")
        return value

    def _with_traits(self, value: JSON) -> Mapping[str, JSON]:
        own = self.follow(value)
        traits = own.get("traits")
        merged: dict[str, JSON] = {}
        for trait in traits if isinstance(traits, list) else ():
            merged = _merged(merged, self.follow(trait))
        return _merged(merged, own)

    def _objects(self, name: str, value: JSON) -> dict[str, Mapping[str, JSON]]:
        return {str(key): self.follow(one) for key, one in self.follow(value).items()} if value is not None else {}

    def _wrong(self, words: str) -> WorkflowError:
        return WorkflowError.of("configuration", f"{self.url} {words}")


@lru_cache(maxsize=16)
def read_document(text: str, url: str) -> Document:
    """Return the document *text* is; one that was read lately is not read again. Raises WorkflowError (configuration)."""
    return Document(text, url)


def _merged(under: Mapping[str, JSON], over: Mapping[str, JSON]) -> dict[str, JSON]:
    """Merge as RFC 7396 does, *over* counting more."""
    found = dict(under)
    for key, value in over.items():
        before = found.get(key)
        found[key] = _merged(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return found


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names) or "none"
