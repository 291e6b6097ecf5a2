-- Documents fetched by address. The tenant comes from the transaction.

-- name: pin
-- Remember a document at its first use; return what it was then.
INSERT INTO parley.documents AS d (tenant_id, version_id, address, digest)
SELECT r.tenant_id, r.version_id, %(address)s, %(digest)s FROM parley.runs r WHERE r.id = %(run)s
ON CONFLICT (tenant_id, version_id, address) DO UPDATE SET digest = d.digest RETURNING d.digest;
