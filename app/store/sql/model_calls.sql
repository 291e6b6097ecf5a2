-- What models answered in conversations, and what that took. The tenant comes from the transaction.

-- name: reply
SELECT reply FROM parley.model_replies WHERE tenant_id = current_setting('app.tenant') AND thread_id = %(thread)s AND digest = %(digest)s;

-- name: keep
INSERT INTO parley.model_replies (tenant_id, thread_id, digest, reply, about)
VALUES (current_setting('app.tenant'), %(thread)s, %(digest)s, %(reply)s::jsonb, %(about)s::jsonb)
ON CONFLICT (tenant_id, thread_id, digest) DO UPDATE SET reply = excluded.reply, about = excluded.about, kept_at = excluded.kept_at;

-- name: spend
INSERT INTO parley.model_spending AS s (tenant_id, thread_id, hour, calls, input_tokens, output_tokens, money, unpriced)
VALUES (current_setting('app.tenant'), %(thread)s, date_trunc('hour', now(), 'UTC'), 1, %(input)s, %(output)s, coalesce(%(money)s::float8, 0),
        (%(money)s::float8 IS NULL)::int)
ON CONFLICT (tenant_id, thread_id, hour) DO UPDATE SET calls = s.calls + 1, input_tokens = s.input_tokens + excluded.input_tokens,
    output_tokens = s.output_tokens + excluded.output_tokens, money = s.money + excluded.money, unpriced = s.unpriced + excluded.unpriced;

-- name: spent
-- Of the conversation as long as it is remembered, of the tenant in the last 24 hours (begun hours count whole).
SELECT coalesce(sum(input_tokens + output_tokens) FILTER (WHERE thread_id = %(thread)s), 0)::bigint,
       coalesce(sum(money) FILTER (WHERE thread_id = %(thread)s), 0),
       coalesce(sum(input_tokens + output_tokens) FILTER (WHERE hour > now() - interval '25 hours'), 0)::bigint,
       coalesce(sum(money) FILTER (WHERE hour > now() - interval '25 hours'), 0)
  FROM parley.model_spending
 WHERE tenant_id = current_setting('app.tenant') AND (thread_id = %(thread)s OR hour > now() - interval '25 hours');

-- name: expire-replies
DELETE FROM parley.model_replies WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM parley.model_replies
     WHERE tenant_id = current_setting('app.tenant') AND kept_at < now() - make_interval(secs => %(kept_s)s) LIMIT %(limit)s
));

-- name: expire-spending
DELETE FROM parley.model_spending
 WHERE tenant_id = current_setting('app.tenant') AND hour < now() - make_interval(secs => %(kept_s)s);
