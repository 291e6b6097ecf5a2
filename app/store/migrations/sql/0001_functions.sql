-- The only code that looks over all tenants. Each returns no more than ids, so that what follows runs under the tenant's own policy.

-- Take the lease of one run: the next epoch, if it is ready, or running under a lease that has run out.
CREATE FUNCTION parley.claim_run(p_run text, p_owner text, p_lease_s double precision)
    RETURNS TABLE (tenant_id text, epoch integer, signals bigint, cancel_requested boolean)
    LANGUAGE sql SECURITY DEFINER SET search_path = parley, pg_temp AS $$
    UPDATE runs r
       SET status = 'running', reason = '', owner = p_owner, epoch = r.epoch + 1, wake_at = NULL,
           lease_until = clock_timestamp() + make_interval(secs => p_lease_s),
           started_at = coalesce(r.started_at, clock_timestamp())
     WHERE r.id = p_run AND (r.status = 'ready' OR (r.status = 'running' AND r.lease_until < clock_timestamp()))
    RETURNING r.tenant_id, r.epoch, r.signals, r.cancel_requested
$$;

-- Renew every lease this process still holds. Rows in id order: the journal's writer locks them in the same order.
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

-- Runs somebody should look at: timers that are due, leases that ran out, ready runs whose wake-up got lost. Timers become ready here.
CREATE FUNCTION parley.sweep_runs(p_limit integer, p_ready_s double precision)
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

-- Seconds until the next timer is due, at most p_limit_s.
CREATE FUNCTION parley.next_timer(p_limit_s double precision) RETURNS double precision
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = parley, pg_temp AS $$
    SELECT greatest(0, least(p_limit_s, extract(epoch FROM min(wake_at) - clock_timestamp())))::double precision
      FROM runs WHERE status = 'waiting' AND wake_at IS NOT NULL
$$;

-- Which tenant a run belongs to: for processes that were told an id by a notification.
CREATE FUNCTION parley.tenant_of_run(p_run text) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = parley, pg_temp AS $$
    SELECT tenant_id FROM runs WHERE id = p_run
$$;

ALTER FUNCTION parley.claim_run(text, text, double precision) OWNER TO parley_worker;
ALTER FUNCTION parley.renew_leases(text, text[], integer[], double precision) OWNER TO parley_worker;
ALTER FUNCTION parley.sweep_runs(integer, double precision) OWNER TO parley_worker;
ALTER FUNCTION parley.next_timer(double precision) OWNER TO parley_worker;
ALTER FUNCTION parley.tenant_of_run(text) OWNER TO parley_worker;
REVOKE CREATE ON SCHEMA parley FROM parley_worker;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA parley FROM PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA parley TO parley_app;
