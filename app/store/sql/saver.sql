-- LangGraph's checkpoints, many at once. The tenant comes from the transaction.

-- name: checkpoints
INSERT INTO langgraph.checkpoints (tenant_id, thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, checkpoint, metadata)
SELECT current_setting('app.tenant'), s.* FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::jsonb[], %s::jsonb[]) AS s
ON CONFLICT (tenant_id, thread_id, checkpoint_ns, checkpoint_id) DO UPDATE SET checkpoint = excluded.checkpoint, metadata = excluded.metadata;

-- name: blobs
INSERT INTO langgraph.checkpoint_blobs (tenant_id, thread_id, checkpoint_ns, channel, version, type, blob)
SELECT current_setting('app.tenant'), s.* FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bytea[]) AS s
ON CONFLICT DO NOTHING;

-- name: writes
INSERT INTO langgraph.checkpoint_writes (tenant_id, thread_id, checkpoint_ns, checkpoint_id, task_id, task_path, idx, channel, type, blob)
SELECT current_setting('app.tenant'), s.*
  FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::int[], %s::text[], %s::text[], %s::bytea[]) AS s
ON CONFLICT DO NOTHING;

-- name: special-writes
-- Writes LangGraph may repeat with another value (errors, interrupts, resumes): the last one counts.
INSERT INTO langgraph.checkpoint_writes (tenant_id, thread_id, checkpoint_ns, checkpoint_id, task_id, task_path, idx, channel, type, blob)
SELECT DISTINCT ON (s.thread_id, s.checkpoint_ns, s.checkpoint_id, s.task_id, s.idx) current_setting('app.tenant'), s.thread_id, s.checkpoint_ns,
       s.checkpoint_id, s.task_id, s.task_path, s.idx, s.channel, s.type, s.blob
  FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::int[], %s::text[], %s::text[], %s::bytea[])
       WITH ORDINALITY AS s(thread_id, checkpoint_ns, checkpoint_id, task_id, task_path, idx, channel, type, blob, n)
 ORDER BY s.thread_id, s.checkpoint_ns, s.checkpoint_id, s.task_id, s.idx, s.n DESC
ON CONFLICT (tenant_id, thread_id, checkpoint_ns, checkpoint_id, task_id, idx)
DO UPDATE SET channel = excluded.channel, type = excluded.type, blob = excluded.blob;

-- name: forget-checkpoints
DELETE FROM langgraph.checkpoints WHERE thread_id = ANY(%(threads)s::text[]);

-- name: forget-blobs
DELETE FROM langgraph.checkpoint_blobs WHERE thread_id = ANY(%(threads)s::text[]);

-- name: forget-writes
DELETE FROM langgraph.checkpoint_writes WHERE thread_id = ANY(%(threads)s::text[]);

-- name: keep-latest-checkpoints
DELETE FROM langgraph.checkpoints c
 WHERE c.thread_id = ANY(%(threads)s::text[])
   AND EXISTS (SELECT 1 FROM langgraph.checkpoints newer
                WHERE newer.thread_id = c.thread_id AND newer.checkpoint_ns = c.checkpoint_ns AND newer.checkpoint_id > c.checkpoint_id);

-- name: keep-latest-writes
DELETE FROM langgraph.checkpoint_writes w
 WHERE w.thread_id = ANY(%(threads)s::text[])
   AND NOT EXISTS (SELECT 1 FROM langgraph.checkpoints c
                    WHERE c.thread_id = w.thread_id AND c.checkpoint_ns = w.checkpoint_ns AND c.checkpoint_id = w.checkpoint_id);

-- name: keep-latest-blobs
DELETE FROM langgraph.checkpoint_blobs b
 WHERE b.thread_id = ANY(%(threads)s::text[])
   AND NOT EXISTS (SELECT 1 FROM langgraph.checkpoints c
                    WHERE c.thread_id = b.thread_id AND c.checkpoint_ns = b.checkpoint_ns
                      AND c.checkpoint -> 'channel_versions' ->> b.channel = b.version);

-- name: forget-parents
UPDATE langgraph.checkpoints c SET parent_checkpoint_id = NULL
 WHERE c.thread_id = ANY(%(threads)s::text[]) AND c.parent_checkpoint_id IS NOT NULL
   AND NOT EXISTS (SELECT 1 FROM langgraph.checkpoints p
                    WHERE p.thread_id = c.thread_id AND p.checkpoint_ns = c.checkpoint_ns AND p.checkpoint_id = c.parent_checkpoint_id);
