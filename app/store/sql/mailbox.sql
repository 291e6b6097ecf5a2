-- What runs wait for, and what arrived. One row a (run, path); events and listenings meet under one advisory lock a tenant.

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

-- name: share-events
-- The same for who begins to listen: no event is under way, and others may begin too.
SELECT pg_advisory_xact_lock_shared(hashtextextended('parley.events:' || current_setting('app.tenant'), 0));

-- name: listen
-- What an event must have for each of the listenings: later ones are found by it.
INSERT INTO parley.listens (tenant_id, run_id, path, places, digest)
SELECT DISTINCT current_setting('app.tenant'), a.run_id, a.path, s.places, s.digest
  FROM unnest(%(path)s::text[], %(places)s::text[], %(digest)s::text[]) AS s(path, places, digest)
  JOIN parley.awaits a ON a.tenant_id = current_setting('app.tenant') AND a.run_id = %(run)s AND a.path = s.path AND a.withdrawn_at IS NULL
ON CONFLICT DO NOTHING;

-- name: earlier-events
-- What came since the run began. Data are not compared here: who listens does that. A listening that names a type and one that does not
-- find theirs by different indexes.
WITH first AS (
    SELECT e.seq FROM parley.runs r
      JOIN parley.events e ON e.tenant_id = current_setting('app.tenant') AND e.received_at >= r.created_at
     WHERE r.id = %(run)s ORDER BY e.received_at LIMIT 1
), wanted AS (
    SELECT s.path, s.type, s.attributes::jsonb AS attributes, greatest(s.after + 1, first.seq) AS begin
      FROM unnest(%(path)s::text[], %(after)s::bigint[], %(type)s::text[], %(attributes)s::text[]) AS s(path, after, type, attributes), first
), found AS (
    SELECT w.path, w.attributes AS wanted, e.seq, e.attributes
      FROM wanted w JOIN parley.events e ON e.tenant_id = current_setting('app.tenant') AND e.type = w.type AND e.seq >= w.begin
    UNION ALL
    SELECT w.path, w.attributes, e.seq, e.attributes
      FROM wanted w JOIN parley.events e ON e.tenant_id = current_setting('app.tenant') AND w.type IS NULL AND e.seq >= w.begin
)
INSERT INTO parley.arrivals (tenant_id, run_id, path, number)
SELECT current_setting('app.tenant'), %(run)s, f.path, f.seq FROM found f
 WHERE NOT EXISTS (SELECT 1 FROM jsonb_each_text(f.wanted) AS must WHERE f.attributes ->> must.key IS DISTINCT FROM must.value)
ON CONFLICT DO NOTHING RETURNING path;

-- name: given-events
-- The same for what this run alone was given when it started.
INSERT INTO parley.arrivals (tenant_id, run_id, path, number)
SELECT g.tenant_id, g.run_id, s.path, g.number - 1099511627776
  FROM unnest(%(path)s::text[], %(after)s::bigint[], %(attributes)s::text[]) AS s(path, after, attributes)
  JOIN parley.given_events g ON g.tenant_id = current_setting('app.tenant') AND g.run_id = %(run)s
       AND (s.after IS NULL OR g.number - 1099511627776 > s.after)
 WHERE NOT EXISTS (SELECT 1 FROM jsonb_each_text(s.attributes::jsonb) AS must WHERE g.attributes ->> must.key IS DISTINCT FROM must.value)
ON CONFLICT DO NOTHING RETURNING path;

-- name: forget-events
-- What listenings are done with.
DELETE FROM parley.arrivals a USING unnest(%(path)s::text[], %(after)s::bigint[]) AS s(path, after)
 WHERE a.tenant_id = current_setting('app.tenant') AND a.run_id = %(run)s AND a.path = s.path AND a.number <= s.after;

-- name: next-events
-- The oldest events of each listening, in their order.
SELECT s.path, n.number, coalesce(e.event, g.event)
  FROM unnest(%(path)s::text[]) AS s(path)
 CROSS JOIN LATERAL (
       SELECT a.number FROM parley.arrivals a
        WHERE a.tenant_id = current_setting('app.tenant') AND a.run_id = %(run)s AND a.path = s.path ORDER BY a.number LIMIT %(limit)s
       ) AS n
  LEFT JOIN parley.events e ON e.tenant_id = current_setting('app.tenant') AND e.seq = n.number
  LEFT JOIN parley.given_events g ON g.tenant_id = current_setting('app.tenant') AND g.run_id = %(run)s AND g.number = n.number + 1099511627776
 ORDER BY s.path, n.number;

-- name: ring
-- Deliver the timers that are due, and the deadlines nobody met.
UPDATE parley.awaits SET delivered_at = clock_timestamp(), timed_out = true
 WHERE run_id = %(run)s AND wake_at <= clock_timestamp() AND delivered_at IS NULL AND withdrawn_at IS NULL;

-- name: collect
-- What has arrived for a run, and (paths without a moment) what it waits for still; `signals` was read in the same snapshot.
SELECT r.signals, a.path, CASE WHEN a.timed_out THEN 'timer' ELSE a.kind END AS kind, a.payload, a.delivered_at, a.delivered_by
  FROM parley.runs r
  LEFT JOIN parley.awaits a ON a.tenant_id = r.tenant_id AND a.run_id = r.id AND a.withdrawn_at IS NULL
 WHERE r.id = %(run)s;

-- name: collect-some
-- The same for the waits this process knows to be open.
SELECT r.signals, a.path, CASE WHEN a.timed_out THEN 'timer' ELSE a.kind END AS kind, a.payload, a.delivered_at, a.delivered_by
  FROM parley.runs r
  LEFT JOIN parley.awaits a ON a.tenant_id = r.tenant_id AND a.run_id = r.id AND a.path = ANY(%(open)s::text[]) AND a.delivered_at IS NOT NULL
 WHERE r.id = %(run)s;

-- name: withdraw
WITH silent AS (
    DELETE FROM parley.listens WHERE run_id = %(run)s AND path = ANY(%(paths)s::text[])
), gone AS (
    DELETE FROM parley.arrivals WHERE run_id = %(run)s AND path = ANY(%(paths)s::text[])
)
UPDATE parley.awaits SET withdrawn_at = clock_timestamp()
 WHERE run_id = %(run)s AND path = ANY(%(paths)s::text[]) AND withdrawn_at IS NULL AND delivered_at IS NULL;

-- name: accept-events
-- Take events in, in their order; those that were here before stay as they were. The advisory lock makes `seq` the order of commits too.
INSERT INTO parley.events (tenant_id, source, id, type, attributes, event)
SELECT current_setting('app.tenant'), s.source, s.id, s.type, s.attributes::jsonb, s.event::json
  FROM unnest(%(source)s::text[], %(id)s::text[], %(type)s::text[], %(attributes)s::text[], %(event)s::text[])
       WITH ORDINALITY AS s(source, id, type, attributes, event, n)
 ORDER BY s.n
ON CONFLICT DO NOTHING RETURNING source, id, seq;

-- name: places
-- Which places of events are compared at all: a handful, however many listen.
WITH RECURSIVE each AS (
    (SELECT l.places FROM parley.listens l WHERE l.tenant_id = current_setting('app.tenant') ORDER BY l.places LIMIT 1)
    UNION ALL
    SELECT (SELECT l.places FROM parley.listens l
             WHERE l.tenant_id = current_setting('app.tenant') AND l.places > each.places ORDER BY l.places LIMIT 1)
      FROM each WHERE each.places IS NOT NULL
)
SELECT places FROM each WHERE places IS NOT NULL;

-- name: arrive
-- Hand events to the listenings that may need them. One look into the index for each digest, whatever the planner believes of the tables:
-- there may be a hundred thousand listenings.
INSERT INTO parley.arrivals (tenant_id, run_id, path, number)
SELECT DISTINCT current_setting('app.tenant'), l.run_id, l.path, s.number
  FROM unnest(%(places)s::text[], %(digest)s::text[], %(number)s::bigint[]) AS s(places, digest, number)
 CROSS JOIN LATERAL (
       SELECT i.run_id, i.path FROM parley.listens i
        WHERE i.tenant_id = current_setting('app.tenant') AND i.places = s.places AND i.digest = s.digest OFFSET 0
       ) AS l
 WHERE (SELECT r.status FROM parley.runs r WHERE r.id = l.run_id) IN ('ready', 'running', 'waiting', 'suspended', 'stuck')
ON CONFLICT DO NOTHING RETURNING run_id, number;

-- name: post-notice
INSERT INTO parley.notices (tenant_id, id, run_id, path, conversation, channel, recipient, title, body)
VALUES (current_setting('app.tenant'), %(id)s, %(run)s, %(path)s, %(conversation)s, %(channel)s, %(to)s, %(title)s, %(text)s)
ON CONFLICT (tenant_id, run_id, path) DO NOTHING RETURNING id;
