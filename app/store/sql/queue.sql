-- Wake-ups in procrastinate's tables: at most one waiting "advance run X" a run.

-- name: enqueue
INSERT INTO queue.procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args)
SELECT coalesce('runs/' || left(md5(p.tenant_id), 16), 'runs'), 'advance', coalesce(p.priority, 50), a.run_id, a.run_id,
       jsonb_build_object('run_id', a.run_id)
  FROM unnest(%(runs)s::text[]) WITH ORDINALITY AS a(run_id, n) LEFT JOIN parley.places_of(%(runs)s::text[]) p ON p.run_id = a.run_id
 WHERE p.held IS NOT TRUE
 ORDER BY a.n
ON CONFLICT (queueing_lock) WHERE status = 'todo' DO NOTHING;

-- name: cancel
DELETE FROM queue.procrastinate_jobs WHERE queueing_lock = %(run)s AND status = 'todo';

-- name: fetch
SELECT job, run FROM queue.parley_fetch(%(worker)s::bigint, %(count)s::int, %(most)s::int);

-- name: drop-unknown
DELETE FROM queue.procrastinate_jobs
 WHERE worker_id = %(worker)s AND status = 'doing' AND id <> ALL(%(known)s::bigint[])
RETURNING lock;

-- name: drop
DELETE FROM queue.procrastinate_jobs WHERE id = ANY(%(jobs)s::bigint[]);

-- name: drop-stalled
-- Jobs of workers that fell silent: dropped, not repeated, since the sweep over `runs` finds every run that lost its worker.
DELETE FROM queue.procrastinate_jobs j
 WHERE j.status = 'doing'
   AND NOT EXISTS (SELECT 1 FROM queue.procrastinate_workers w
                    WHERE w.id = j.worker_id AND w.last_heartbeat > now() - make_interval(secs => %(silent_s)s));

-- name: drop-taken
-- What a worker that lost these runs' leases had taken: in the way of the wake-up for the next one.
DELETE FROM queue.procrastinate_jobs WHERE lock = ANY(%(runs)s::text[]) AND status = 'doing';

-- The same for the queue on tables of our own.

-- name: ask
INSERT INTO queue.wakeups (run_id, turn, priority)
SELECT a.run_id, coalesce(left(md5(p.tenant_id), 16), ''), coalesce(p.priority, 50)
  FROM unnest(%(runs)s::text[]) WITH ORDINALITY AS a(run_id, n) LEFT JOIN parley.places_of(%(runs)s::text[]) p ON p.run_id = a.run_id
 WHERE p.held IS NOT TRUE
 ORDER BY a.n
ON CONFLICT (run_id) WHERE owner IS NULL DO NOTHING;

-- name: take
SELECT job, run FROM queue.take_wakeups(%(owner)s, %(count)s::int, %(most)s::int);

-- name: forget-asked
DELETE FROM queue.wakeups WHERE run_id = %(run)s AND owner IS NULL;

-- name: forget-done
DELETE FROM queue.wakeups WHERE id = ANY(%(jobs)s::bigint[]) AND owner = %(owner)s;

-- name: forget-taken
DELETE FROM queue.wakeups WHERE run_id = ANY(%(runs)s::text[]) AND owner IS NOT NULL;

-- name: forget-unknown
DELETE FROM queue.wakeups WHERE owner = %(owner)s AND id <> ALL(%(known)s::bigint[]) RETURNING run_id;

-- name: claimer-here
INSERT INTO queue.claimers (owner) VALUES (%(owner)s) ON CONFLICT (owner) DO UPDATE SET seen_at = now();

-- name: forget-silent
-- What claimers that fell silent had taken: dropped, not repeated, since the sweep over `runs` finds every run that lost its worker.
WITH silent AS (
    DELETE FROM queue.claimers WHERE seen_at < now() - make_interval(secs => %(silent_s)s) RETURNING owner
)
DELETE FROM queue.wakeups w WHERE w.owner IS NOT NULL
   AND (w.owner IN (SELECT owner FROM silent) OR NOT EXISTS (SELECT 1 FROM queue.claimers c WHERE c.owner = w.owner));

-- name: claimer-gone
WITH gone AS (DELETE FROM queue.claimers WHERE owner = %(owner)s)
DELETE FROM queue.wakeups WHERE owner = %(owner)s;
