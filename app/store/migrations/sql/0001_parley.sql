-- The tables of Parley itself. `json` (not `jsonb`) wherever a value came from outside: it keeps \u0000 and number spelling.
CREATE TABLE parley.tenants (
    tenant_id  text PRIMARY KEY,
    title      text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE parley.users (
    tenant_id     text NOT NULL REFERENCES parley.tenants,
    id            text NOT NULL,
    name          text NOT NULL,
    password_hash text NOT NULL,
    role          text NOT NULL CHECK (role IN ('viewer', 'author', 'approver', 'operator', 'admin')),
    disabled      boolean NOT NULL DEFAULT false,
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, name)
);

CREATE TABLE parley.secrets (
    tenant_id  text NOT NULL REFERENCES parley.tenants,
    name       text NOT NULL,
    version    integer NOT NULL,
    nonce      bytea NOT NULL,
    sealed     bytea NOT NULL,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    removed_at timestamptz,
    PRIMARY KEY (tenant_id, name, version)
);

CREATE TABLE parley.proposals (
    tenant_id    text NOT NULL REFERENCES parley.tenants,
    id           text NOT NULL,
    conversation text,
    status       text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'approved', 'rejected', 'superseded')),
    namespace    text NOT NULL,
    name         text NOT NULL,
    version      text NOT NULL,
    digest       text NOT NULL,
    definition   json NOT NULL,
    yaml         text NOT NULL,
    lock         json NOT NULL,
    summary      text NOT NULL DEFAULT '',
    assumptions  json NOT NULL DEFAULT '[]',
    created_by   text NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    decided_by   text,
    decided_at   timestamptz,
    comment      text NOT NULL DEFAULT '',
    version_id   text,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX proposals_by_status ON parley.proposals (tenant_id, status, created_at DESC);
CREATE INDEX proposals_by_name ON parley.proposals (tenant_id, namespace, name);

CREATE TABLE parley.versions (
    tenant_id   text NOT NULL REFERENCES parley.tenants,
    id          text NOT NULL,
    namespace   text NOT NULL,
    name        text NOT NULL,
    version     text NOT NULL,
    digest      text NOT NULL,
    definition  json NOT NULL,
    yaml        text NOT NULL,
    lock        json NOT NULL,
    secrets     text[] NOT NULL DEFAULT '{}',
    proposal_id text,
    approved_by text NOT NULL,
    approved_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, namespace, name, version)
);

CREATE TABLE parley.runs (
    tenant_id        text NOT NULL REFERENCES parley.tenants,
    id               text NOT NULL UNIQUE,
    version_id       text NOT NULL,
    conversation     text,
    status           text NOT NULL DEFAULT 'ready'
                     CHECK (status IN ('ready', 'running', 'waiting', 'completed', 'faulted', 'cancelled')),
    reason           text NOT NULL DEFAULT '',
    input            json,
    options          jsonb NOT NULL DEFAULT '{}', -- what its start allowed it alone: {"http_allow": [CIDR]}
    output           json,
    error            json,
    failed_path      text NOT NULL DEFAULT '', -- of a faulted run: the step a retry starts with
    started_by       text NOT NULL,
    created_at       timestamptz NOT NULL DEFAULT now(),
    ready_at         timestamptz NOT NULL DEFAULT now(),
    started_at       timestamptz,
    ended_at         timestamptz,
    wake_at          timestamptz,
    signals          bigint NOT NULL DEFAULT 0,
    cancel_requested boolean NOT NULL DEFAULT false,
    owner            text,
    epoch            integer NOT NULL DEFAULT 0,
    lease_until      timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, version_id) REFERENCES parley.versions (tenant_id, id)
) WITH (fillfactor = 70);
-- lease_until and ready_at stay out of every index, so that heartbeats are heap-only updates
CREATE INDEX runs_alive ON parley.runs (status) WHERE status IN ('ready', 'running');
CREATE INDEX runs_wake ON parley.runs (wake_at) WHERE status = 'waiting' AND wake_at IS NOT NULL;
CREATE INDEX runs_by_age ON parley.runs (tenant_id, created_at DESC);

CREATE TABLE parley.journal (
    tenant_id   text NOT NULL,
    run_id      text NOT NULL,
    seq         bigint GENERATED ALWAYS AS IDENTITY,
    path        text NOT NULL,
    attempt     integer NOT NULL,
    kind        text NOT NULL,
    reference   text NOT NULL,
    status      text NOT NULL,
    output      json,
    context     json,
    has_context boolean NOT NULL DEFAULT false,
    goto        text,
    error       json,
    started_at  timestamptz,
    ended_at    timestamptz,
    mark        text NOT NULL DEFAULT '',
    sealed      boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, run_id, path, attempt, kind)
);

CREATE TABLE parley.live (
    tenant_id  text NOT NULL,
    run_id     text NOT NULL,
    running    json NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, run_id)
);

CREATE TABLE parley.awaits (
    tenant_id    text NOT NULL,
    run_id       text NOT NULL,
    path         text NOT NULL,
    reference    text NOT NULL,
    kind         text NOT NULL,
    attempt      integer NOT NULL DEFAULT 1,
    wake_at      timestamptz,
    event        jsonb,
    form         json,
    created_at   timestamptz NOT NULL DEFAULT now(),
    withdrawn_at timestamptz,
    delivered_at timestamptz,
    delivered_by text NOT NULL DEFAULT '',
    timed_out    boolean NOT NULL DEFAULT false, -- delivered by its wake_at: a timer, or a deadline nobody met
    payload      json,
    event_source text,
    event_id     text,
    PRIMARY KEY (tenant_id, run_id, path),
    FOREIGN KEY (tenant_id, run_id) REFERENCES parley.runs (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX awaits_events ON parley.awaits (tenant_id) WHERE kind = 'event' AND delivered_at IS NULL AND withdrawn_at IS NULL;
CREATE INDEX awaits_people ON parley.awaits (tenant_id, created_at)
    WHERE kind IN ('approve', 'ask', 'outcome-unknown') AND delivered_at IS NULL AND withdrawn_at IS NULL;

CREATE TABLE parley.events (
    tenant_id   text NOT NULL REFERENCES parley.tenants,
    source      text NOT NULL,
    id          text NOT NULL,
    type        text NOT NULL,
    attributes  jsonb NOT NULL, -- the event without its data: what subscriptions compare
    event       json NOT NULL,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    seq         bigint GENERATED ALWAYS AS IDENTITY,
    PRIMARY KEY (tenant_id, source, id)
);
CREATE INDEX events_by_type ON parley.events (tenant_id, type, seq);

CREATE TABLE parley.notices (
    tenant_id    text NOT NULL REFERENCES parley.tenants,
    id           text NOT NULL,
    run_id       text NOT NULL,
    path         text NOT NULL,
    conversation text,
    channel      text NOT NULL,
    recipient    text NOT NULL DEFAULT '',
    title        text NOT NULL DEFAULT '',
    body         text NOT NULL DEFAULT '',
    created_at   timestamptz NOT NULL DEFAULT now(),
    shown_at     timestamptz,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, run_id, path)
);
CREATE INDEX notices_by_conversation ON parley.notices (tenant_id, conversation, created_at);

CREATE TABLE parley.cards (
    tenant_id    text NOT NULL REFERENCES parley.tenants,
    conversation text NOT NULL,
    kind         text NOT NULL,
    subject_id   text NOT NULL,
    element_id   text NOT NULL,
    message_id   text NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, element_id)
);
CREATE INDEX cards_by_subject ON parley.cards (tenant_id, kind, subject_id);

CREATE TABLE parley.audit (
    tenant_id text NOT NULL REFERENCES parley.tenants,
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at        timestamptz NOT NULL DEFAULT now(),
    actor     text NOT NULL,
    via       text NOT NULL,
    act       text NOT NULL,
    subject   text NOT NULL,
    details   json NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_by_subject ON parley.audit (tenant_id, subject, id);

-- One row a worker process, so that views can say whether anybody is there to run what is ready. No tenant: no tenant's data.
CREATE TABLE parley.workers (
    owner     text PRIMARY KEY,
    seen_at   timestamptz NOT NULL DEFAULT now(),
    slots     integer NOT NULL DEFAULT 0
);
