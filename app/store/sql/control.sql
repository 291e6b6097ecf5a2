-- Whose turn it is, runs that stand still, runs that met mistakes of ours, and runs over which workers die.
-- The tenant comes from the transaction.

-- name: lock-lane
SELECT pg_advisory_xact_lock(hashtextextended('parley.lane:' || current_setting('app.tenant') || ':' || %(lane)s, 0));

-- name: admit
-- Let the next runs of a lane begin: the highest priority first, then the oldest, as long as fewer are under way than the run allows.
WITH next AS (
    SELECT id, lane_limit, priority, created_at FROM parley.runs WHERE lane = %(lane)s AND held AND status = 'ready'
     ORDER BY priority DESC, created_at, id LIMIT 1000 FOR UPDATE SKIP LOCKED
), ranked AS (
    SELECT id, lane_limit, row_number() OVER (ORDER BY priority DESC, created_at, id) AS place FROM next
), busy AS (
    SELECT count(*) AS n FROM parley.runs
     WHERE lane = %(lane)s AND NOT held AND status IN ('ready', 'running', 'waiting', 'suspended')
)
UPDATE parley.runs r SET held = false, ready_at = clock_timestamp()
  FROM ranked, busy WHERE r.id = ranked.id AND ranked.place + busy.n <= ranked.lane_limit
RETURNING r.id;

-- name: lanes-of
SELECT DISTINCT lane FROM parley.runs WHERE id = ANY(%(runs)s::text[]) AND lane IS NOT NULL ORDER BY lane;

-- name: suspend
-- Let a run stand still, as a person asked; not when the wish was taken back, or the run is to be cancelled.
UPDATE parley.runs SET status = 'suspended', suspend_requested = false, failures = 0, deaths = 0, owner = NULL, lease_until = NULL, wake_at = NULL
 WHERE id = %(run)s AND epoch = %(epoch)s AND status = 'running' AND suspend_requested AND NOT cancel_requested
RETURNING id;

-- name: mistaken
-- A mistake of ours: try again after a pause that grows; after so many in a row put the run aside.
UPDATE parley.runs
   SET failures = failures + 1,
       status = CASE WHEN failures + 1 >= %(most)s THEN 'stuck' ELSE 'waiting' END,
       reason = 'mistake',
       error = CASE WHEN failures + 1 >= %(most)s THEN %(error)s::json ELSE error END,
       wake_at = CASE WHEN failures + 1 >= %(most)s THEN NULL ELSE clock_timestamp() + make_interval(secs => power(2, failures) * %(pause_s)s) END,
       owner = NULL, lease_until = NULL
 WHERE id = %(run)s AND epoch = %(epoch)s AND status = 'running'
RETURNING status;

-- name: died
-- Put a run aside over which worker after worker has died.
UPDATE parley.runs SET status = 'stuck', reason = 'deaths', error = %(error)s::json, wake_at = NULL, owner = NULL, lease_until = NULL
 WHERE id = %(run)s AND epoch = %(epoch)s AND status = 'running'
RETURNING id;

-- name: step-back
-- Let a suspect wait until another one has been tried.
UPDATE parley.runs
   SET status = 'waiting', reason = 'suspect', wake_at = clock_timestamp() + make_interval(secs => %(pause_s)s), owner = NULL, lease_until = NULL
 WHERE id = %(run)s AND epoch = %(epoch)s AND status = 'running'
RETURNING id;

-- name: too-many-ready
-- Whether a tenant has more ready runs than it may.
SELECT EXISTS (SELECT 1 FROM parley.runs WHERE status = 'ready' OFFSET %(limit)s);
