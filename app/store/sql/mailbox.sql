-- What runs wait for, and what arrived. One row a (run, path); events and subscriptions meet under one advisory lock a tenant.

-- name: lock-events
SELECT pg_advisory_xact_lock(hashtextextended('parley.events:' || current_setting('app.tenant'), 0));

-- name: expect
-- Make waits durable. One that is there stays as it is, unless it was given up.
INSERT INTO parley.awaits AS a (tenant_id, run_id, path, reference, kind, attempt, wake_at, event, form)
SELECT current_setting('app.tenant'), r.id, s.path, s.reference, s.kind, s.attempt, s.wake_at, s.event::jsonb, s.form::json
  FROM parley.runs r,
       unnest(%(path)s::text[], %(reference)s::text[], %(kind)s::text[], %(attempt)s::int[], %(wake_at)s::timestamptz[], %(event)s::text[],
              %(form)s::text[]) AS s(path, reference, kind, attempt, wake_at, event, form)
 WHERE r.id = %(run)s AND r.epoch = %(epoch)s AND r.status = 'running'
ON CONFLICT (tenant_id, run_id, path) DO UPDATE
   SET reference = excluded.reference, kind = excluded.kind, attempt = excluded.attempt, wake_at = excluded.wake_at, event = excluded.event,
       form = excluded.form, created_at = now(), withdrawn_at = NULL
 WHERE a.withdrawn_at IS NOT NULL AND a.delivered_at IS NULL;

-- name: earlier-events
-- For each new wait for an event: the oldest event since the run began that this run has not had yet.
SELECT DISTINCT ON (a.path) a.path, e.source, e.id, e.event
  FROM parley.awaits a
  JOIN parley.runs r ON r.tenant_id = a.tenant_id AND r.id = a.run_id
  JOIN parley.events e ON e.tenant_id = a.tenant_id AND e.received_at >= r.created_at AND (a.event ->> 'type' IS NULL OR e.type = a.event ->> 'type')
 WHERE a.run_id = %(run)s AND a.path = ANY(%(paths)s::text[]) AND a.kind = 'event' AND a.delivered_at IS NULL AND a.withdrawn_at IS NULL
   AND e.attributes @> a.event
   AND NOT EXISTS (SELECT 1 FROM parley.awaits had WHERE had.tenant_id = a.tenant_id AND had.run_id = a.run_id
                                                     AND had.event_source = e.source AND had.event_id = e.id)
 ORDER BY a.path, e.seq;

-- name: deliver-event
UPDATE parley.awaits SET delivered_at = clock_timestamp(), payload = %(payload)s::json, event_source = %(source)s, event_id = %(id)s
 WHERE run_id = %(run)s AND path = %(path)s AND delivered_at IS NULL AND withdrawn_at IS NULL
   AND NOT EXISTS (SELECT 1 FROM parley.awaits had WHERE had.run_id = %(run)s AND had.event_source = %(source)s AND had.event_id = %(id)s)
RETURNING path;

-- name: deliver-given
-- The next of the events given to this run alone that the wait at *path* takes.
WITH next AS (
    SELECT g.tenant_id, g.run_id, g.number
      FROM parley.given_events g
      JOIN parley.awaits a ON a.tenant_id = g.tenant_id AND a.run_id = g.run_id
     WHERE g.run_id = %(run)s AND g.path IS NULL AND a.path = %(path)s AND a.kind = 'event' AND a.delivered_at IS NULL
       AND a.withdrawn_at IS NULL AND g.attributes @> a.event
     ORDER BY g.number LIMIT 1
), given AS (
    UPDATE parley.given_events g SET path = %(path)s FROM next
     WHERE g.tenant_id = next.tenant_id AND g.run_id = next.run_id AND g.number = next.number RETURNING g.event
)
UPDATE parley.awaits SET delivered_at = clock_timestamp(), payload = given.event, event_source = given.event ->> 'source',
                         event_id = given.event ->> 'id'
  FROM given WHERE run_id = %(run)s AND path = %(path)s
RETURNING path;

-- name: ring
-- Deliver the timers that are due, and the deadlines nobody met.
UPDATE parley.awaits SET delivered_at = clock_timestamp(), timed_out = true
 WHERE run_id = %(run)s AND wake_at <= clock_timestamp() AND delivered_at IS NULL AND withdrawn_at IS NULL;

-- name: collect
-- What has arrived for a run; `signals` was read in the same snapshot.
SELECT r.signals, a.path, CASE WHEN a.timed_out THEN 'timer' ELSE a.kind END AS kind, a.payload, a.delivered_at, a.delivered_by
  FROM parley.runs r
  LEFT JOIN parley.awaits a ON a.tenant_id = r.tenant_id AND a.run_id = r.id AND a.delivered_at IS NOT NULL
 WHERE r.id = %(run)s;

-- name: withdraw
UPDATE parley.awaits SET withdrawn_at = clock_timestamp()
 WHERE run_id = %(run)s AND path = ANY(%(paths)s::text[]) AND withdrawn_at IS NULL AND delivered_at IS NULL;

-- name: accept-event
INSERT INTO parley.events (tenant_id, source, id, type, attributes, event)
VALUES (current_setting('app.tenant'), %(source)s, %(id)s, %(type)s, %(attributes)s::jsonb, %(event)s::json)
ON CONFLICT DO NOTHING RETURNING id;

-- name: subscribers
-- The open waits a new event satisfies, the oldest of each run.
SELECT DISTINCT ON (run_id) run_id, path FROM parley.awaits
 WHERE kind = 'event' AND delivered_at IS NULL AND withdrawn_at IS NULL AND %(attributes)s::jsonb @> event
 ORDER BY run_id, created_at, path;

-- name: post-notice
INSERT INTO parley.notices (tenant_id, id, run_id, path, conversation, channel, recipient, title, body)
VALUES (current_setting('app.tenant'), %(id)s, %(run)s, %(path)s, %(conversation)s, %(channel)s, %(to)s, %(title)s, %(text)s)
ON CONFLICT (tenant_id, run_id, path) DO NOTHING RETURNING id;
