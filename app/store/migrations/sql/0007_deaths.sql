-- Runs whose workers die while they advance them: how often in a row, without a new row in the run's journal.
ALTER TABLE parley.runs
    ADD COLUMN deaths   smallint NOT NULL DEFAULT 0,
    ADD COLUMN progress bigint; -- the journal's last row when somebody last took the run over
CREATE POLICY all_tenants ON parley.journal FOR SELECT TO parley_worker USING (true);
GRANT SELECT (tenant_id, run_id, seq) ON parley.journal TO parley_worker;
GRANT CREATE ON SCHEMA parley TO parley_worker;

-- Take the lease of one run, as before; a run that was somebody's until now counts one death more, or its first when it got further since.
DROP FUNCTION parley.claim_run(text, text, double precision);
CREATE FUNCTION parley.claim_run(p_run text, p_owner text, p_lease_s double precision)
    RETURNS TABLE (tenant_id text, epoch integer, signals bigint, cancel_requested boolean, deaths smallint)
    LANGUAGE sql SECURITY DEFINER SET search_path = parley, pg_temp AS $$
    UPDATE runs r
       SET status = 'running', reason = '', owner = p_owner, epoch = r.epoch + 1, wake_at = NULL,
           lease_until = clock_timestamp() + make_interval(secs => p_lease_s),
           started_at = coalesce(r.started_at, clock_timestamp()),
           (deaths, progress) = (
               SELECT CASE WHEN r.progress IS DISTINCT FROM last.seq THEN 0 ELSE r.deaths END + (r.status = 'running')::integer, last.seq
                 FROM (SELECT CASE WHEN r.status = 'running' OR r.deaths > 0
                                   THEN (SELECT max(j.seq) FROM journal j WHERE j.tenant_id = r.tenant_id AND j.run_id = r.id)
                                   ELSE r.progress END AS seq) last)
     WHERE r.id = p_run AND ((r.status = 'ready' AND NOT r.held) OR (r.status = 'running' AND r.lease_until < clock_timestamp()))
    RETURNING r.tenant_id, r.epoch, r.signals, r.cancel_requested, r.deaths
$$;

ALTER FUNCTION parley.claim_run(text, text, double precision) OWNER TO parley_worker;
REVOKE CREATE ON SCHEMA parley FROM parley_worker;
REVOKE EXECUTE ON FUNCTION parley.claim_run(text, text, double precision) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION parley.claim_run(text, text, double precision) TO parley_app;
