-- Every statement runs as a role that sees one tenant and one user (row-level security, app.tenant and app.user): none names them.

-- name: lock_subject
-- Two notes about the same subject come one after the other.
SELECT pg_advisory_xact_lock(hashtextextended(concat_ws('/', current_setting('app.tenant'), %(owner)s::text, %(kind)s::text, %(subject)s::text), 0));

-- name: write
-- Keep one note; the same text again only counts as newer. What it replaces is superseded and no longer found.
WITH kept AS (
    INSERT INTO parley.memories AS m
        (tenant_id, id, owner_id, kind, subject, text, data, provenance, confidence, expires_at)
    SELECT current_setting('app.tenant'), %(id)s, %(owner)s, %(kind)s, %(subject)s, %(text)s, %(data)s, %(provenance)s, %(confidence)s,
           %(expires_at)s::timestamptz
     WHERE NOT EXISTS (SELECT FROM parley.memories WHERE id = %(id)s)
    ON CONFLICT (tenant_id, owner_id, kind, subject, md5(text)) WHERE superseded_at IS NULL
    DO UPDATE SET updated_at = clock_timestamp(), data = excluded.data, provenance = excluded.provenance,
                  confidence = greatest(m.confidence, excluded.confidence), expires_at = excluded.expires_at
    RETURNING m.*
), replaced AS (
    UPDATE parley.memories AS m SET superseded_by = kept.id, superseded_at = clock_timestamp() FROM kept
     WHERE m.superseded_at IS NULL AND m.id <> kept.id AND m.owner_id = kept.owner_id AND m.kind = kept.kind
       AND (m.id = %(replaces)s OR (kept.subject <> '' AND m.subject = kept.subject))
    RETURNING m.id
), unfound AS (
    DELETE FROM parley.memory_search s USING replaced WHERE s.memory_id = replaced.id
), findable AS (
    INSERT INTO parley.memory_search (tenant_id, memory_id, owner_id, kind, expires_at, words, model, dim, embedding)
    SELECT tenant_id, id, owner_id, kind, expires_at,
           array_to_tsvector(%(words)s::text[] || ARRAY['@' || tenant_id || '/' || owner_id]), %(model)s, %(dim)s, %(embedding)s FROM kept
    ON CONFLICT (tenant_id, memory_id) DO UPDATE SET expires_at = excluded.expires_at
)
SELECT * FROM kept;

-- name: search
-- Each group's nearest and its word matches, fused by reciprocal rank (Cormack, Clarke, Büttcher 2009: 1 / (60 + rank)).
SELECT g.name AS "group", f.score * m.confidence AS score, f.similarity, m.*
  FROM jsonb_to_recordset(%(groups)s::jsonb) AS g (name text, kinds text[], fill boolean)
 CROSS JOIN LATERAL (
    SELECT memory_id, sum(1.0 / (60 + place))::double precision AS score, max(similarity) AS similarity FROM (
        SELECT n.memory_id, n.similarity, row_number() OVER (ORDER BY n.similarity DESC, n.memory_id DESC) AS place
          FROM parley.memory_near(g.kinds, %(model)s, %(vector)s, %(candidates)s, %(exact)s) n -- none without a vector
         WHERE n.similarity >= %(floor)s
        UNION ALL
        SELECT w.memory_id, NULL, row_number() OVER (ORDER BY w.rank DESC, w.memory_id DESC)
          FROM parley.memory_words(g.kinds, %(words)s::text[], %(candidates)s, %(exact_words)s, %(most)s) w
        UNION ALL
        SELECT l.id, NULL, 1000000 + row_number() OVER (ORDER BY l.created_at DESC, l.id DESC) FROM (
            SELECT newest.* FROM unnest(g.kinds) k CROSS JOIN unnest(ARRAY['', current_setting('app.user', true)]) o CROSS JOIN LATERAL (
                SELECT p.id, p.created_at FROM parley.memories p
                 WHERE p.kind = k AND p.owner_id = o AND p.superseded_at IS NULL AND (p.expires_at IS NULL OR p.expires_at > clock_timestamp())
                 ORDER BY p.created_at DESC, p.id DESC LIMIT %(candidates)s) newest
             WHERE g.fill) l) found
     GROUP BY memory_id ORDER BY score DESC, memory_id DESC LIMIT %(candidates)s) f
  JOIN parley.memories m ON m.id = f.memory_id
 ORDER BY g.name, score DESC, m.id DESC;

-- name: living
SELECT m.* FROM parley.memories m
 WHERE m.superseded_at IS NULL AND (m.expires_at IS NULL OR m.expires_at > clock_timestamp()) AND m.kind = ANY (%(kinds)s)
   AND (%(before)s::text = '' OR (m.created_at, m.id) < (SELECT b.created_at, b.id FROM parley.memories b WHERE b.id = %(before)s))
   AND (%(words)s::text[] = '{}' OR EXISTS (SELECT FROM parley.memory_search s WHERE s.tenant_id = m.tenant_id AND s.memory_id = m.id
        AND s.words @@ (SELECT string_agg(parley.memory_word(w), ' & ')::tsquery FROM unnest(%(words)s::text[]) w)))
 ORDER BY m.created_at DESC, m.id DESC LIMIT %(limit)s;

-- name: get
SELECT * FROM parley.memories WHERE id = %(id)s;

-- name: history
WITH RECURSIVE chain AS (
    SELECT id FROM parley.memories WHERE id = %(id)s
    UNION
    SELECT m.id FROM parley.memories m JOIN chain ON m.superseded_by = chain.id
)
SELECT m.* FROM parley.memories m JOIN chain USING (id)
 ORDER BY m.superseded_at DESC NULLS FIRST, m.id DESC;

-- name: forget
-- With everything they replaced, else the older fact would be told again; `memory_search` follows by its foreign key.
WITH RECURSIVE chain AS (
    SELECT id FROM parley.memories WHERE id = ANY (%(ids)s)
    UNION
    SELECT m.id FROM parley.memories m JOIN chain ON m.superseded_by = chain.id
)
DELETE FROM parley.memories m USING chain WHERE m.id = chain.id;

-- name: forget_all
DELETE FROM parley.memories WHERE owner_id = %(owner)s;

-- name: forget_document
DELETE FROM parley.memories WHERE owner_id = %(owner)s AND kind = 'document'
   AND provenance->>'document' = %(document)s;

-- name: export
SELECT * FROM parley.memories
 WHERE (created_at, id) > (%(at)s::timestamptz, %(id)s::text)
 ORDER BY created_at, id LIMIT %(limit)s;

-- name: used
UPDATE parley.memories SET used_at = clock_timestamp(), uses = uses + 1
 WHERE id = ANY (%(ids)s);

-- name: due
SELECT * FROM parley.memory_due(%(model)s, %(limit)s) ORDER BY tenant_id, owner_id;

-- name: embed
UPDATE parley.memory_search SET embedding = %(embedding)s, dim = %(dim)s, model = %(model)s
 WHERE memory_id = %(id)s;

-- name: models
SELECT model, counted FROM parley.memory_models();

-- name: unlearned
SELECT tenant_id FROM parley.memory_unlearned(%(exact)s);

-- name: learn
SELECT parley.memory_learn(%(sample)s);
