-- What is no longer kept, in batches. The tenant comes from the transaction; the lock lasts as long as the batch.

-- name: alone
SELECT pg_try_advisory_xact_lock(hashtextextended('parley.retention', 0));

-- name: tenants
SELECT parley.every_tenant();

-- name: kept-longer-or-shorter
-- Versions that say themselves how long their runs are kept.
SELECT id, definition #> '{document,metadata,parley,retention}' FROM parley.versions
 WHERE definition #> '{document,metadata,parley,retention}' IS NOT NULL;

-- name: expire
-- Take runs that have ended long ago out of sight, with their waits, and remember that the rest of them is to be removed. Not one whose
-- parent is alive, which may ask for it again, nor one whose schedule has not heard of its end.
WITH old AS (
    SELECT r.id FROM parley.runs r LEFT JOIN unnest(%(versions)s::text[], %(seconds)s::float8[]) AS k(version, seconds) ON k.version = r.version_id
     WHERE r.tenant_id = current_setting('app.tenant') AND r.created_at < now() - make_interval(secs => %(shortest_s)s)
       AND r.status IN ('completed', 'faulted', 'cancelled')
       AND r.ended_at < now() - make_interval(secs => coalesce(k.seconds, %(default_s)s))
       AND NOT EXISTS (SELECT 1 FROM parley.runs p
                        WHERE p.id = r.options ->> 'parent' AND p.status NOT IN ('completed', 'faulted', 'cancelled'))
       AND NOT EXISTS (SELECT 1 FROM parley.trigger_endings e WHERE e.tenant_id = r.tenant_id AND e.run_id = r.id)
       AND NOT EXISTS (SELECT 1 FROM parley.triggers g WHERE g.tenant_id = r.tenant_id AND g.current_run = r.id)
     ORDER BY r.created_at LIMIT %(limit)s FOR UPDATE OF r SKIP LOCKED
), gone AS (
    DELETE FROM parley.runs r USING old WHERE r.id = old.id RETURNING r.tenant_id, r.id
)
INSERT INTO parley.removals (tenant_id, run_id) SELECT tenant_id, id FROM gone ON CONFLICT DO NOTHING RETURNING run_id;

-- name: removals
SELECT run_id FROM parley.removals ORDER BY run_id LIMIT %(limit)s;

-- name: removed
DELETE FROM parley.removals WHERE run_id = ANY(%(runs)s::text[]);

-- name: remove-journal
DELETE FROM parley.journal WHERE ctid = ANY(ARRAY(SELECT ctid FROM parley.journal WHERE run_id = ANY(%(runs)s::text[]) LIMIT %(limit)s));

-- name: remove-blobs
DELETE FROM parley.blobs WHERE ctid = ANY(ARRAY(SELECT ctid FROM parley.blobs WHERE run_id = ANY(%(runs)s::text[]) LIMIT %(limit)s));

-- name: remove-writes
DELETE FROM langgraph.checkpoint_writes
 WHERE ctid = ANY(ARRAY(SELECT ctid FROM langgraph.checkpoint_writes WHERE thread_id = ANY(%(runs)s::text[]) LIMIT %(limit)s));

-- name: remove-checkpoint-blobs
DELETE FROM langgraph.checkpoint_blobs
 WHERE ctid = ANY(ARRAY(SELECT ctid FROM langgraph.checkpoint_blobs WHERE thread_id = ANY(%(runs)s::text[]) LIMIT %(limit)s));

-- name: remove-checkpoints
DELETE FROM langgraph.checkpoints
 WHERE ctid = ANY(ARRAY(SELECT ctid FROM langgraph.checkpoints WHERE thread_id = ANY(%(runs)s::text[]) LIMIT %(limit)s));

-- name: remove-notices
DELETE FROM parley.notices WHERE ctid = ANY(ARRAY(SELECT ctid FROM parley.notices WHERE run_id = ANY(%(runs)s::text[]) LIMIT %(limit)s));

-- name: remove-live
DELETE FROM parley.live WHERE ctid = ANY(ARRAY(SELECT ctid FROM parley.live WHERE run_id = ANY(%(runs)s::text[]) LIMIT %(limit)s));

-- name: oldest-needed
-- Events since then may be listened for yet: a run gets what came after its start. A faulted run may be retried.
SELECT min(created_at) FROM parley.runs WHERE status NOT IN ('completed', 'cancelled');

-- name: expire-events
-- Not one that a run or a schedule has to look at yet.
DELETE FROM parley.events WHERE ctid = ANY(ARRAY(
    SELECT e.ctid FROM parley.events e
     WHERE e.tenant_id = current_setting('app.tenant')
       AND e.received_at < least(now() - make_interval(secs => %(default_s)s), %(needed)s::timestamptz)
       AND NOT EXISTS (SELECT 1 FROM parley.arrivals a WHERE a.tenant_id = e.tenant_id AND a.number = e.seq)
       AND NOT EXISTS (SELECT 1 FROM parley.trigger_events n
                        WHERE n.tenant_id = e.tenant_id AND n.source = e.source AND n.event_id = e.id AND n.gathering IS NULL)
     ORDER BY e.received_at LIMIT %(limit)s
));

-- name: kept
-- How much there is of what retention removes, over all tenants: rows by the server's statistics, bytes with indexes.
SELECT c.relname, pg_stat_get_live_tuples(c.oid), pg_total_relation_size(c.oid)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE (n.nspname, c.relname) IN (('parley', 'runs'), ('parley', 'journal'), ('parley', 'blobs'), ('parley', 'events'), ('langgraph', 'checkpoints'))
 ORDER BY c.relname;
