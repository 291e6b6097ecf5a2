"""The tables of schema `parley` as SQLAlchemy sees them. The migrations make them; a test compares the columns."""

from __future__ import annotations

from sqlalchemy import ARRAY, JSON, BigInteger, Boolean, Column, DateTime, Float, Integer, LargeBinary, MetaData, SmallInteger, Table, Text
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlalchemy.types import NullType

metadata = MetaData(schema="parley")
Moment = DateTime(timezone=True)


def text(name: str, *, key: bool = False) -> Column[str]:
    return Column(name, Text, primary_key=key)


def moment(name: str) -> Column[object]:
    return Column(name, Moment)


tenants = Table("tenants", metadata, text("tenant_id", key=True), text("title"), moment("created_at"))

users = Table(
    "users", metadata,
    text("tenant_id", key=True), text("id", key=True), text("name"), text("password_hash"), text("role"), Column("disabled", Boolean),
    moment("created_at"),
)  # fmt: skip

secrets = Table(
    "secrets", metadata,
    text("tenant_id", key=True), text("name", key=True), Column("version", Integer, primary_key=True), Column("nonce", LargeBinary),
    Column("sealed", LargeBinary), text("created_by"), moment("created_at"), moment("removed_at"),
)  # fmt: skip

proposals = Table(
    "proposals", metadata,
    text("tenant_id", key=True), text("id", key=True), text("conversation"), text("status"), text("namespace"), text("name"),
    text("version"),
    text("digest"), Column("definition", JSON), text("yaml"), Column("lock", JSON), text("summary"), Column("assumptions", JSON),
    text("created_by"), moment("created_at"), text("decided_by"), moment("decided_at"), text("comment"), text("version_id"),
)  # fmt: skip

versions = Table(
    "versions", metadata,
    text("tenant_id", key=True), text("id", key=True), text("namespace"), text("name"), text("version"), text("digest"),
    Column("definition", JSON), text("yaml"), Column("lock", JSON), Column("secrets", ARRAY(Text)), text("proposal_id"),
    text("approved_by"),
    moment("approved_at"),
)  # fmt: skip

runs = Table(
    "runs", metadata,
    text("tenant_id", key=True), text("id", key=True), text("version_id"), text("conversation"), text("status"), text("reason"),
    Column("input", JSON), Column("options", JSONB), Column("output", JSON), Column("error", JSON), text("failed_path"),
    text("started_by"), moment("created_at"),
    moment("ready_at"),
    moment("started_at"), moment("ended_at"), moment("wake_at"), Column("signals", BigInteger), Column("cancel_requested", Boolean),
    text("owner"), Column("epoch", Integer), moment("lease_until"),
    Column("suspend_requested", Boolean), Column("priority", Integer), text("lane"), Column("lane_limit", Integer), Column("held", Boolean),
    Column("failures", Integer), text("start_key"), Column("deaths", Integer), Column("progress", BigInteger),
    text("trigger_id"), Column("large", ARRAY(Text)),
)  # fmt: skip

journal = Table(
    "journal", metadata,
    text("tenant_id", key=True), text("run_id", key=True), Column("seq", BigInteger), text("path", key=True),
    Column("attempt", Integer, primary_key=True), text("kind", key=True), text("reference"), text("status"), Column("output", JSON),
    Column("context", JSON), Column("has_context", Boolean), text("goto"), Column("error", JSON), moment("started_at"), moment("ended_at"),
    text("mark"), Column("sealed", Boolean), Column("large", ARRAY(Text)),
)  # fmt: skip

blobs = Table(
    "blobs", metadata,
    text("tenant_id", key=True), text("run_id", key=True), text("digest", key=True), Column("bytes", Integer), Column("sealed", Boolean),
    text("value"),
)  # fmt: skip

documents = Table(
    "documents", metadata,
    text("tenant_id", key=True), text("version_id", key=True), text("address", key=True), text("digest"), moment("used_at"),
)  # fmt: skip

model_replies = Table(
    "model_replies", metadata,
    text("tenant_id", key=True), text("thread_id", key=True), text("digest", key=True), Column("reply", JSONB), Column("about", JSONB),
    moment("kept_at"),
)  # fmt: skip

model_spending = Table(
    "model_spending", metadata,
    text("tenant_id", key=True), text("thread_id", key=True), Column("hour", DateTime(timezone=True), primary_key=True),
    Column("calls", BigInteger), Column("input_tokens", BigInteger), Column("output_tokens", BigInteger), Column("money", Float),
    Column("unpriced", BigInteger),
)  # fmt: skip

removals = Table("removals", metadata, text("tenant_id", key=True), text("run_id", key=True))

live = Table("live", metadata, text("tenant_id", key=True), text("run_id", key=True), Column("running", JSON), moment("updated_at"))

awaits = Table(
    "awaits", metadata,
    text("tenant_id", key=True), text("run_id", key=True), text("path", key=True), text("reference"), text("kind"), Column("attempt",
    Integer),
    moment("wake_at"), Column("event", JSONB), Column("form", JSON), moment("created_at"), moment("withdrawn_at"), moment("delivered_at"),
    text("delivered_by"), Column("timed_out", Boolean), Column("payload", JSON), text("event_source"), text("event_id"),
)  # fmt: skip

events = Table(
    "events", metadata,
    text("tenant_id", key=True), text("source", key=True), text("id", key=True), text("type"), Column("attributes", JSONB),
    Column("event", JSON), moment("received_at"),
    Column("seq", BigInteger),
)  # fmt: skip

given_events = Table(
    "given_events", metadata,
    text("tenant_id", key=True), text("run_id", key=True), Column("number", Integer, primary_key=True), Column("attributes", JSONB),
    Column("event", JSON), text("path"),
)  # fmt: skip

listens = Table(
    "listens", metadata,
    text("tenant_id", key=True), text("run_id", key=True), text("path", key=True), text("places", key=True), text("digest", key=True),
)  # fmt: skip

arrivals = Table(
    "arrivals", metadata,
    text("tenant_id", key=True), text("run_id", key=True), text("path", key=True), Column("number", BigInteger, primary_key=True),
)  # fmt: skip

event_tokens = Table(
    "event_tokens", metadata,
    text("tenant_id", key=True), text("id", key=True), text("name"), text("source"), text("digest"), text("created_by"),
    moment("created_at"), moment("used_at"), moment("revoked_at"),
)  # fmt: skip

outbox = Table(
    "outbox", metadata,
    text("tenant_id", key=True), text("run_id", key=True), Column("seq", BigInteger), text("phase"), Column("waits", ARRAY(Text)),
    Column("tries", Integer), moment("next_at"),
)  # fmt: skip

notices = Table(
    "notices", metadata,
    text("tenant_id", key=True), text("id", key=True), text("run_id"), text("path"), text("conversation"), text("channel"),
    text("recipient"),
    text("title"), text("body"), moment("created_at"), moment("shown_at"),
)  # fmt: skip

cards = Table(
    "cards", metadata,
    text("tenant_id", key=True), text("conversation"), text("kind"), text("subject_id"), text("element_id", key=True), text("message_id"),
    moment("created_at"),
)  # fmt: skip

audit = Table(
    "audit", metadata,
    text("tenant_id"), Column("id", BigInteger, primary_key=True), moment("at"), text("actor"), text("via"), text("act"), text("subject"),
    Column("details", JSON),
)  # fmt: skip

workers = Table("workers", metadata, text("owner", key=True), moment("seen_at"), Column("slots", Integer))

triggers = Table(
    "triggers", metadata,
    text("tenant_id", key=True), text("id", key=True), text("namespace"), text("name"), text("kind"), text("version_id"), text("status"),
    Column("spec", JSON), Column("watches", Boolean), moment("anchor"), moment("next_due"), moment("decided_at"), text("current_run"),
    text("error"), text("activated_by"), moment("activated_at"), text("paused_by"), moment("paused_at"),
)  # fmt: skip

trigger_starts = Table(
    "trigger_starts", metadata,
    text("tenant_id", key=True), text("trigger_id", key=True), text("key", key=True), Column("number", BigInteger), moment("due_at"),
    text("outcome"), text("reason"), text("run_id"), text("version_id"), Column("input", JSON(none_as_null=True)),
    moment("at"),
)  # fmt: skip

trigger_types = Table("trigger_types", metadata, text("tenant_id", key=True), text("type", key=True), text("trigger_id", key=True))

trigger_events = Table(
    "trigger_events", metadata,
    text("tenant_id", key=True), text("trigger_id", key=True), Column("number", BigInteger, primary_key=True), text("source"),
    text("event_id"), text("gathering"), Column("taken", JSON(none_as_null=True)), Column("event", JSON(none_as_null=True)),
)  # fmt: skip

trigger_endings = Table(
    "trigger_endings", metadata,
    text("tenant_id", key=True), text("trigger_id", key=True), Column("number", BigInteger, primary_key=True), text("run_id"),
    moment("ended_at"),
)  # fmt: skip

memories = Table(
    "memories", metadata,
    text("tenant_id", key=True), text("id", key=True), text("owner_id"), text("kind"), text("subject"), text("text"),
    Column("data", JSON(none_as_null=True)), Column("provenance", JSON), Column("confidence", Float), moment("expires_at"),
    text("superseded_by"), moment("superseded_at"), moment("created_at"), moment("updated_at"), moment("used_at"), Column("uses", Integer),
)  # fmt: skip

memory_search = Table(  # words and vectors are the business of the statements in `memory`
    "memory_search", metadata,
    text("tenant_id", key=True), text("memory_id", key=True), text("owner_id"), text("kind"), moment("expires_at"),
    Column("words", TSVECTOR), text("model"), Column("dim", SmallInteger), Column("embedding", NullType),
)  # fmt: skip

memory_common = Table(
    "memory_common", metadata,
    text("tenant_id", key=True), text("word", key=True), Column("share", Float), Column("counted", BigInteger), moment("at"),
)  # fmt: skip
