-- The journal: what a run's steps gave, in the order they ended.

-- name: fence
-- Before rows of these runs are written, in a statement of its own, so that the next one sees what others did before: until the transaction
-- ends nobody takes one of the runs over (see `take-over`). No lock of a row: PostgreSQL logs those, a sixth of what a step writes.
SELECT pg_advisory_xact_lock_shared(hashtextextended(run, 0)) FROM unnest(%(runs)s::text[]) AS run;

-- name: take-over
-- Before runs are claimed: wait until nobody writes rows of theirs. Both take the locks in the order of the runs' ids.
SELECT pg_advisory_xact_lock(hashtextextended(run, 0)) FROM unnest(%(runs)s::text[]) AS run;

-- name: insert
-- Write rows of many runs of one tenant at once, after `fence`. Only runs that still carry the writer's epoch are written to; their ids come
-- back, and a run that is not among them has a new owner. Rows that are there already stay as they are.
WITH mine AS (
    SELECT * FROM unnest(%(runs)s::text[], %(epochs)s::int[]) AS m(run_id, epoch)
), held AS (
    SELECT r.id, r.epoch FROM parley.runs r JOIN mine m ON r.id = m.run_id AND r.epoch = m.epoch
     WHERE r.status = 'running'
), written AS (
    INSERT INTO parley.journal (tenant_id, run_id, path, attempt, kind, reference, status, output, context, has_context, goto, error,
                                started_at, ended_at, mark, sealed, large)
    SELECT current_setting('app.tenant'), s.run_id, s.path, s.attempt, s.kind, s.reference, s.status, s.output::json, s.context::json,
           s.has_context, s.goto, s.error::json, s.started_at, s.ended_at, s.mark, s.sealed,
           string_to_array(s.large, ',')
      FROM unnest(%(run_id)s::text[], %(epoch)s::int[], %(path)s::text[], %(attempt)s::int[], %(kind)s::text[], %(reference)s::text[], %(status)s::text[],
                  %(output)s::text[], %(context)s::text[], %(has_context)s::bool[], %(goto)s::text[], %(error)s::text[],
                  %(started_at)s::timestamptz[], %(ended_at)s::timestamptz[], %(mark)s::text[], %(sealed)s::bool[],
                  %(large)s::text[])
           WITH ORDINALITY AS s(run_id, epoch, path, attempt, kind, reference, status, output, context, has_context, goto, error, started_at,
                                ended_at, mark, sealed, large, n)
      JOIN held ON held.id = s.run_id AND held.epoch = s.epoch
     ORDER BY s.n
    ON CONFLICT DO NOTHING
)
SELECT id, epoch FROM held;

-- name: load
-- Every row of one run, oldest first. Values come as text: who reads them decodes them, in portions.
SELECT path, attempt, kind, reference, status, output::text, context::text, has_context, goto, error::text, started_at, ended_at, mark, sealed, large
  FROM parley.journal WHERE run_id = %(run)s ORDER BY seq;
