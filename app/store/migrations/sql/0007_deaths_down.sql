-- As 0004 left it.
GRANT CREATE ON SCHEMA parley TO parley_worker;
DROP FUNCTION parley.claim_run(text, text, double precision);
CREATE FUNCTION parley.claim_run(p_run text, p_owner text, p_lease_s double precision)
    RETURNS TABLE (tenant_id text, epoch integer, signals bigint, cancel_requested boolean)
    LANGUAGE sql SECURITY DEFINER SET search_path = parley, pg_temp AS $$
    UPDATE runs r
       SET status = 'running', reason = '', owner = p_owner, epoch = r.epoch + 1, wake_at = NULL,
           lease_until = clock_timestamp() + make_interval(secs => p_lease_s),
           started_at = coalesce(r.started_at, clock_timestamp())
     WHERE r.id = p_run AND ((r.status = 'ready' AND NOT r.held) OR (r.status = 'running' AND r.lease_until < clock_timestamp()))
    RETURNING r.tenant_id, r.epoch, r.signals, r.cancel_requested
$$;
ALTER FUNCTION parley.claim_run(text, text, double precision) OWNER TO parley_worker;
REVOKE CREATE ON SCHEMA parley FROM parley_worker;
REVOKE EXECUTE ON FUNCTION parley.claim_run(text, text, double precision) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION parley.claim_run(text, text, double precision) TO parley_app;
REVOKE SELECT (tenant_id, run_id, seq) ON parley.journal FROM parley_worker;
DROP POLICY all_tenants ON parley.journal;
ALTER TABLE parley.runs DROP COLUMN deaths, DROP COLUMN progress;
