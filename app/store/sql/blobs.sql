-- Values that are too large for their row. The tenant comes from the transaction.

-- name: insert
-- Write values of many runs at once; the runs are not locked: the rows that refer to these are written in the same transaction, and are
-- refused when a run has a new owner.
INSERT INTO parley.blobs (tenant_id, run_id, digest, bytes, sealed, value)
SELECT current_setting('app.tenant'), s.run_id, s.digest, length(s.value), s.sealed, s.value
  FROM unnest(%(run_id)s::text[], %(epoch)s::int[], %(digest)s::text[], %(sealed)s::bool[], %(value)s::text[])
       AS s(run_id, epoch, digest, sealed, value)
  JOIN parley.runs r ON r.id = s.run_id AND r.epoch = s.epoch AND r.status = 'running'
ON CONFLICT DO NOTHING;

-- name: add
INSERT INTO parley.blobs (tenant_id, run_id, digest, bytes, sealed, value)
SELECT current_setting('app.tenant'), %(run)s, %(digest)s, length(v.value), %(sealed)s, v.value
  FROM (SELECT CAST(%(value)s AS text) AS value) v
ON CONFLICT DO NOTHING;

-- name: fetch
SELECT digest, value FROM parley.blobs WHERE tenant_id = current_setting('app.tenant') AND run_id = %(run)s AND digest = ANY(%(digests)s::text[]);

-- name: share
-- Give a new run what the rows that were copied to it refer to. Sealed values are sealed anew instead.
INSERT INTO parley.blobs (tenant_id, run_id, digest, bytes, sealed, value)
SELECT b.tenant_id, %(new)s, b.digest, b.bytes, false, b.value FROM parley.blobs b
 WHERE b.tenant_id = current_setting('app.tenant') AND b.run_id = %(old)s AND NOT b.sealed
   AND b.digest IN (SELECT j.output ->> 'blob' FROM parley.journal j WHERE j.run_id = %(new)s AND 'output' = ANY(j.large)
                    UNION SELECT j.context ->> 'blob' FROM parley.journal j WHERE j.run_id = %(new)s AND 'context' = ANY(j.large)
                    UNION SELECT j.error ->> 'blob' FROM parley.journal j WHERE j.run_id = %(new)s AND 'error' = ANY(j.large))
ON CONFLICT DO NOTHING;
