-- Instants are microseconds since 1970. Ids and digests are their bytes. Terms stand on lines of their own, with a line
-- break before the first and after the last. The tenant comes first in every key.

CREATE TABLE {schema}.store (
    id smallint PRIMARY KEY CHECK (id = 1),
    -- A part of the life of the store: positions of the feed are of one epoch.
    epoch bigint NOT NULL
);
INSERT INTO {schema}.store (id, epoch) VALUES (1, hashtextextended(gen_random_uuid()::text, 0));

-- How far the feed of a tenant goes, and up to where it was let go of.
CREATE TABLE {schema}.tenant (
    tenant text COLLATE "C" PRIMARY KEY,
    feed_floor bigint NOT NULL DEFAULT 0,
    feed_end bigint NOT NULL DEFAULT 0
);

CREATE TABLE {schema}.counter (
    tenant text COLLATE "C" NOT NULL,
    kind smallint NOT NULL CHECK (kind IN (1, 2)),
    value bigint NOT NULL,
    PRIMARY KEY (tenant, kind)
);

CREATE TABLE {schema}.record (
    tenant text COLLATE "C" NOT NULL,
    -- 1: incident, 2: problem.
    kind smallint NOT NULL CHECK (kind IN (1, 2)),
    -- Whether the stage is final.
    done smallint NOT NULL CHECK (done IN (0, 1)),
    rank smallint NOT NULL,
    major smallint NOT NULL CHECK (major IN (0, 1)),
    id bytea NOT NULL CHECK (octet_length(id) = 16),
    version bigint NOT NULL CHECK (version > 0),
    due bigint,
    wake_at bigint,
    reported_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    -- The CRC-32 of the snapshot.
    checksum bigint NOT NULL,
    number text COLLATE "C" NOT NULL,
    stage text COLLATE "C" NOT NULL,
    label text COLLATE "C",
    priority text COLLATE "C" NOT NULL,
    grp text COLLATE "C",
    person text COLLATE "C",
    clock text COLLATE "C",
    -- The title with its salt, as JSON.
    title text NOT NULL,
    -- The terms that say who may see it, and how it stands.
    standing text COLLATE "C" NOT NULL,
    -- The record as JSON.
    snapshot text NOT NULL,
    PRIMARY KEY (tenant, kind, id),
    UNIQUE (tenant, number)
) WITH (fillfactor = 80);

-- One for each order. What is done for good stands apart from what is not.
CREATE INDEX by_rank ON {schema}.record (tenant, kind, done, rank, reported_at, id);
CREATE INDEX by_group ON {schema}.record (tenant, grp, kind, done, rank, reported_at, id) WHERE grp IS NOT NULL;
CREATE INDEX by_group_due ON {schema}.record (tenant, grp, kind, done, due, id) WHERE grp IS NOT NULL AND due IS NOT NULL;
CREATE INDEX by_person ON {schema}.record (tenant, person, kind, done, rank, reported_at, id) WHERE person IS NOT NULL;
CREATE INDEX by_due ON {schema}.record (tenant, kind, done, due, id) WHERE due IS NOT NULL;
CREATE INDEX by_undue ON {schema}.record (tenant, kind, done, reported_at, id) WHERE due IS NULL;
CREATE INDEX by_report ON {schema}.record (tenant, kind, done, reported_at DESC, id);
CREATE INDEX by_update ON {schema}.record (tenant, kind, stage, updated_at DESC, id);
-- Across tenants.
CREATE INDEX by_wake ON {schema}.record (wake_at, kind, id, tenant) WHERE wake_at IS NOT NULL;

-- The terms that say what a record is about: they change when its facts do.
CREATE TABLE {schema}.subject (
    tenant text COLLATE "C" NOT NULL,
    kind smallint NOT NULL,
    id bytea NOT NULL,
    terms text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, kind, id)
);

-- Every term of every record, but those of whoever sees everything.
CREATE TABLE {schema}.term (
    tenant text COLLATE "C" NOT NULL,
    term text COLLATE "C" NOT NULL,
    kind smallint NOT NULL,
    id bytea NOT NULL,
    PRIMARY KEY (tenant, term, kind, id)
);

CREATE TABLE {schema}.event (
    tenant text COLLATE "C" NOT NULL,
    kind smallint NOT NULL,
    id bytea NOT NULL,
    sequence bigint NOT NULL CHECK (sequence > 0),
    checksum bigint NOT NULL,
    json text NOT NULL,
    PRIMARY KEY (tenant, kind, id, sequence)
);

-- Every write. It gets its place when the feed is read after it was committed: the places of a tenant have no gaps,
-- and what is committed late gets a late place.
CREATE TABLE {schema}.feed (
    tenant text COLLATE "C" NOT NULL,
    arrival bigint GENERATED ALWAYS AS IDENTITY,
    place bigint,
    kind smallint NOT NULL,
    id bytea NOT NULL,
    first bigint NOT NULL,
    last bigint NOT NULL,
    -- When it was recorded.
    at bigint NOT NULL,
    -- Who could see the record before, if that changed.
    standing_before text COLLATE "C",
    PRIMARY KEY (tenant, arrival)
);
CREATE UNIQUE INDEX by_place ON {schema}.feed (tenant, place) WHERE place IS NOT NULL;
CREATE INDEX unplaced ON {schema}.feed (tenant, arrival) WHERE place IS NULL;

CREATE TABLE {schema}.consumer (
    tenant text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    place bigint NOT NULL,
    PRIMARY KEY (tenant, name)
);

CREATE TABLE {schema}.answer (
    tenant text COLLATE "C" NOT NULL,
    command bytea NOT NULL CHECK (octet_length(command) = 16),
    at bigint NOT NULL,
    salt bytea,
    intent bytea NOT NULL CHECK (octet_length(intent) = 32),
    -- What it did to which records, as JSON.
    touched text NOT NULL,
    policy_version bigint,
    policy_digest bytea,
    -- Whether it made a record, and stays.
    maker smallint NOT NULL,
    -- The record that it read and left as it was.
    read bytea,
    PRIMARY KEY (tenant, command)
);
CREATE INDEX forgettable ON {schema}.answer (at) WHERE maker = 0;
CREATE INDEX answer_by_read ON {schema}.answer (tenant, read) WHERE read IS NOT NULL;

CREATE TABLE {schema}.document (
    tenant text COLLATE "C" NOT NULL,
    digest bytea NOT NULL CHECK (octet_length(digest) = 32),
    checksum bigint NOT NULL,
    json text NOT NULL,
    PRIMARY KEY (tenant, digest)
);

CREATE TABLE {schema}.publication (
    tenant text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    digest bytea NOT NULL,
    name text NOT NULL,
    -- Who published it, as JSON.
    publisher text NOT NULL,
    at bigint NOT NULL,
    command bytea NOT NULL,
    PRIMARY KEY (tenant, version),
    FOREIGN KEY (tenant, digest) REFERENCES {schema}.document (tenant, digest)
);

-- The second wall between tenants: whoever forgets to say whose rows are meant sees none. It holds for the owner, too.
-- What crosses tenants says so for as long as it does, and carries no content.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['tenant', 'counter', 'record', 'subject', 'term', 'event', 'feed', 'consumer', 'answer',
                                'document', 'publication'] LOOP
        EXECUTE format('ALTER TABLE {schema}.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE {schema}.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format($policy$
            CREATE POLICY of_tenant ON {schema}.%I
            USING (tenant = current_setting('andon.tenant', true)
                   OR current_setting('andon.across', true) = 'on')
            WITH CHECK (tenant = current_setting('andon.tenant', true)
                        OR current_setting('andon.across', true) = 'on')
        $policy$, name);
    END LOOP;
END
$$;
