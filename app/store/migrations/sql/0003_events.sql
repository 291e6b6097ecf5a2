-- Listenings of runs: what an event must have for one of them to look at it, found by a digest.
CREATE TABLE parley.listens (
    tenant_id text NOT NULL,
    run_id    text NOT NULL,
    path      text NOT NULL,
    places    text NOT NULL, -- which places of an event are compared: [["data", "order"], ["type"]]
    digest    text NOT NULL, -- of what has to be there
    PRIMARY KEY (tenant_id, run_id, path, places, digest),
    FOREIGN KEY (tenant_id, run_id) REFERENCES parley.runs (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX listens_by_digest ON parley.listens (tenant_id, places, digest);

-- What came for a listening and was not looked at yet.
CREATE TABLE parley.arrivals (
    tenant_id text NOT NULL,
    run_id    text NOT NULL,
    path      text NOT NULL,
    number    bigint NOT NULL, -- events.seq; below zero given_events.number - 2^40
    PRIMARY KEY (tenant_id, run_id, path, number),
    FOREIGN KEY (tenant_id, run_id) REFERENCES parley.runs (tenant_id, id) ON DELETE CASCADE
);

-- Who may send events from outside. The token itself is known to its holder alone.
CREATE TABLE parley.event_tokens (
    tenant_id  text NOT NULL REFERENCES parley.tenants,
    id         text NOT NULL,
    name       text NOT NULL,
    source     text NOT NULL DEFAULT '', -- every event's source has to begin so
    digest     text NOT NULL, -- SHA-256, hexadecimal
    created_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    used_at    timestamptz,
    revoked_at timestamptz,
    PRIMARY KEY (tenant_id, id)
);

-- How far the lifecycle events of runs have been sent to where the operator wants them: one row a run.
CREATE TABLE parley.outbox (
    tenant_id  text NOT NULL,
    run_id     text NOT NULL,
    seq        bigint NOT NULL DEFAULT 0, -- journal.seq up to which the receiver has confirmed everything
    phase      text NOT NULL DEFAULT '', -- of the run, as the receiver knows it: '', 'running', 'suspended', 'completed@MOMENT' …
    waits      text[] NOT NULL DEFAULT '{}', -- paths of open waits the receiver knows of
    tries      integer NOT NULL DEFAULT 0, -- in vain, in a row
    next_at    timestamptz, -- when to look again; empty: when the run moves
    PRIMARY KEY (tenant_id, run_id),
    FOREIGN KEY (tenant_id, run_id) REFERENCES parley.runs (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX outbox_due ON parley.outbox (next_at) WHERE next_at IS NOT NULL;

CREATE UNIQUE INDEX events_by_seq ON parley.events (tenant_id, seq);
CREATE INDEX events_by_time ON parley.events (tenant_id, received_at);
DROP INDEX parley.awaits_events;

-- Runs whose lifecycle events are due, of all tenants; each is left alone by others for a while.
CREATE FUNCTION parley.claim_outbox(p_limit integer, p_lease_s double precision)
    RETURNS TABLE (tenant_id text, run_id text, until timestamptz)
    LANGUAGE sql SECURITY DEFINER SET search_path = parley, pg_temp AS $$
    UPDATE outbox o SET next_at = clock_timestamp() + make_interval(secs => p_lease_s)
      FROM (SELECT d.tenant_id, d.run_id FROM outbox d WHERE d.next_at <= clock_timestamp()
             ORDER BY d.next_at LIMIT p_limit FOR UPDATE SKIP LOCKED) due
     WHERE o.tenant_id = due.tenant_id AND o.run_id = due.run_id
    RETURNING o.tenant_id, o.run_id, o.next_at
$$;

-- Remember that runs moved.
CREATE FUNCTION parley.note_outbox(p_runs text[]) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = parley, pg_temp AS $$
    INSERT INTO outbox (tenant_id, run_id, next_at)
    SELECT r.tenant_id, r.id, clock_timestamp() FROM runs r WHERE r.id = ANY(p_runs) ORDER BY r.tenant_id, r.id
    ON CONFLICT (tenant_id, run_id) DO UPDATE SET next_at = clock_timestamp(), tries = 0
$$;

-- Find what a worker that was killed had no time to note: runs of the last p_since_s seconds that are unknown, or have ended unnoticed.
CREATE FUNCTION parley.sweep_outbox(p_since_s double precision) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = parley, pg_temp AS $$
    WITH missed AS (
        SELECT r.tenant_id, r.id FROM runs r LEFT JOIN outbox o ON o.tenant_id = r.tenant_id AND o.run_id = r.id
         WHERE (o.run_id IS NULL AND r.started_at IS NOT NULL AND r.created_at > clock_timestamp() - make_interval(secs => p_since_s))
            OR (o.next_at IS NULL AND r.status IN ('completed', 'faulted', 'cancelled') AND position('@' IN o.phase) = 0)
            OR (o.next_at IS NULL AND (r.status = 'suspended') <> (o.phase = 'suspended') AND position('@' IN o.phase) = 0)
    ), noted AS (
        INSERT INTO outbox (tenant_id, run_id, next_at) SELECT m.tenant_id, m.id, clock_timestamp() FROM missed m
        ON CONFLICT (tenant_id, run_id) DO UPDATE SET next_at = clock_timestamp() RETURNING 1
    )
    SELECT count(*) FROM noted
$$;

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['listens', 'arrivals', 'event_tokens', 'outbox'] LOOP
        EXECUTE format('ALTER TABLE parley.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE parley.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY own_tenant ON parley.%I USING (tenant_id = current_setting(''app.tenant'', true))'
            ' WITH CHECK (tenant_id = current_setting(''app.tenant'', true))', name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON parley.%I TO parley_app', name);
    END LOOP;
END $$;

GRANT SELECT, INSERT, UPDATE ON parley.outbox TO parley_worker;
CREATE POLICY all_tenants ON parley.outbox TO parley_worker USING (true) WITH CHECK (true);
GRANT CREATE ON SCHEMA parley TO parley_worker;
ALTER FUNCTION parley.claim_outbox(integer, double precision) OWNER TO parley_worker;
ALTER FUNCTION parley.note_outbox(text[]) OWNER TO parley_worker;
ALTER FUNCTION parley.sweep_outbox(double precision) OWNER TO parley_worker;
REVOKE CREATE ON SCHEMA parley FROM parley_worker;
REVOKE EXECUTE ON FUNCTION parley.claim_outbox(integer, double precision), parley.note_outbox(text[]), parley.sweep_outbox(double precision)
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION parley.claim_outbox(integer, double precision), parley.note_outbox(text[]), parley.sweep_outbox(double precision)
    TO parley_app;
