CREATE TABLE parley.given_events (
    tenant_id  text NOT NULL,
    run_id     text NOT NULL,
    number     integer NOT NULL,
    attributes jsonb NOT NULL, -- the event without its data: what waits compare
    event      json NOT NULL,
    path       text, -- of the wait that got it
    PRIMARY KEY (tenant_id, run_id, number),
    FOREIGN KEY (tenant_id, run_id) REFERENCES parley.runs (tenant_id, id) ON DELETE CASCADE
);
ALTER TABLE parley.given_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE parley.given_events FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON parley.given_events USING (tenant_id = current_setting('app.tenant', true))
    WITH CHECK (tenant_id = current_setting('app.tenant', true));
GRANT SELECT, INSERT, UPDATE, DELETE ON parley.given_events TO parley_app;
