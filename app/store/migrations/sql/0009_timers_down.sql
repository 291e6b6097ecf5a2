-- As 0004 left it.
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
