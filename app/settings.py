"""What the environment decides, read once. Everything below `app` receives values, never the environment.

Settings come from `PARLEY_*` variables and a `.env` file; a few names everybody knows (`PORT`, `OPENAI_*`, `OLLAMA_HOST`, `SMTP_URL`) are
read as they are. `docs/settings.md` describes every field; a test holds the two together.
"""

from __future__ import annotations

import json
import os
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.json_text import json_or_file

RunKind = Literal["script", "shell", "container"]
Words = Annotated[tuple[str, ...], NoDecode]


class McpCommand(BaseModel):
    """An MCP server that may be started as a child: exactly this command with these arguments."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    command: str = Field(min_length=1)
    arguments: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()  # names of variables that definitions may set for it


def known_as(*names: str) -> AliasChoices:
    """Return the names a setting may have in the environment, the first one preferred."""
    return AliasChoices(*names)


class Settings(BaseSettings):
    """Every setting of Parley. Built once in `app.container` or the command line."""

    model_config = SettingsConfigDict(
        env_prefix="PARLEY_", env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True, populate_by_name=True
    )

    # where things live
    home: Path = Field(default=Path(".parley"), description="Folder of the embedded database, generated secrets, files and logs.")
    database_url: SecretStr | None = Field(
        default=None, description="A PostgreSQL ≥ 15 instead of the embedded one. Its user owns the schema."
    )
    tenant: str = Field(
        default="default", pattern=r"^[a-z0-9][a-z0-9-]{0,62}$", description="Tenant of people who log in here and of the command line."
    )

    # the web process
    host: str = Field(default="127.0.0.1", description="Address the web process listens on.")
    port: int = Field(
        default=8000, ge=0, le=65535, validation_alias=known_as("PARLEY_PORT", "PORT"), description="Port of the web process."
    )
    public_url: str | None = Field(
        default=None, description="Address people type, when a proxy stands in front; used in links and for the Origin check."
    )
    auth_secret: SecretStr | None = Field(
        default=None, description="Signs sessions. Generated into PARLEY_HOME when unset; must be equal on every web machine."
    )
    encryption_key: SecretStr | None = Field(
        default=None,
        description="Seals stored secrets: 32 bytes, URL-safe base64. Generated like the other; equal on every machine.",
    )

    # models
    model: str = Field(
        default="", description="Comma list, tried in order: openai:NAME, ollama:NAME, offline. Unset: Ollama if it answers, else offline."
    )
    model_classifier: str = Field(default="", description="The same for sorting messages and texts; unset: PARLEY_MODEL.")
    model_planner: str = Field(default="", description="The same for plans, definitions and their repair; unset: PARLEY_MODEL.")
    model_summarizer: str = Field(default="", description="The same for summaries; unset: PARLEY_MODEL.")
    model_agent: str = Field(default="", description="The same for agents and `extract` in workflows; unset: PARLEY_MODEL.")
    small_models: Words = Field(
        default=("ollama:*",), description="Patterns of models that are asked in small steps, as in openai:*-mini; empty: none."
    )
    model_retries: int = Field(default=2, ge=0, le=10, description="Times a call is made again that a busy or broken server refused.")
    prices: Annotated[dict[str, tuple[float, float]], NoDecode] = Field(
        default={},
        description="What models cost, before the prices that come along (docs/models.md): "
        "a JSON object of pattern and [input, output], money per million tokens, or a file that holds it.",
    )
    turn_tokens: int = Field(default=0, ge=0, description="Tokens of models one turn of a conversation may use; 0: no limit.")
    turn_money: float = Field(default=0, ge=0, description="What it may spend, in the currency of your prices; 0: no limit.")
    conversation_tokens: int = Field(default=0, ge=0, description="Tokens one conversation may use; 0: no limit.")
    conversation_money: float = Field(default=0, ge=0, description="What it may spend; 0: no limit.")
    tenant_tokens: int = Field(default=0, ge=0, description="Tokens all conversations of a tenant may use in 24 hours; 0: no limit.")
    tenant_money: float = Field(default=0, ge=0, description="What they may spend in 24 hours; 0: no limit.")
    model_timeout_s: float = Field(default=60.0, gt=0, description="Seconds for one model call.")
    openai_base_url: str | None = Field(
        default=None,
        validation_alias=known_as("PARLEY_OPENAI_BASE_URL", "OPENAI_BASE_URL"),
        description="Address of an OpenAI-compatible endpoint.",
    )
    openai_api_key: SecretStr | None = Field(
        default=None, validation_alias=known_as("PARLEY_OPENAI_API_KEY", "OPENAI_API_KEY"), description="Key for that endpoint."
    )
    embedding_model: str = Field(
        default="",
        pattern=r"^((ollama|openai):.+)?$",
        description="What compares memories by meaning: ollama:NAME, openai:NAME. Unset: a built-in comparison of spelling, no network.",
    )
    embedding_timeout_s: float = Field(
        default=5.0, gt=0, description="Seconds one call of it may take; what takes longer is looked for by its words alone."
    )
    ollama_host: str = Field(
        default="http://127.0.0.1:11434",
        validation_alias=known_as("PARLEY_OLLAMA_HOST", "OLLAMA_HOST"),
        description="Where Ollama answers.",
    )
    ollama_context: int = Field(
        default=32_768, ge=8_192, description="The longest context Ollama is asked for, in tokens; what needs more is not sent."
    )

    # who is told of turns and model calls
    otlp_endpoint: str | None = Field(
        default=None,
        validation_alias=known_as("PARLEY_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"),
        description="OpenTelemetry collector, by HTTP, that turns are sent to (the extra `otel`).",
    )
    langfuse_host: str = Field(
        default="https://cloud.langfuse.com",
        validation_alias=known_as("PARLEY_LANGFUSE_HOST", "LANGFUSE_HOST"),
        description="Langfuse that turns and decisions are sent to, once its two keys are set.",
    )
    langfuse_public_key: str = Field(
        default="", validation_alias=known_as("PARLEY_LANGFUSE_PUBLIC_KEY", "LANGFUSE_PUBLIC_KEY"), description="Its public key."
    )
    langfuse_secret_key: SecretStr | None = Field(
        default=None, validation_alias=known_as("PARLEY_LANGFUSE_SECRET_KEY", "LANGFUSE_SECRET_KEY"), description="Its secret key."
    )
    trace_content: bool = Field(default=False, description="Whether prompts and answers are sent there too; else figures only.")

    # what workflows may reach
    http_allow: Words = Field(default=(), description="CIDR list of private, loopback or link-local addresses that workflows may call.")
    http_per_host: int = Field(
        default=50, ge=1, le=500, description="Requests of workflows to one host at the same time, in one process; more wait in turn."
    )
    http_breaker_failures: int = Field(
        default=10, ge=0, description="Failures of a host in a row after which nothing is sent to it for a while; 0: never."
    )
    http_breaker_pause_s: float = Field(default=30.0, gt=0, description="Seconds nothing is sent to a host that keeps failing.")
    http_body_limit_mb: int = Field(default=10, ge=1, le=1000, description="Megabytes an answer may have, unpacked.")
    run_allow: Annotated[tuple[RunKind, ...], NoDecode] = Field(
        default=(), description="Which of script, shell, container `run` tasks may use (docs/programs.md)."
    )
    run_timeout_s: float = Field(
        default=300.0, gt=0, description="Seconds a script, command or container may take when its task sets none."
    )
    run_memory_mb: int = Field(default=512, ge=32, description="Megabytes each process of a script or command may use, or a container.")
    run_disk_mb: int = Field(default=64, ge=1, description="Megabytes a script or command may write to its working directory.")
    run_output_kb: int = Field(default=1000, ge=1, description="Kilobytes a program may write to stdout and to stderr, each.")
    run_processes: int = Field(default=64, ge=1, description="Processes and threads a program may have at once.")
    run_concurrency: int = Field(default=8, ge=1, description="Programs one process of Parley runs at once; further ones wait their turn.")
    run_network: bool = Field(default=False, description="Whether programs have a network: then PARLEY_HTTP_ALLOW does not bind them.")
    run_isolation: Literal["preferred", "required"] = Field(
        default="preferred", description="`required`: scripts and commands fail where the system does not allow namespaces."
    )
    container_engine: str = Field(default="docker", description="The container engine's command, or its path: docker, podman.")
    container_volumes: Words = Field(default=(), description="Folders of this machine that containers may be given, with all below them.")
    mcp_stdio: Annotated[tuple[McpCommand, ...], NoDecode] = Field(
        default=(),
        description="MCP servers that `call: mcp` may start as children: "
        'a JSON list of {"command", "arguments", "environment": [names a definition may set]}, or a file that holds it.',
    )
    smtp_url: SecretStr | None = Field(
        default=None,
        validation_alias=known_as("PARLEY_SMTP_URL", "SMTP_URL"),
        description="smtp://user:password@host:port for e-mail notices.",
    )
    connections: Path | None = Field(
        default=None, description="File, YAML or JSON, of named connections that functions may use (docs/functions.md, Connections)."
    )
    smtp_from: str = Field(default="parley@localhost", description="Sender of e-mail notices.")

    # lifecycle events
    events_sink: str | None = Field(
        default=None, description="Address that is sent the lifecycle events of all runs, as CloudEvents (docs/events.md)."
    )
    events_sink_token: SecretStr | None = Field(default=None, description="Bearer token for that address.")
    events_sink_batch: int = Field(
        default=1, ge=1, le=500, description="Events in one request to it; above 1 they go as application/cloudevents-batch+json."
    )

    # the worker
    worker_concurrency: int = Field(default=50, ge=1, le=1000, description="Runs one worker advances at the same time.")
    tenant_concurrency: int = Field(
        default=0, ge=0, description="Runs of one tenant that all workers together advance at the same time; 0: no limit."
    )
    queue: Literal["procrastinate", "batches"] = Field(
        default="procrastinate",
        description="What carries wake-ups; `batches` for more than about 200 runs a second. The same for all processes.",
    )
    ready_limit: int = Field(
        default=100_000,
        ge=1,
        description="Runs of one tenant that may be ready and not begun; further starts are refused until it is less.",
    )
    mistakes: int = Field(
        default=3, ge=1, le=100, description="Times in a row a run may fail on a mistake of Parley's own before it is put aside as stuck."
    )
    deaths: int = Field(
        default=5,
        ge=1,
        le=100,
        description="Times in a row a worker may die over a run that gets no further meanwhile, before the run is put aside as stuck.",
    )
    lease_s: float = Field(default=6.0, ge=0.5, le=10, description="Seconds until the run of a silent worker is taken over.")
    heartbeat_s: float = Field(
        default=2.0, ge=0.1, le=3, description="Seconds between renewals of a worker's leases; less than half of lease_s."
    )
    sweep_s: float = Field(default=1.0, ge=0.1, le=10, description="Seconds between looks for due timers and silent workers.")
    stop_grace_s: float = Field(default=10.0, ge=0, description="Seconds a stopping worker gives its steps to end.")
    store_patience_s: float = Field(
        default=300.0, gt=0, description="Seconds a run waits for a database that is away before another worker may take it."
    )

    # the most one run may use; its definition may ask for less (`metadata.parley.budget`)
    budget_tasks: int = Field(default=1_000_000, ge=1, description="Tasks one run may do, those of child workflows included.")
    budget_wall_time_s: float = Field(default=0, ge=0, description="Seconds one run may take from its start on; 0: no limit.")
    budget_tokens: int = Field(default=0, ge=0, description="Tokens of models one run may use; 0: no limit.")
    budget_money: float = Field(default=0, ge=0, description="What one run may spend, in the currency of your prices; 0: no limit.")

    # what is kept
    retention_days: float = Field(
        default=90,
        ge=0,
        le=36_500,
        description="Days finished runs are kept, with all that belongs to them, and events; 0: for ever (docs/keeping.md).",
    )

    # behaviour
    timezone: str = Field(default="UTC", description="Time zone of schedules whose definition names none, as in Europe/Berlin.")
    expression_children: int = Field(default=2, ge=1, le=32, description="Child processes that evaluate jq expressions.")
    expression_timeout_s: float = Field(default=2.0, gt=0, le=60, description="Seconds one jq expression may take.")
    expression_memory_mb: int = Field(default=512, ge=64, description="Megabytes one jq child may use.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="What goes to stderr.")
    log_json: bool = Field(default=False, description="Log lines as JSON objects.")

    @field_validator("http_allow", "run_allow", "container_volumes", "small_models", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        """Read `a, b` as a list; an empty text is an empty list."""
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("mcp_stdio", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        """Read a JSON list, or the file that holds it; an empty text is an empty list."""
        return json_or_file(value, "[", "list of MCP servers")

    @field_validator("prices", mode="before")
    @classmethod
    def _priced(cls, value: object) -> object:
        """Read a JSON object, or the file that holds it; an empty text is an empty object."""
        return json_or_file(value, "{", "object of prices")

    @field_validator("http_allow")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for part in value:
            ip_network(part, strict=False)
        return value

    @field_validator(
        "database_url",
        "connections",
        "public_url",
        "openai_base_url",
        "openai_api_key",
        "otlp_endpoint",
        "langfuse_secret_key",
        "smtp_url",
        "auth_secret",
        "encryption_key",
        mode="before",
    )
    @classmethod
    def _empty_is_unset(cls, value: object) -> object:
        return None if isinstance(value, str) and not value.strip() else value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as exc:
            raise ValueError(f"there is no time zone {value!r}; write a name as in Europe/Berlin") from exc
        return value

    @property
    def home_path(self) -> Path:
        """The absolute form of `home`."""
        return self.home.expanduser().absolute()

    @property
    def http_allow_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        return tuple(ip_network(part, strict=False) for part in self.http_allow)


@dataclass(frozen=True, slots=True)
class Keys:
    """The two secrets of an installation."""

    auth_secret: str
    encryption_key: bytes  # 32 bytes, for AES-256-GCM


class UnusableKey(ValueError):
    """A key that was given, or the file that holds it, cannot be used."""


def open_home(settings: Settings) -> Path:
    """
    Make `PARLEY_HOME` when it is missing and return it, absolute.

    The folder is the owner's alone (0700). Started as root it can also be passed through (0711): the embedded server, which refuses to
    run as root, has its folder inside.
    """
    home = settings.home_path
    if not home.exists():
        home.mkdir(parents=True)
        home.chmod(0o711 if os.geteuid() == 0 else 0o700)
    return home


def load_keys(settings: Settings) -> Keys:
    """
    Return the installation's keys, generating what neither the environment nor `PARLEY_HOME/secrets.json` (mode 0600) has.

    Raises:
        UnusableKey: the encryption key is not 32 bytes of URL-safe base64, or the file is no JSON object.
    """
    given = {
        "auth_secret": settings.auth_secret.get_secret_value() if settings.auth_secret else None,
        "encryption_key": settings.encryption_key.get_secret_value() if settings.encryption_key else None,
    }
    if not all(given.values()):
        kept = _kept_keys(open_home(settings) / "secrets.json")
        given = {name: value or kept[name] for name, value in given.items()}
    return Keys(str(given["auth_secret"]), _key_bytes(str(given["encryption_key"])))


def _kept_keys(path: Path) -> dict[str, str]:
    try:
        kept = json.loads(path.read_text("utf-8")) if path.exists() else {}
    except ValueError as exc:
        raise UnusableKey(f"{path} is not a JSON object: restore it from a backup, or remove it (stored secrets are lost then)") from exc
    fresh = {"auth_secret": secrets.token_urlsafe(48), "encryption_key": urlsafe_b64encode(secrets.token_bytes(32)).decode()}
    if fresh.keys() <= kept.keys():
        return {name: str(kept[name]) for name in fresh}
    if not _write_new(path, {**fresh, **kept}):
        return _kept_keys(path)  # another process was faster: its keys count
    return {**fresh, **kept}


def _write_new(path: Path, content: dict[str, str]) -> bool:
    """Put *content* at *path* in one step, mode 0600; False when somebody made the file meanwhile."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
    try:
        if path.exists():
            draft.replace(path)
            return True
        os.link(draft, path)
    except FileExistsError:
        return False
    finally:
        draft.unlink(missing_ok=True)
    return True


def _key_bytes(text: str) -> bytes:
    try:
        key = urlsafe_b64decode(text.encode())
    except ValueError as exc:
        raise UnusableKey("PARLEY_ENCRYPTION_KEY is not URL-safe base64") from exc
    if len(key) != 32:
        raise UnusableKey(f"PARLEY_ENCRYPTION_KEY holds {len(key)} bytes, 32 are needed")
    return key
