-- Back to runs that cannot be suspended, put aside or held. Suspended ones wait until somebody cancels them, or what they listen for comes;
-- those put aside have faulted and can be retried.
ALTER TABLE parley.runs NO FORCE ROW LEVEL SECURITY;
UPDATE parley.runs SET status = 'waiting', reason = 'suspended' WHERE status = 'suspended';
UPDATE parley.runs SET status = 'faulted', ended_at = coalesce(ended_at, clock_timestamp()) WHERE status = 'stuck';
ALTER TABLE parley.runs FORCE ROW LEVEL SECURITY;

GRANT CREATE ON SCHEMA parley TO parley_worker;
DROP FUNCTION parley.places_of(text[]);
DROP FUNCTION parley.renew_leases(text, text[], integer[], double precision);
CREATE OR REPLACE FUNCTION parley.claim_run(p_run text, p_owner text, p_lease_s double precision)
    RETURNS TABLE (tenant_id text, epoch integer, signals bigint, cancel_requested boolean)
    LANGUAGE sql SECURITY DEFINER SET search_path = parley, pg_temp AS $$
    UPDATE runs r
       SET status = 'running', reason = '', owner = p_owner, epoch = r.epoch + 1, wake_at = NULL,
           lease_until = clock_timestamp() + make_interval(secs => p_lease_s),
           started_at = coalesce(r.started_at, clock_timestamp())
     WHERE r.id = p_run AND (r.status = 'ready' OR (r.status = 'running' AND r.lease_until < clock_timestamp()))
    RETURNING r.tenant_id, r.epoch, r.signals, r.cancel_requested
$$;
CREATE FUNCTION parley.renew_leases(p_owner text, p_runs text[], p_epochs integer[], p_lease_s double precision)
    RETURNS TABLE (run_id text, signals bigint, cancel_requested boolean)
    LANGUAGE sql SECURITY DEFINER SET search_path = parley, pg_temp AS $$
    UPDATE runs r SET lease_until = clock_timestamp() + make_interval(secs => p_lease_s)
      FROM (SELECT h.id FROM runs h JOIN unnest(p_runs, p_epochs) AS mine(id, epoch)
                ON h.id = mine.id AND h.epoch = mine.epoch
             WHERE h.owner = p_owner AND h.status = 'running' ORDER BY h.id FOR UPDATE OF h) held
     WHERE r.id = held.id
    RETURNING r.id, r.signals, r.cancel_requested
$$;
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
        OR (status = 'ready' AND ready_at < clock_timestamp() - make_interval(secs => p_ready_s))
     LIMIT p_limit;
END $$;
ALTER FUNCTION parley.renew_leases(text, text[], integer[], double precision) OWNER TO parley_worker;
REVOKE CREATE ON SCHEMA parley FROM parley_worker;
REVOKE EXECUTE ON FUNCTION parley.renew_leases(text, text[], integer[], double precision) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION parley.renew_leases(text, text[], integer[], double precision) TO parley_app;

DROP FUNCTION queue.parley_fetch(bigint, integer, integer), queue.take_wakeups(text, integer, integer),
    queue.parley_shares(integer[], integer, integer);
DROP TABLE queue.wakeups, queue.claimers;
DROP INDEX queue.parley_jobs_turn;

DROP INDEX parley.runs_start_key, parley.runs_lane, parley.runs_ready;
ALTER TABLE parley.runs DROP CONSTRAINT runs_status_check;
ALTER TABLE parley.runs
    ADD CONSTRAINT runs_status_check CHECK (status IN ('ready', 'running', 'waiting', 'completed', 'faulted', 'cancelled')),
    DROP COLUMN suspend_requested, DROP COLUMN priority, DROP COLUMN lane, DROP COLUMN lane_limit, DROP COLUMN held, DROP COLUMN failures,
    DROP COLUMN start_key;
