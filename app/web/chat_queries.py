"""The longer statements of `chat_store.py`. `{}` takes a list of columns; values are always bound."""

from __future__ import annotations

ENSURE_USER = """
INSERT INTO chat.users (tenant_id, "id", "identifier", "metadata", "createdAt") VALUES (%s, %s, %s, '{}', %s) ON CONFLICT ("id") DO NOTHING
"""
PUT_USER = """
INSERT INTO chat.users (tenant_id, "id", "identifier", "metadata", "createdAt") VALUES (%s, %s, %s, %s, %s)
ON CONFLICT ("id") DO UPDATE SET "metadata" = excluded."metadata"
RETURNING "id", "identifier", "metadata", "createdAt"
"""
ENSURE_THREAD = """
INSERT INTO chat.threads (tenant_id, "id", "createdAt", "userId", "userIdentifier", "metadata") VALUES (%s, %s, %s, %s, %s, '{}')
ON CONFLICT ("id") DO NOTHING
"""
PUT_THREAD = """
UPDATE chat.threads
   SET "name" = coalesce(%s, "name"), "tags" = coalesce(%s::text[], "tags"),
       "metadata" = (coalesce("metadata", '{}') || %s) - %s::text[]
 WHERE "id" = %s
"""
THREADS = """
SELECT {} FROM chat.threads t
 WHERE t."userIdentifier" = %(who)s
   AND (%(after)s::uuid IS NULL
        OR (t."createdAt", t."id") < (SELECT a."createdAt", a."id" FROM chat.threads a WHERE a."id" = %(after)s))
   AND (%(search)s::text IS NULL OR t."name" ILIKE %(search)s
        OR EXISTS (SELECT FROM chat.steps s WHERE s."threadId" = t."id" AND s."output" ILIKE %(search)s))
   AND (%(feedback)s::int IS NULL
        OR EXISTS (SELECT FROM chat.feedbacks f WHERE f."threadId" = t."id" AND f."value" = %(feedback)s))
 ORDER BY t."createdAt" DESC, t."id" DESC LIMIT %(limit)s
"""
THREAD = 'SELECT {} FROM chat.threads t WHERE t."id" = %s'
STEPS = """
SELECT {}, f."id" AS feedback_id, f."value" AS feedback_value, f."comment" AS feedback_comment
  FROM chat.steps s LEFT JOIN chat.feedbacks f ON f."forId" = s."id"
 WHERE s."threadId" = %s ORDER BY s."createdAt"::timestamptz NULLS FIRST
"""
ELEMENT = 'SELECT {} FROM chat.elements e WHERE e."id" = %s'
ELEMENTS = 'SELECT {} FROM chat.elements e WHERE e."threadId" = %s ORDER BY e."id"'
STEP_OF = """
SELECT s."threadId" FROM chat.steps s JOIN chat.threads t ON t."id" = s."threadId" WHERE s."id" = %s AND t."userIdentifier" = %s
"""
DELETE_STEP = """
DELETE FROM chat.steps s USING chat.threads t WHERE t."id" = s."threadId" AND s."id" = %s AND t."userIdentifier" = %s
"""
DELETE_ELEMENT = """
DELETE FROM chat.elements e USING chat.threads t WHERE t."id" = e."threadId" AND e."id" = %s AND t."userIdentifier" = %s
"""
UPSERT = """
INSERT INTO chat.{table} (tenant_id, {columns}) VALUES (%(tenant_id)s, {places})
ON CONFLICT ("id") DO UPDATE SET {sets} WHERE chat.{table}."threadId" = excluded."threadId"
"""
