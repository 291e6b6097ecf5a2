-- The life of a run as its worker sees it. Every change is fenced by the epoch the worker was given with its lease.

-- name: claim
SELECT run, c.tenant_id, c.epoch, c.cancel_requested, c.deaths
  FROM unnest(%(runs)s::text[]) AS run CROSS JOIN LATERAL parley.claim_run(run, %(owner)s, %(lease_s)s) AS c;

-- name: renew
SELECT run_id, signals, cancel_requested, suspend_requested FROM parley.renew_leases(%(owner)s, %(runs)s, %(epochs)s, %(lease_s)s);

-- name: sweep
SELECT run_id, orphaned FROM parley.sweep_runs(%(limit)s, %(ready_s)s);

-- name: next-timer
SELECT parley.next_timer(%(limit_s)s);

-- name: tenant
SELECT parley.tenant_of_run(%(run)s);

-- name: details
-- What runs execute, read by the worker that just claimed them.
SELECT r.id, CASE WHEN 'input' = ANY(r.large) THEN (
         SELECT b.value::json FROM parley.blobs b WHERE b.tenant_id = r.tenant_id AND b.run_id = r.id AND b.digest = r.input ->> 'blob'
       ) ELSE r.input END, r.conversation, r.created_at, r.started_at, v.definition, v.namespace, v.name, v.version, v.digest, v.lock, v.secrets, r.options,
       r.started_by, r.trigger_id IS NOT NULL OR r.started_by = 'schedule' AS by_trigger -- a child of such a run as well
  FROM parley.runs r JOIN parley.versions v ON v.tenant_id = r.tenant_id AND v.id = r.version_id
 WHERE r.id = ANY(%(runs)s::text[]);

-- name: park
-- Give the run up until something arrives. Nothing is changed when something arrived since *signals* was read: then go on instead.
UPDATE parley.runs
   SET status = CASE WHEN suspend_requested THEN 'suspended' ELSE 'waiting' END, reason = %(reason)s, suspend_requested = false, failures = 0, deaths = 0,
       wake_at = CASE WHEN suspend_requested THEN NULL ELSE %(wake_at)s::timestamptz END, owner = NULL, lease_until = NULL
 WHERE id = %(run)s AND epoch = %(epoch)s AND status = 'running' AND signals = %(signals)s AND (NOT cancel_requested OR %(undoing)s::bool)
RETURNING status;

-- name: holds
SELECT signals, cancel_requested, EXISTS (SELECT 1 FROM parley.given_events g WHERE g.run_id = %(run)s)
  FROM parley.runs WHERE id = %(run)s AND epoch = %(epoch)s AND status = 'running';

-- name: hand-back
-- Make the run ready for any worker (a stopping one gives its runs back).
UPDATE parley.runs SET status = 'ready', ready_at = clock_timestamp(), owner = NULL, lease_until = NULL
 WHERE id = %(run)s AND epoch = %(epoch)s AND status = 'running'
RETURNING id;

-- name: finish
-- Rows in id order, as renew_leases locks them.
WITH mine AS (
    SELECT r.id, s.status, s.output, s.error, s.failed_path, s.large
      FROM parley.runs r
      JOIN unnest(%(run)s::text[], %(epoch)s::int[], %(status)s::text[], %(output)s::text[], %(error)s::text[], %(failed_path)s::text[],
                  %(large)s::bool[])
           AS s(id, epoch, status, output, error, failed_path, large) ON r.id = s.id AND r.epoch = s.epoch
     WHERE r.status = 'running' ORDER BY r.id FOR UPDATE OF r
)
UPDATE parley.runs r
   SET status = mine.status, reason = '', output = mine.output::json, error = mine.error::json, failed_path = mine.failed_path,
       large = CASE WHEN mine.large THEN array_append(r.large, 'output') ELSE r.large END,
       ended_at = clock_timestamp(), owner = NULL, lease_until = NULL, wake_at = NULL, suspend_requested = false, failures = 0
  FROM mine WHERE r.id = mine.id
RETURNING r.id;

-- name: ended-by-us
-- Our own commit whose answer got lost with the connection, told from a lost lease.
SELECT r.id FROM parley.runs r JOIN unnest(%(run)s::text[], %(epoch)s::int[]) AS s(id, epoch) ON r.id = s.id AND r.epoch = s.epoch
 WHERE r.owner IS NULL;

-- name: end-waits
WITH silent AS (
    DELETE FROM parley.listens WHERE run_id = ANY(%(runs)s::text[])
), gone AS (
    DELETE FROM parley.arrivals WHERE run_id = ANY(%(runs)s::text[])
)
UPDATE parley.awaits SET withdrawn_at = clock_timestamp()
 WHERE run_id = ANY(%(runs)s::text[]) AND delivered_at IS NULL AND withdrawn_at IS NULL;

-- name: end-live
DELETE FROM parley.live WHERE run_id = ANY(%(runs)s::text[]);

-- name: show-live
INSERT INTO parley.live (tenant_id, run_id, running)
SELECT current_setting('app.tenant'), s.run_id, s.running::json FROM unnest(%(run)s::text[], %(running)s::text[]) AS s(run_id, running)
ON CONFLICT (tenant_id, run_id) DO UPDATE SET running = excluded.running, updated_at = now();

-- name: signal
-- Something arrived for these runs: whoever runs them reads again, and those that wait become ready. Rows in id order, as renew_leases and
-- the journal's writer lock them.
UPDATE parley.runs r
   SET signals = r.signals + 1, ready_at = CASE WHEN r.status = 'waiting' THEN clock_timestamp() ELSE r.ready_at END,
       reason = CASE WHEN r.status = 'waiting' THEN '' ELSE r.reason END, wake_at = CASE WHEN r.status = 'waiting' THEN NULL ELSE r.wake_at END,
       status = CASE WHEN r.status = 'waiting' THEN 'ready' ELSE r.status END
  FROM (SELECT i.id FROM parley.runs i WHERE i.id = ANY(%(runs)s::text[]) AND i.status IN ('ready', 'running', 'waiting')
         ORDER BY i.id FOR NO KEY UPDATE) AS alive
 WHERE r.id = alive.id
RETURNING r.id, r.status;

-- name: here
INSERT INTO parley.workers (owner, slots) VALUES (%(owner)s, %(slots)s)
ON CONFLICT (owner) DO UPDATE SET seen_at = now(), slots = excluded.slots;

-- name: gone
DELETE FROM parley.workers WHERE owner = %(owner)s OR seen_at < now() - interval '1 hour';

-- name: anybody
SELECT EXISTS (SELECT 1 FROM parley.workers WHERE seen_at > now() - interval '15 seconds');
