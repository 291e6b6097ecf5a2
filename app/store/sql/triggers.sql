-- Schedules: which triggers somebody should look at, and when the next one is due. Both look over all tenants and return ids, or a number.

-- name: due
SELECT tenant_id, trigger_id FROM parley.due_triggers(%(limit)s);

-- name: next
SELECT parley.next_trigger(%(limit_s)s);
