-- What documents fetched by address were when a version first used them.
CREATE TABLE parley.documents (
    tenant_id  text NOT NULL,
    version_id text NOT NULL,
    address    text NOT NULL,
    digest     text NOT NULL,
    used_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, version_id, address),
    FOREIGN KEY (tenant_id, version_id) REFERENCES parley.versions (tenant_id, id)
);
ALTER TABLE parley.documents ENABLE ROW LEVEL SECURITY;
ALTER TABLE parley.documents FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON parley.documents USING (tenant_id = current_setting('app.tenant', true))
    WITH CHECK (tenant_id = current_setting('app.tenant', true));
GRANT SELECT, INSERT, UPDATE ON parley.documents TO parley_app;
