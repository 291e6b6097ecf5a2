-- Every tenant at once: the policies are out of force for as long as this takes.
ALTER TABLE parley.runs NO FORCE ROW LEVEL SECURITY;
ALTER TABLE parley.journal NO FORCE ROW LEVEL SECURITY;
ALTER TABLE parley.awaits NO FORCE ROW LEVEL SECURITY;
ALTER TABLE parley.blobs NO FORCE ROW LEVEL SECURITY;
ALTER TABLE parley.notices NO FORCE ROW LEVEL SECURITY;
ALTER TABLE parley.removals NO FORCE ROW LEVEL SECURITY;
ALTER TABLE langgraph.checkpoints NO FORCE ROW LEVEL SECURITY;
ALTER TABLE langgraph.checkpoint_blobs NO FORCE ROW LEVEL SECURITY;
ALTER TABLE langgraph.checkpoint_writes NO FORCE ROW LEVEL SECURITY;

CREATE FUNCTION pg_temp.whole(p_tenant text, p_run text, p_value json, p_large boolean) RETURNS json LANGUAGE sql AS $$
    SELECT CASE WHEN p_large THEN (SELECT b.value::json FROM parley.blobs b
                                    WHERE b.tenant_id = p_tenant AND b.run_id = p_run AND b.digest = p_value ->> 'blob') ELSE p_value END
$$;
UPDATE parley.journal SET output = pg_temp.whole(tenant_id, run_id, output, 'output' = ANY(large)),
       context = pg_temp.whole(tenant_id, run_id, context, 'context' = ANY(large)),
       error = pg_temp.whole(tenant_id, run_id, error, 'error' = ANY(large)) WHERE large IS NOT NULL;
UPDATE parley.runs SET input = pg_temp.whole(tenant_id, id, input, 'input' = ANY(large)),
       output = pg_temp.whole(tenant_id, id, output, 'output' = ANY(large)) WHERE large IS NOT NULL;
UPDATE parley.awaits a SET form = (
    SELECT json_object_agg(e.key, CASE WHEN e.key = 'data' THEN pg_temp.whole(a.tenant_id, a.run_id, e.value, true) ELSE e.value END)
      FROM json_each(a.form) e WHERE e.key <> 'large'
) WHERE a.form ->> 'large' = 'true';

DELETE FROM parley.journal j USING parley.removals r WHERE j.tenant_id = r.tenant_id AND j.run_id = r.run_id;
DELETE FROM parley.notices n USING parley.removals r WHERE n.tenant_id = r.tenant_id AND n.run_id = r.run_id;
DELETE FROM langgraph.checkpoints c USING parley.removals r WHERE c.tenant_id = r.tenant_id AND c.thread_id = r.run_id;
DELETE FROM langgraph.checkpoint_blobs c USING parley.removals r WHERE c.tenant_id = r.tenant_id AND c.thread_id = r.run_id;
DELETE FROM langgraph.checkpoint_writes c USING parley.removals r WHERE c.tenant_id = r.tenant_id AND c.thread_id = r.run_id;

DROP FUNCTION parley.every_tenant();
DROP POLICY all_tenants ON parley.tenants;
REVOKE SELECT ON parley.tenants FROM parley_worker;
ALTER TABLE parley.journal DROP COLUMN large;
ALTER TABLE parley.runs DROP COLUMN large;
DROP TABLE parley.blobs, parley.removals;

ALTER TABLE parley.runs FORCE ROW LEVEL SECURITY;
ALTER TABLE parley.journal FORCE ROW LEVEL SECURITY;
ALTER TABLE parley.awaits FORCE ROW LEVEL SECURITY;
ALTER TABLE parley.notices FORCE ROW LEVEL SECURITY;
ALTER TABLE langgraph.checkpoints FORCE ROW LEVEL SECURITY;
ALTER TABLE langgraph.checkpoint_blobs FORCE ROW LEVEL SECURITY;
ALTER TABLE langgraph.checkpoint_writes FORCE ROW LEVEL SECURITY;
