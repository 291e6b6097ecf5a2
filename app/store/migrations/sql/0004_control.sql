-- Control of runs: suspended and dead ones, whose turn it is, what was started before under the same key.
ALTER TABLE parley.runs DROP CONSTRAINT runs_status_check;
ALTER TABLE parley.runs
    ADD CONSTRAINT runs_status_check
        CHECK (status IN ('ready', 'running', 'waiting', 'suspended', 'completed', 'faulted', 'cancelled', 'stuck')),
    ADD COLUMN suspend_requested boolean NOT NULL DEFAULT false,
    ADD COLUMN priority          smallint NOT NULL DEFAULT 50 CHECK (priority BETWEEN 0 AND 100), -- higher goes first
    ADD COLUMN lane              text, -- runs of one lane share a limit: the workflow's name, where its definition sets one
    ADD COLUMN lane_limit        integer,
    ADD COLUMN held              boolean NOT NULL DEFAULT false, -- ready, but not before another run of its lane has ended
    ADD COLUMN failures          integer NOT NULL DEFAULT 0, -- mistakes of ours in a row
    ADD COLUMN start_key         text; -- given by whoever started it: the same key starts one run
CREATE UNIQUE INDEX runs_start_key ON parley.runs (tenant_id, version_id, start_key) WHERE start_key IS NOT NULL;
CREATE INDEX runs_lane ON parley.runs (tenant_id, lane, held) WHERE lane IS NOT NULL AND status IN ('ready', 'running', 'waiting', 'suspended');
CREATE INDEX runs_ready ON parley.runs (tenant_id) WHERE status = 'ready';

GRANT CREATE ON SCHEMA parley TO parley_worker;

-- Take the lease of one run: the next epoch, if it is ready and its turn, or running under a lease that has run out.
CREATE OR REPLACE FUNCTION parley.claim_run(p_run text, p_owner text, p_lease_s double precision)
    RETURNS TABLE (tenant_id text, epoch integer, signals bigint, cancel_requested boolean)
    LANGUAGE sql SECURITY DEFINER SET search_path = parley, pg_temp AS $$
    UPDATE runs r
       SET status = 'running', reason = '', owner = p_owner, epoch = r.epoch + 1, wake_at = NULL,
           lease_until = clock_timestamp() + make_interval(secs => p_lease_s),
           started_at = coalesce(r.started_at, clock_timestamp())
     WHERE r.id = p_run AND ((r.status = 'ready' AND NOT r.held) OR (r.status = 'running' AND r.lease_until < clock_timestamp()))
    RETURNING r.tenant_id, r.epoch, r.signals, r.cancel_requested
$$;

-- Renew every lease this process still holds; say which runs are to be cancelled or suspended.
DROP FUNCTION parley.renew_leases(text, text[], integer[], double precision);
CREATE FUNCTION parley.renew_leases(p_owner text, p_runs text[], p_epochs integer[], p_lease_s double precision)
    RETURNS TABLE (run_id text, signals bigint, cancel_requested boolean, suspend_requested boolean)
    LANGUAGE sql SECURITY DEFINER SET search_path = parley, pg_temp AS $$
    UPDATE runs r SET lease_until = clock_timestamp() + make_interval(secs => p_lease_s)
      FROM (SELECT h.id FROM runs h JOIN unnest(p_runs, p_epochs) AS mine(id, epoch)
                ON h.id = mine.id AND h.epoch = mine.epoch
             WHERE h.owner = p_owner AND h.status = 'running' ORDER BY h.id FOR UPDATE OF h) held
     WHERE r.id = held.id
    RETURNING r.id, r.signals, r.cancel_requested, r.suspend_requested
$$;

-- Runs somebody should look at, as before; those that are held are not.
CREATE OR REPLACE FUNCTION parley.sweep_runs(p_limit integer, p_ready_s double precision)
    RETURNS TABLE (run_id text, orphaned boolean)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = parley, pg_temp AS $$
BEGIN
    RETURN QUERY
    WITH due AS (
        SELECT id FROM runs WHERE status = 'waiting' AND wake_at <= clock_timestamp()
         ORDER BY wake_at LIMIT p_limit FOR UPDATE SKIP LOCKED
    )
    UPDATE runs r SET status = 'ready', reason = '', wake_at = NULL, ready_at = clock_timestamp()
      FROM due WHERE r.id = due.id RETURNING r.id, false;
    RETURN QUERY
    SELECT id, status = 'running' FROM runs
     WHERE (status = 'running' AND lease_until < clock_timestamp())
        OR (status = 'ready' AND NOT held AND ready_at < clock_timestamp() - make_interval(secs => p_ready_s))
     LIMIT p_limit;
END $$;

-- What the queue must know of runs to be fair: whose they are, and which go first.
CREATE FUNCTION parley.places_of(p_runs text[]) RETURNS TABLE (run_id text, tenant_id text, priority smallint, held boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = parley, pg_temp AS $$
    SELECT r.id, r.tenant_id, r.priority, r.held FROM runs r WHERE r.id = ANY(p_runs)
$$;

ALTER FUNCTION parley.renew_leases(text, text[], integer[], double precision) OWNER TO parley_worker;
ALTER FUNCTION parley.places_of(text[]) OWNER TO parley_worker;
REVOKE CREATE ON SCHEMA parley FROM parley_worker;
REVOKE EXECUTE ON FUNCTION parley.renew_leases(text, text[], integer[], double precision), parley.places_of(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION parley.renew_leases(text, text[], integer[], double precision), parley.places_of(text[]) TO parley_app;

-- Fair shares: how many of p_count each may take, the one with the fewest at work first; nobody beyond p_most at work (0: no limit).
CREATE FUNCTION queue.parley_shares(p_busy integer[], p_count integer, p_most integer) RETURNS integer[]
    LANGUAGE plpgsql IMMUTABLE SET search_path = pg_temp AS $$
DECLARE
    busy   integer[] := p_busy;
    shares integer[] := array_fill(0, ARRAY[coalesce(cardinality(p_busy), 0)]);
    best   integer;
BEGIN
    FOR n IN 1..p_count LOOP
        best := NULL;
        FOR i IN 1..coalesce(cardinality(busy), 0) LOOP
            IF (p_most = 0 OR busy[i] < p_most) AND (best IS NULL OR busy[i] < busy[best]) THEN
                best := i;
            END IF;
        END LOOP;
        EXIT WHEN best IS NULL;
        busy[best] := busy[best] + 1;
        shares[best] := shares[best] + 1;
    END LOOP;
    RETURN shares;
END $$;

-- Take wake-ups from procrastinate's table. Jobs of a tenant have a queue name of their own (`runs/` and a hash). The tenant with the
-- fewest at work is served first, chance decides between equals; within a tenant the highest priority goes first, then the oldest. Not
-- procrastinate_fetch_job_v2: that one knows no fairness and reads past all jobs of the others.
CREATE INDEX parley_jobs_turn ON queue.procrastinate_jobs (queue_name, priority DESC, id) WHERE status = 'todo';
CREATE FUNCTION queue.parley_fetch(p_worker bigint, p_count integer, p_most integer) RETURNS TABLE (job bigint, run text)
    LANGUAGE plpgsql SET search_path = queue, pg_temp AS $$
DECLARE
    names  text[];
    busy   integer[];
    shares integer[];
BEGIN
    WITH RECURSIVE waiting AS (
        (SELECT j.queue_name FROM procrastinate_jobs j WHERE j.status = 'todo' ORDER BY j.queue_name LIMIT 1)
        UNION ALL
        SELECT (SELECT j.queue_name FROM procrastinate_jobs j
                 WHERE j.status = 'todo' AND j.queue_name > w.queue_name ORDER BY j.queue_name LIMIT 1)
          FROM waiting w WHERE w.queue_name IS NOT NULL
    ), working AS (
        SELECT j.queue_name, count(*)::integer AS n FROM procrastinate_jobs j WHERE j.status = 'doing' GROUP BY j.queue_name
    )
    SELECT array_agg(f.queue_name ORDER BY f.chance), array_agg(f.n ORDER BY f.chance) INTO names, busy
      FROM (SELECT w.queue_name, coalesce(k.n, 0) AS n, random() AS chance
              FROM waiting w LEFT JOIN working k ON k.queue_name = w.queue_name WHERE left(w.queue_name, 4) = 'runs') f;
    shares := queue.parley_shares(busy, p_count, p_most);
    FOR i IN 1..coalesce(cardinality(names), 0) LOOP
        CONTINUE WHEN shares[i] = 0;
        RETURN QUERY
        WITH mine AS (
            SELECT j.id FROM procrastinate_jobs j
             WHERE j.status = 'todo' AND j.queue_name = names[i]
               AND NOT EXISTS (SELECT 1 FROM procrastinate_jobs d WHERE d.lock = j.lock AND d.status = 'doing')
             ORDER BY j.priority DESC, j.id LIMIT shares[i] FOR UPDATE OF j SKIP LOCKED
        ), taken AS (
            UPDATE procrastinate_jobs j SET status = 'doing', worker_id = p_worker FROM mine WHERE j.id = mine.id
            RETURNING j.id, j.args ->> 'run_id' AS run_id, j.priority
        )
        SELECT t.id, t.run_id FROM taken t ORDER BY t.priority DESC, t.id;
    END LOOP;
END $$;

-- The same on tables of our own, without procrastinate's triggers and log of events: for more than about 200 runs a second.
CREATE TABLE queue.wakeups (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id   text NOT NULL,
    turn     text NOT NULL, -- a hash of the tenant
    priority smallint NOT NULL,
    owner    text -- who has taken it
);
CREATE UNIQUE INDEX wakeups_asked ON queue.wakeups (run_id) WHERE owner IS NULL;
CREATE UNIQUE INDEX wakeups_taken ON queue.wakeups (run_id) WHERE owner IS NOT NULL;
CREATE INDEX wakeups_turn ON queue.wakeups (turn, priority DESC, id) WHERE owner IS NULL;
CREATE TABLE queue.claimers (
    owner   text PRIMARY KEY,
    seen_at timestamptz NOT NULL DEFAULT now()
);
CREATE FUNCTION queue.take_wakeups(p_owner text, p_count integer, p_most integer) RETURNS TABLE (job bigint, run text)
    LANGUAGE plpgsql SET search_path = queue, pg_temp AS $$
DECLARE
    names  text[];
    busy   integer[];
    shares integer[];
BEGIN
    WITH RECURSIVE waiting AS (
        (SELECT j.turn FROM wakeups j WHERE j.owner IS NULL ORDER BY j.turn LIMIT 1)
        UNION ALL
        SELECT (SELECT j.turn FROM wakeups j WHERE j.owner IS NULL AND j.turn > w.turn ORDER BY j.turn LIMIT 1)
          FROM waiting w WHERE w.turn IS NOT NULL
    ), working AS (
        SELECT j.turn, count(*)::integer AS n FROM wakeups j WHERE j.owner IS NOT NULL GROUP BY j.turn
    )
    SELECT array_agg(f.turn ORDER BY f.chance), array_agg(f.n ORDER BY f.chance) INTO names, busy
      FROM (SELECT w.turn, coalesce(k.n, 0) AS n, random() AS chance
              FROM waiting w LEFT JOIN working k ON k.turn = w.turn WHERE w.turn IS NOT NULL) f;
    shares := queue.parley_shares(busy, p_count, p_most);
    FOR i IN 1..coalesce(cardinality(names), 0) LOOP
        CONTINUE WHEN shares[i] = 0;
        RETURN QUERY
        WITH mine AS (
            SELECT j.id FROM wakeups j
             WHERE j.owner IS NULL AND j.turn = names[i]
               AND NOT EXISTS (SELECT 1 FROM wakeups d WHERE d.run_id = j.run_id AND d.owner IS NOT NULL)
             ORDER BY j.priority DESC, j.id LIMIT shares[i] FOR UPDATE OF j SKIP LOCKED
        ), taken AS (
            UPDATE wakeups j SET owner = p_owner FROM mine WHERE j.id = mine.id RETURNING j.id, j.run_id, j.priority
        )
        SELECT t.id, t.run_id FROM taken t ORDER BY t.priority DESC, t.id;
    END LOOP;
END $$;
GRANT SELECT, INSERT, UPDATE, DELETE ON queue.wakeups, queue.claimers TO parley_app;
