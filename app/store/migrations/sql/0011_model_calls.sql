-- Replies of models under the digest of their request, so that nobody pays twice for one; and what conversations have used.
CREATE TABLE parley.model_replies (
    tenant_id  text NOT NULL,
    thread_id  text NOT NULL,
    digest     text NOT NULL,
    reply      jsonb NOT NULL,
    about      jsonb NOT NULL,
    kept_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, thread_id, digest)
);
CREATE INDEX model_replies_old ON parley.model_replies (tenant_id, kept_at);
CREATE TABLE parley.model_spending (
    tenant_id     text NOT NULL,
    thread_id     text NOT NULL,
    hour          timestamptz NOT NULL,
    calls         bigint NOT NULL,
    input_tokens  bigint NOT NULL,
    output_tokens bigint NOT NULL,
    money         double precision NOT NULL,
    unpriced      bigint NOT NULL,
    PRIMARY KEY (tenant_id, thread_id, hour)
);
CREATE INDEX model_spending_recent ON parley.model_spending (tenant_id, hour);
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['model_replies', 'model_spending'] LOOP
        EXECUTE format('ALTER TABLE parley.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE parley.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY own_tenant ON parley.%I USING (tenant_id = current_setting(''app.tenant'', true))'
                       ' WITH CHECK (tenant_id = current_setting(''app.tenant'', true))', name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON parley.%I TO parley_app', name);
    END LOOP;
END $$;
