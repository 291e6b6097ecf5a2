-- Values of more than 64 KB: stored once a run, by their digest; the row that has one holds {"blob": digest, "bytes": …, "excerpt": …}.
CREATE TABLE parley.blobs (
    tenant_id text NOT NULL,
    run_id    text NOT NULL,
    digest    text NOT NULL, -- SHA-256 of the value as it lies here, hexadecimal
    bytes     integer NOT NULL,
    sealed    boolean NOT NULL DEFAULT false,
    value     text NOT NULL, -- JSON; `text` keeps it as it is and is not parsed again
    PRIMARY KEY (tenant_id, run_id, digest)
);
ALTER TABLE parley.journal ADD COLUMN large text[]; -- which of output, context and error are in blobs
ALTER TABLE parley.runs ADD COLUMN large text[]; -- which of input and output

-- Runs that are gone, and whose journal, blobs, checkpoints and notices are still to be removed, in batches.
CREATE TABLE parley.removals (
    tenant_id text NOT NULL,
    run_id    text NOT NULL,
    PRIMARY KEY (tenant_id, run_id)
);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['blobs', 'removals'] LOOP
        EXECUTE format('ALTER TABLE parley.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE parley.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY own_tenant ON parley.%I USING (tenant_id = current_setting(''app.tenant'', true))'
            ' WITH CHECK (tenant_id = current_setting(''app.tenant'', true))', name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON parley.%I TO parley_app', name);
    END LOOP;
END $$;

-- Whose runs somebody should look at: ids only, what follows runs under the tenant's own policy.
GRANT SELECT ON parley.tenants TO parley_worker;
CREATE POLICY all_tenants ON parley.tenants FOR SELECT TO parley_worker USING (true);
GRANT CREATE ON SCHEMA parley TO parley_worker;
CREATE FUNCTION parley.every_tenant() RETURNS SETOF text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = parley, pg_temp AS $$
    SELECT tenant_id FROM tenants ORDER BY tenant_id
$$;
ALTER FUNCTION parley.every_tenant() OWNER TO parley_worker;
REVOKE CREATE ON SCHEMA parley FROM parley_worker;
REVOKE EXECUTE ON FUNCTION parley.every_tenant() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION parley.every_tenant() TO parley_app;
