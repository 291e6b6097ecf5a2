-- What agents remember. `memories` is the record with its history; `memory_search` holds what living ones are found by, and nothing else,
-- so that its rows are narrow and noting that a memory was used touches no index of vectors.
CREATE TABLE parley.memories (
    tenant_id     text NOT NULL REFERENCES parley.tenants,
    id            text NOT NULL,
    owner_id      text NOT NULL DEFAULT '', -- '': the whole tenant's
    kind          text NOT NULL CHECK (kind IN ('fact', 'preference', 'example', 'function', 'document')),
    subject       text NOT NULL DEFAULT '', -- what it is about, when a newer one about the same replaces it
    text          text NOT NULL,
    data          json,
    provenance    json NOT NULL, -- {source, by, conversation, message, run, document}
    confidence    real NOT NULL DEFAULT 1 CHECK (confidence BETWEEN 0 AND 1),
    expires_at    timestamptz,
    superseded_by text, -- the newer memory that took its place
    superseded_at timestamptz,
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    used_at       timestamptz,
    uses          integer NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, id)
) WITH (fillfactor = 90);
CREATE UNIQUE INDEX memories_once ON parley.memories (tenant_id, owner_id, kind, subject, md5(text)) WHERE superseded_at IS NULL;
CREATE INDEX memories_newest ON parley.memories (tenant_id, kind, owner_id, created_at, id) WHERE superseded_at IS NULL;
CREATE INDEX memories_by_age ON parley.memories (tenant_id, created_at, id);
CREATE INDEX memories_replaced ON parley.memories (tenant_id, superseded_by) WHERE superseded_by IS NOT NULL;
CREATE INDEX memories_expiring ON parley.memories (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE parley.memory_search (
    tenant_id  text NOT NULL,
    memory_id  text NOT NULL,
    owner_id   text NOT NULL,
    kind       text NOT NULL,
    expires_at timestamptz,
    words      tsvector NOT NULL, -- and whose it is, '@tenant/owner': an index of words alone would be read for all tenants
    model      text NOT NULL DEFAULT '', -- '': waits for its vector
    dim        smallint NOT NULL DEFAULT 0,
    embedding  {vectors}.halfvec,
    PRIMARY KEY (tenant_id, memory_id),
    FOREIGN KEY (tenant_id, memory_id) REFERENCES parley.memories (tenant_id, id) ON DELETE CASCADE
);
ALTER TABLE parley.memory_search ALTER COLUMN embedding SET STORAGE MAIN; -- beside the row: a scan reads thousands
CREATE INDEX memory_search_visible ON parley.memory_search (tenant_id, owner_id, kind, model);
CREATE INDEX memory_search_by_model ON parley.memory_search (model); -- no more columns: scans of a tenant would take it and read all kinds
CREATE INDEX memory_search_words ON parley.memory_search USING gin (words) WITH (fastupdate = off);

-- Words that many memories of a large tenant hold: they find nothing, and looking for them costs most. Read by `memory_words` alone.
CREATE TABLE parley.memory_common (
    tenant_id text NOT NULL,
    word      text NOT NULL, -- '': the row that counts the tenant's memories
    share     real NOT NULL,
    counted   bigint NOT NULL DEFAULT 0,
    at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant_id, word)
);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['memories', 'memory_search', 'memory_common']
    LOOP
        EXECUTE format('ALTER TABLE parley.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE parley.%I FORCE ROW LEVEL SECURITY', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['memories', 'memory_search']
    LOOP
        EXECUTE format(
            'CREATE POLICY own ON parley.%1$I TO parley_app USING (%2$s) WITH CHECK (%2$s)', name,
            -- each in a SELECT of its own: looked up once a statement, not once a row (a third of the time of a scan)
            'tenant_id = (SELECT current_setting(''app.tenant'', true)) AND owner_id IN ('''', (SELECT current_setting(''app.user'', true)))');
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON parley.%I TO parley_app', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['memory_search', 'memory_common']
    LOOP
        EXECUTE format('CREATE POLICY all_tenants ON parley.%I TO parley_worker USING (true) WITH CHECK (true)', name);
    END LOOP;
END $$;
GRANT SELECT ON parley.memory_search TO parley_worker;
GRANT SELECT, INSERT, DELETE ON parley.memory_common TO parley_worker;
GRANT SELECT ON parley.memories TO parley_worker;
CREATE POLICY all_tenants ON parley.memories TO parley_worker USING (true) WITH CHECK (true);
GRANT CREATE ON SCHEMA parley TO parley_worker;

-- A text as one word of a query; `memory_word`: a longer one finds what begins with it.
CREATE FUNCTION parley.memory_quoted(p_word text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT '''' || replace(replace(p_word, '\', '\\'), '''', '''''') || ''''
$$;
CREATE FUNCTION parley.memory_word(p_word text) RETURNS text LANGUAGE sql IMMUTABLE SET search_path = parley, pg_temp AS $$
    SELECT memory_quoted(p_word) || CASE WHEN length(p_word) > 4 THEN ':*' ELSE '' END
$$;

-- How many rows somebody sees, up to p_most + 1: whether to look at each or to ask the index.
CREATE FUNCTION parley.memory_visible(p_tenant text, p_user text, p_kinds text[], p_most integer) RETURNS integer
    LANGUAGE sql STABLE SET search_path = parley, pg_temp AS $$
    SELECT count(*)::integer FROM (
        SELECT FROM memory_search
         WHERE tenant_id = p_tenant AND owner_id = ANY (ARRAY['', p_user]) AND kind = ANY (p_kinds) LIMIT p_most + 1) seen
$$;

-- The nearest by cosine. Few rows are looked at one by one, exactly; for many the index is walked until enough of them are somebody's own.
-- n rows of N cost n one way and N / n the other: they are few up to some multiple of the root of N, and never above p_exact.
-- The policies of the caller hold: it runs as whoever calls it.
CREATE FUNCTION parley.memory_near(p_kinds text[], p_model text, p_vector text, p_limit integer, p_exact integer)
    RETURNS TABLE (memory_id text, similarity real)
    LANGUAGE plpgsql STABLE
    SET search_path = parley, {vectors}, pg_temp
    SET enable_sort = off SET jit = off -- only the index of vectors gives rows in order: it is used, whatever the planner thinks of the tenant
    SET hnsw.ef_search = 300 SET hnsw.iterative_scan = relaxed_order SET hnsw.max_scan_tuples = 20000 SET hnsw.scan_mem_multiplier = 4
    AS $$
DECLARE
    seeing text := coalesce(current_setting('app.user', true), '');
    whose  text := current_setting('app.tenant', true);
    wanted halfvec := p_vector::halfvec;
    few    integer := least(p_exact, 1000 + 20 * sqrt((SELECT greatest(c.reltuples, 0) FROM pg_class c WHERE c.oid = 'memory_search'::regclass)));
BEGIN
    IF wanted IS NULL THEN
        RETURN;
    ELSIF memory_visible(whose, seeing, p_kinds, few) <= few THEN
        RETURN QUERY
        SELECT s.memory_id, (1 - (s.embedding <=> wanted))::real FROM memory_search s
         WHERE s.tenant_id = whose AND s.owner_id = ANY (ARRAY['', seeing]) AND s.kind = ANY (p_kinds) AND s.model = p_model
           AND (s.expires_at IS NULL OR s.expires_at > statement_timestamp())
         ORDER BY s.embedding <=> wanted LIMIT p_limit;
    ELSE
        RETURN QUERY EXECUTE format($q$
            SELECT s.memory_id, (1 - (s.embedding::halfvec(%1$s) <=> $1::halfvec(%1$s)))::real FROM memory_search s
             WHERE s.dim = %1$s AND s.tenant_id = $2 AND s.owner_id = ANY (ARRAY['', $3]) AND s.kind = ANY ($4) AND s.model = $5
               AND (s.expires_at IS NULL OR s.expires_at > statement_timestamp())
             ORDER BY s.embedding::halfvec(%1$s) <=> $1::halfvec(%1$s) LIMIT $6$q$, vector_dims(wanted))
        USING wanted, whose, seeing, p_kinds, p_model, p_limit;
    END IF;
END $$;

-- Those that hold words of p_words; as the role that may, since no policy lets an index of words be used. It keeps to the caller's
-- tenant and user itself. In a large tenant the rarest words decide, as many as find about p_most rows.
CREATE FUNCTION parley.memory_words(p_kinds text[], p_words text[], p_limit integer, p_exact integer, p_most integer)
    RETURNS TABLE (memory_id text, rank real)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = parley, pg_temp AS $$
DECLARE
    seeing text := coalesce(current_setting('app.user', true), '');
    whose  text := current_setting('app.tenant', true);
    counts bigint := coalesce((SELECT c.counted FROM memory_common c WHERE c.tenant_id = whose AND c.word = ''), 0);
    query  tsquery;
    rare   tsquery;
BEGIN
    SELECT string_agg(memory_word(w), ' | ')::tsquery INTO query FROM unnest(p_words) w;
    IF whose IS NULL OR query IS NULL THEN
        RETURN;
    ELSIF memory_visible(whose, seeing, p_kinds, p_exact) <= p_exact THEN
        RETURN QUERY
        SELECT s.memory_id, ts_rank(s.words, query) FROM memory_search s
         WHERE s.tenant_id = whose AND s.owner_id = ANY (ARRAY['', seeing]) AND s.kind = ANY (p_kinds)
           AND (s.expires_at IS NULL OR s.expires_at > statement_timestamp()) AND (s.words @@ query) IS TRUE
         ORDER BY 2 DESC, 1 DESC LIMIT p_limit;
        RETURN;
    END IF;
    WITH shares AS (
        SELECT w AS word, coalesce(sum(c.share), 0) AS share
          FROM unnest(p_words) w LEFT JOIN memory_common c
            ON c.tenant_id = whose AND (c.word = w OR (length(w) > 4 AND starts_with(c.word, w)))
         GROUP BY w
    ), running AS (
        SELECT word, sum(share) OVER (ORDER BY share, word) * counts AS matches FROM shares
    )
    SELECT string_agg(memory_word(word), ' | ')::tsquery INTO rare FROM running WHERE matches <= p_most;
    IF rare IS NULL THEN -- nothing but common words: those that hold the rarest of them together
        SELECT string_agg(memory_word(word), ' & ')::tsquery INTO rare FROM (
            SELECT w AS word FROM unnest(p_words) w LEFT JOIN memory_common c ON c.tenant_id = whose AND c.word = w
             GROUP BY w ORDER BY coalesce(sum(c.share), 0), w LIMIT 3) rarest;
    END IF;
    SELECT string_agg(memory_quoted(o), ' | ')::tsquery && rare INTO rare FROM unnest(ARRAY['@' || whose || '/', '@' || whose || '/' || seeing]) o;
    RETURN QUERY EXECUTE $q$ -- planned for these words: a plan for any words would not use their index
        SELECT f.memory_id, ts_rank(f.words, $1) FROM (
            SELECT s.memory_id, s.words FROM memory_search s
             WHERE s.words @@ $2 AND s.tenant_id = $3 AND s.owner_id = ANY (ARRAY['', $4]) AND s.kind = ANY ($5)
               AND (s.expires_at IS NULL OR s.expires_at > statement_timestamp())
             LIMIT $6) f
         ORDER BY 2 DESC, 1 DESC LIMIT $7$q$
    USING query, rare, whose, seeing, p_kinds, p_most, p_limit;
END $$;

-- Learn which words are common in the caller's tenant, from its newest p_sample memories.
CREATE FUNCTION parley.memory_learn(p_sample integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = parley, pg_temp AS $$
DECLARE
    whose   text := current_setting('app.tenant', true);
    counts  bigint := (SELECT count(*) FROM memory_search s WHERE s.tenant_id = whose);
    sampled real := least(counts, p_sample);
BEGIN
    DELETE FROM memory_common WHERE tenant_id = whose;
    INSERT INTO memory_common (tenant_id, word, share, counted) VALUES (whose, '', 1, counts);
    INSERT INTO memory_common (tenant_id, word, share)
    SELECT whose, word, ndoc / sampled FROM ts_stat(format(
        'SELECT words FROM parley.memory_search WHERE tenant_id = %L ORDER BY memory_id DESC LIMIT %s', whose, p_sample))
     WHERE ndoc > sampled / 1000 AND NOT starts_with(word, '@') ORDER BY ndoc DESC LIMIT 1000;
    RETURN counts;
END $$;

-- What is to be done about memories of all tenants, ids only: what has expired, and what waits for a vector of p_model.
CREATE FUNCTION parley.memory_due(p_model text, p_limit integer) RETURNS TABLE (tenant_id text, owner_id text, memory_id text, expired boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = parley, pg_temp AS $$
    (SELECT m.tenant_id, m.owner_id, m.id, true FROM memories m WHERE m.expires_at <= statement_timestamp() LIMIT p_limit)
    UNION ALL
    (SELECT s.tenant_id, s.owner_id, s.memory_id, false FROM memory_search s WHERE s.model < p_model LIMIT p_limit)
    UNION ALL
    (SELECT s.tenant_id, s.owner_id, s.memory_id, false FROM memory_search s WHERE s.model > p_model LIMIT p_limit)
$$;

-- How many memories of all tenants have a vector of which model; and tenants so large that their common words should be known, and are not.
CREATE FUNCTION parley.memory_models() RETURNS TABLE (model text, dim integer, counted bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = parley, pg_temp AS $$
    SELECT s.model, max(s.dim)::integer, count(*) FROM memory_search s GROUP BY s.model ORDER BY 3 DESC
$$;
CREATE FUNCTION parley.memory_unlearned(p_exact integer) RETURNS TABLE (tenant_id text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = parley, pg_temp AS $$
    SELECT s.tenant_id FROM memory_search s LEFT JOIN memory_common c ON c.tenant_id = s.tenant_id AND c.word = ''
     GROUP BY s.tenant_id, c.counted, c.at
    HAVING count(*) > p_exact
       AND (c.counted IS NULL OR count(*) NOT BETWEEN c.counted / 2 AND c.counted * 2 OR c.at < statement_timestamp() - interval '7 days')
$$;

DO $$
DECLARE
    signature text;
BEGIN
    FOREACH signature IN ARRAY ARRAY[
        'memory_words(text[], text[], integer, integer, integer)', 'memory_learn(integer)', 'memory_due(text, integer)', 'memory_models()',
        'memory_unlearned(integer)']
    LOOP
        EXECUTE format('ALTER FUNCTION parley.%s OWNER TO parley_worker', signature);
    END LOOP;
    FOREACH signature IN ARRAY ARRAY[
        'memory_words(text[], text[], integer, integer, integer)', 'memory_learn(integer)', 'memory_due(text, integer)', 'memory_models()',
        'memory_unlearned(integer)', 'memory_quoted(text)', 'memory_word(text)', 'memory_visible(text, text, text[], integer)',
        'memory_near(text[], text, text, integer, integer)']
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION parley.%s FROM PUBLIC', signature);
        EXECUTE format('GRANT EXECUTE ON FUNCTION parley.%s TO parley_app, parley_worker', signature);
    END LOOP;
END $$;
REVOKE CREATE ON SCHEMA parley FROM parley_worker;

-- The vectors of the built-in embedder; the index of another model's dimension is made when that model is first used.
CREATE INDEX memory_search_near_256 ON parley.memory_search
    USING hnsw ((embedding::{vectors}.halfvec(256)) {vectors}.halfvec_cosine_ops) WITH (m = 16, ef_construction = 64) WHERE dim = 256;
