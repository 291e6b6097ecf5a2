-- What the chat shows, in the column names Chainlit's data layer speaks (quoted camelCase), each row with its tenant.
CREATE TABLE chat.users (
    tenant_id    text NOT NULL REFERENCES parley.tenants,
    "id"         uuid PRIMARY KEY,
    "identifier" text NOT NULL,
    "metadata"   jsonb NOT NULL DEFAULT '{}',
    "createdAt"  text,
    UNIQUE (tenant_id, "identifier")
);

CREATE TABLE chat.threads (
    tenant_id        text NOT NULL REFERENCES parley.tenants,
    "id"             uuid PRIMARY KEY,
    "createdAt"      text,
    "name"           text,
    "userId"         uuid REFERENCES chat.users ("id") ON DELETE CASCADE,
    "userIdentifier" text,
    "tags"           text[],
    "metadata"       jsonb
);

CREATE TABLE chat.steps (
    tenant_id       text NOT NULL REFERENCES parley.tenants,
    "id"            uuid PRIMARY KEY,
    "name"          text NOT NULL,
    "type"          text NOT NULL,
    "threadId"      uuid NOT NULL REFERENCES chat.threads ("id") ON DELETE CASCADE,
    "parentId"      uuid,
    "streaming"     boolean NOT NULL,
    "waitForAnswer" boolean,
    "isError"       boolean,
    "metadata"      jsonb,
    "tags"          text[],
    "input"         text,
    "output"        text,
    "createdAt"     text,
    "command"       text,
    "start"         text,
    "end"           text,
    "generation"    jsonb,
    "showInput"     text,
    "language"      text,
    "indent"        int,
    "defaultOpen"   boolean,
    "autoCollapse"  boolean,
    "modes"         jsonb
);

CREATE TABLE chat.elements (
    tenant_id      text NOT NULL REFERENCES parley.tenants,
    "id"           uuid PRIMARY KEY,
    "threadId"     uuid REFERENCES chat.threads ("id") ON DELETE CASCADE,
    "type"         text,
    "url"          text,
    "chainlitKey"  text,
    "name"         text NOT NULL,
    "display"      text,
    "objectKey"    text,
    "size"         text,
    "page"         int,
    "language"     text,
    "forId"        uuid,
    "mime"         text,
    "props"        jsonb,
    "autoPlay"     boolean,
    "playerConfig" jsonb
);

CREATE TABLE chat.feedbacks (
    tenant_id  text NOT NULL REFERENCES parley.tenants,
    "id"       uuid PRIMARY KEY,
    "forId"    uuid NOT NULL,
    "threadId" uuid NOT NULL REFERENCES chat.threads ("id") ON DELETE CASCADE,
    "value"    int NOT NULL,
    "comment"  text
);

CREATE INDEX steps_by_thread ON chat.steps ("threadId");
CREATE INDEX elements_by_thread ON chat.elements ("threadId");
CREATE INDEX feedbacks_by_thread ON chat.feedbacks ("threadId");
CREATE INDEX threads_by_user ON chat.threads ("userId");
