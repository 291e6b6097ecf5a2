-- Runs whose lifecycle events are to be sent out, over all tenants.

-- name: outbox-note
SELECT parley.note_outbox(%(runs)s::text[]);

-- name: outbox-sweep
SELECT parley.sweep_outbox(%(since_s)s);

-- name: outbox-claim
SELECT tenant_id, run_id, until FROM parley.claim_outbox(%(limit)s, %(lease_s)s);
