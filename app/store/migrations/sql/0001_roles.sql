-- Two roles without a way round row-level security.
--   parley_app     what every Parley process connects as: sees one tenant at a time
--   parley_worker  owns the few functions that look over all tenants (claim, heartbeat, sweep); nobody logs in as it
DO $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'parley_app') THEN
        CREATE ROLE parley_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
    END IF;
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'parley_worker') THEN
        CREATE ROLE parley_worker NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL; -- another database of this server made them at the same moment
END $$;
GRANT parley_worker TO CURRENT_USER;
ALTER ROLE parley_app SET search_path = parley, queue, langgraph;

CREATE SCHEMA IF NOT EXISTS parley;
CREATE SCHEMA IF NOT EXISTS chat;
CREATE SCHEMA IF NOT EXISTS langgraph;
CREATE SCHEMA IF NOT EXISTS queue;
GRANT USAGE ON SCHEMA parley, chat, langgraph, queue TO parley_app;
GRANT USAGE, CREATE ON SCHEMA parley TO parley_worker;
