-- Row-level security on every table that has a tenant, in force for the tables' owner too.
DO $$
DECLARE
    t record;
BEGIN
    FOR t IN SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
              WHERE n.nspname IN ('parley', 'chat', 'langgraph') AND c.relkind = 'r'
                AND c.relname NOT IN ('alembic_version', 'workers')
    LOOP
        EXECUTE format('ALTER TABLE %I.%I ENABLE ROW LEVEL SECURITY', t.nspname, t.relname);
        EXECUTE format('ALTER TABLE %I.%I FORCE ROW LEVEL SECURITY', t.nspname, t.relname);
        EXECUTE format(
            'CREATE POLICY own_tenant ON %I.%I USING (tenant_id = current_setting(''app.tenant'', true))'
            ' WITH CHECK (tenant_id = current_setting(''app.tenant'', true))', t.nspname, t.relname);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I.%I TO parley_app', t.nspname, t.relname);
    END LOOP;
END $$;

-- Decisions are kept: nobody changes or removes a line of the audit.
REVOKE UPDATE, DELETE ON parley.audit FROM parley_app;
-- An approved version is immutable.
REVOKE UPDATE, DELETE ON parley.versions FROM parley_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON parley.workers TO parley_app;
GRANT SELECT ON parley.alembic_version TO parley_app;

GRANT SELECT, UPDATE ON parley.runs TO parley_worker;
CREATE POLICY all_tenants ON parley.runs TO parley_worker USING (true) WITH CHECK (true);

GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA queue TO parley_app;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA queue TO parley_app;
