-- Wake-ups in procrastinate's tables: at most one waiting "advance run X" a run.

-- name: enqueue
INSERT INTO queue.procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args)
SELECT 'runs', 'advance', 0, run_id, run_id, jsonb_build_object('run_id', run_id) FROM unnest(%(runs)s::text[]) AS run_id
ON CONFLICT (queueing_lock) WHERE status = 'todo' DO NOTHING;

-- name: cancel
DELETE FROM queue.procrastinate_jobs WHERE queueing_lock = %(run)s AND status = 'todo';

-- name: fetch
-- Take up to so many, one after the other: the function is called once a row only because it is given the row's number.
SELECT j.id, j.args ->> 'run_id'
  FROM generate_series(1, %(count)s::int) AS n
 CROSS JOIN LATERAL queue.procrastinate_fetch_job_v2(%(queues)s::varchar[], (%(worker)s + 0 * n)::bigint) AS j
 WHERE j.id IS NOT NULL;

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
