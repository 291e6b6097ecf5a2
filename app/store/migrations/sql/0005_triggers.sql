-- Schedules that were activated: what each starts, when next, what it has started, and what has to be looked at.
CREATE TABLE parley.triggers (
    tenant_id    text NOT NULL REFERENCES parley.tenants,
    id           text NOT NULL,
    namespace    text NOT NULL,
    name         text NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('every', 'cron', 'after', 'on')),
    version_id   text NOT NULL, -- what it starts; a new version takes over
    status       text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'paused')),
    spec         json NOT NULL, -- {"value": as it is written, "zone": …, "missed": …, "overlap": …}
    watches      boolean NOT NULL DEFAULT false, -- it has to know when its runs end
    anchor       timestamptz NOT NULL, -- `every` counts from here
    next_due     timestamptz, -- NULL: nothing that a clock decides
    decided_at   timestamptz NOT NULL DEFAULT clock_timestamp(), -- when next_due was set; in the future when the clock was set back
    current_run  text, -- of `after`: the run whose end is waited for
    error        text NOT NULL DEFAULT '', -- why it could not start anything the last time
    activated_by text NOT NULL,
    activated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    paused_by    text NOT NULL DEFAULT '',
    paused_at    timestamptz,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, namespace, name, kind),
    FOREIGN KEY (tenant_id, version_id) REFERENCES parley.versions (tenant_id, id)
);
CREATE INDEX triggers_due ON parley.triggers (next_due) WHERE status = 'active' AND next_due IS NOT NULL;
CREATE INDEX triggers_decided ON parley.triggers (decided_at) WHERE status = 'active' AND next_due IS NOT NULL;

-- What a trigger did at a due time or for an event: one row each, so that nothing starts twice. Queued starts wait here.
CREATE TABLE parley.trigger_starts (
    tenant_id  text NOT NULL,
    trigger_id text NOT NULL,
    key        text NOT NULL, -- the due time, or the first of the events
    number     bigint GENERATED ALWAYS AS IDENTITY, -- in this order queued ones start
    due_at     timestamptz NOT NULL,
    outcome    text NOT NULL CHECK (outcome IN ('started', 'queued', 'skipped', 'refused')),
    reason     text NOT NULL DEFAULT '',
    run_id     text,
    version_id text NOT NULL,
    input      json, -- while it is queued
    at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant_id, trigger_id, key),
    FOREIGN KEY (tenant_id, trigger_id) REFERENCES parley.triggers (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX trigger_starts_queued ON parley.trigger_starts (tenant_id, trigger_id, number) WHERE outcome = 'queued';
CREATE INDEX trigger_starts_by_age ON parley.trigger_starts (tenant_id, trigger_id, at);

-- Which types of events active triggers look at; '' is every type.
CREATE TABLE parley.trigger_types (
    tenant_id  text NOT NULL,
    type       text NOT NULL,
    trigger_id text NOT NULL,
    PRIMARY KEY (tenant_id, type, trigger_id),
    FOREIGN KEY (tenant_id, trigger_id) REFERENCES parley.triggers (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX trigger_types_by_trigger ON parley.trigger_types (tenant_id, trigger_id);

-- Events that a trigger has to look at, and those it keeps until the others have come. Gone with the start. No foreign key: accepting an
-- event must not wait for whoever holds the trigger's row.
CREATE TABLE parley.trigger_events (
    tenant_id  text NOT NULL,
    trigger_id text NOT NULL,
    number     bigint GENERATED ALWAYS AS IDENTITY,
    source     text NOT NULL,
    event_id   text NOT NULL,
    gathering  text, -- NULL: not looked at yet; else the incomplete set it belongs to
    taken      json, -- as what
    event      json, -- once it is kept
    PRIMARY KEY (tenant_id, trigger_id, number)
);
CREATE INDEX trigger_events_new ON parley.trigger_events (tenant_id, trigger_id) WHERE gathering IS NULL;

-- Runs of triggers that have ended and that their trigger waits for. No foreign key, for the same reason.
CREATE TABLE parley.trigger_endings (
    tenant_id  text NOT NULL,
    trigger_id text NOT NULL,
    number     bigint GENERATED ALWAYS AS IDENTITY,
    run_id     text NOT NULL,
    ended_at   timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, trigger_id, number)
);

ALTER TABLE parley.runs ADD COLUMN trigger_id text; -- that started it
CREATE INDEX runs_of_trigger ON parley.runs (tenant_id, trigger_id)
    WHERE trigger_id IS NOT NULL AND status IN ('ready', 'running', 'waiting', 'suspended');

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['triggers', 'trigger_starts', 'trigger_types', 'trigger_events', 'trigger_endings']
    LOOP
        EXECUTE format('ALTER TABLE parley.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE parley.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY own_tenant ON parley.%I USING (tenant_id = current_setting(''app.tenant'', true))'
            ' WITH CHECK (tenant_id = current_setting(''app.tenant'', true))', name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON parley.%I TO parley_app', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['triggers', 'trigger_events', 'trigger_endings']
    LOOP
        EXECUTE format('GRANT SELECT ON parley.%I TO parley_worker', name);
        EXECUTE format('CREATE POLICY all_tenants ON parley.%I TO parley_worker USING (true) WITH CHECK (true)', name);
    END LOOP;
END $$;
GRANT INSERT ON parley.trigger_endings TO parley_worker;
GRANT CREATE ON SCHEMA parley TO parley_worker;

-- Triggers somebody should look at: due ones, those whose run ended, those with events, those the clock went back for. Ids only.
CREATE FUNCTION parley.due_triggers(p_limit integer) RETURNS TABLE (tenant_id text, trigger_id text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = parley, pg_temp AS $$
    (SELECT t.tenant_id, t.id FROM triggers t
      WHERE t.status = 'active' AND t.next_due <= statement_timestamp() ORDER BY t.next_due LIMIT p_limit)
    UNION (SELECT e.tenant_id, e.trigger_id FROM trigger_endings e LIMIT p_limit)
    UNION (SELECT DISTINCT n.tenant_id, n.trigger_id FROM trigger_events n WHERE n.gathering IS NULL LIMIT p_limit)
    UNION (SELECT t.tenant_id, t.id FROM triggers t
            WHERE t.status = 'active' AND t.next_due IS NOT NULL AND t.decided_at > statement_timestamp() + interval '30 seconds'
            LIMIT p_limit)
$$;

-- Seconds until the next trigger is due, at most p_limit_s.
CREATE FUNCTION parley.next_trigger(p_limit_s double precision) RETURNS double precision
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = parley, pg_temp AS $$
    SELECT greatest(0, least(p_limit_s, extract(epoch FROM min(next_due) - statement_timestamp())))::double precision
      FROM triggers WHERE status = 'active' AND next_due IS NOT NULL
$$;

-- However a run ends, whoever ends it: its trigger hears of it, in the same transaction.
CREATE FUNCTION parley.tell_trigger_of_ending() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = parley, pg_temp AS $$
BEGIN
    INSERT INTO trigger_endings (tenant_id, trigger_id, run_id, ended_at)
    SELECT NEW.tenant_id, NEW.trigger_id, NEW.id, coalesce(NEW.ended_at, clock_timestamp())
      FROM triggers t WHERE t.tenant_id = NEW.tenant_id AND t.id = NEW.trigger_id AND t.watches;
    RETURN NULL;
END $$;
CREATE TRIGGER tell_trigger_of_ending AFTER UPDATE OF status ON parley.runs FOR EACH ROW
    WHEN (NEW.trigger_id IS NOT NULL AND NEW.status IN ('completed', 'faulted', 'cancelled', 'stuck') AND OLD.status <> NEW.status)
    EXECUTE FUNCTION parley.tell_trigger_of_ending();

-- However an event comes in: the triggers that look at its type get it, in the same transaction, under the tenant's own policy.
CREATE FUNCTION parley.tell_triggers_of_event() RETURNS trigger
    LANGUAGE plpgsql SET search_path = parley, pg_temp AS $$
BEGIN
    INSERT INTO trigger_events (tenant_id, trigger_id, source, event_id)
    SELECT NEW.tenant_id, w.trigger_id, NEW.source, NEW.id
      FROM trigger_types w WHERE w.tenant_id = NEW.tenant_id AND w.type IN (NEW.type, '')
     GROUP BY w.trigger_id;
    RETURN NULL;
END $$;
CREATE TRIGGER tell_triggers_of_event AFTER INSERT ON parley.events FOR EACH ROW
    EXECUTE FUNCTION parley.tell_triggers_of_event();

ALTER FUNCTION parley.due_triggers(integer) OWNER TO parley_worker;
ALTER FUNCTION parley.next_trigger(double precision) OWNER TO parley_worker;
ALTER FUNCTION parley.tell_trigger_of_ending() OWNER TO parley_worker;
REVOKE CREATE ON SCHEMA parley FROM parley_worker;
REVOKE EXECUTE ON FUNCTION parley.due_triggers(integer), parley.next_trigger(double precision), parley.tell_trigger_of_ending(),
    parley.tell_triggers_of_event() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION parley.due_triggers(integer), parley.next_trigger(double precision), parley.tell_trigger_of_ending(),
    parley.tell_triggers_of_event() TO parley_app;
