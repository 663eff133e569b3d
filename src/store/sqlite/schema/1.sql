-- Instants are microseconds since 1970. Ids and digests are their bytes. Terms stand on lines of their own, with a line
-- break before the first and after the last.

CREATE TABLE store (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    -- The life of the store: positions of the feed are of one epoch.
    epoch INTEGER NOT NULL
) STRICT;

CREATE TABLE tenant (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    -- Up to where the feed was let go of.
    feed_floor INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE counter (
    tenant INTEGER NOT NULL REFERENCES tenant,
    kind INTEGER NOT NULL,
    value INTEGER NOT NULL,
    PRIMARY KEY (tenant, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE record (
    slot INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL REFERENCES tenant,
    -- 1: incident, 2: problem.
    kind INTEGER NOT NULL CHECK (kind IN (1, 2)),
    id BLOB NOT NULL CHECK (length(id) = 16),
    number TEXT NOT NULL,
    version INTEGER NOT NULL,
    stage TEXT NOT NULL,
    -- Whether the stage is final.
    done INTEGER NOT NULL CHECK (done IN (0, 1)),
    label TEXT,
    rank INTEGER NOT NULL,
    priority TEXT NOT NULL,
    major INTEGER NOT NULL,
    grp TEXT,
    person TEXT,
    clock TEXT,
    due INTEGER,
    wake_at INTEGER,
    reported_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    -- The title with its salt, as JSON.
    title TEXT NOT NULL,
    -- The terms that say who may see it, and how it stands.
    standing TEXT NOT NULL,
    -- The CRC-32 of the snapshot, and the snapshot: the record as JSON.
    checksum INTEGER NOT NULL,
    snapshot TEXT NOT NULL,
    UNIQUE (tenant, kind, id),
    UNIQUE (tenant, number)
) STRICT;

-- One for each order. What is done for good stands apart from what is not.
CREATE INDEX by_rank ON record (tenant, kind, done, rank, reported_at, id);
CREATE INDEX by_group ON record (tenant, grp, kind, done, rank, reported_at, id) WHERE grp IS NOT NULL;
CREATE INDEX by_group_due ON record (tenant, grp, kind, done, due, id) WHERE grp IS NOT NULL AND due IS NOT NULL;
CREATE INDEX by_person ON record (tenant, person, kind, done, rank, reported_at, id) WHERE person IS NOT NULL;
CREATE INDEX by_due ON record (tenant, kind, done, due, id) WHERE due IS NOT NULL;
CREATE INDEX by_undue ON record (tenant, kind, done, reported_at, id) WHERE due IS NULL;
CREATE INDEX by_report ON record (tenant, kind, done, reported_at DESC, id);
-- Every command changes it in any case: that it goes by stage costs nothing, and finds the records of a stage.
CREATE INDEX by_update ON record (tenant, kind, stage, updated_at DESC, id);
-- Across tenants.
CREATE INDEX by_wake ON record (wake_at, kind, id, tenant) WHERE wake_at IS NOT NULL;

-- The terms that say what a record is about: they change when its facts do.
CREATE TABLE subject (
    record INTEGER PRIMARY KEY REFERENCES record,
    terms TEXT NOT NULL
) STRICT;

-- Every term of every record, but those of whoever sees everything.
CREATE TABLE term (
    tenant INTEGER NOT NULL REFERENCES tenant,
    term TEXT NOT NULL,
    record INTEGER NOT NULL REFERENCES record,
    PRIMARY KEY (tenant, term, record)
) STRICT, WITHOUT ROWID;

CREATE TABLE event (
    record INTEGER NOT NULL REFERENCES record,
    sequence INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (record, sequence)
) STRICT, WITHOUT ROWID;

-- Every write, in the order of the commits.
CREATE TABLE feed (
    tenant INTEGER NOT NULL REFERENCES tenant,
    place INTEGER NOT NULL,
    record INTEGER NOT NULL REFERENCES record,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    -- When it was recorded.
    at INTEGER NOT NULL,
    -- Who could see the record before, if that changed.
    standing_before TEXT,
    PRIMARY KEY (tenant, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE consumer (
    tenant INTEGER NOT NULL REFERENCES tenant,
    name TEXT NOT NULL,
    place INTEGER NOT NULL,
    PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE answer (
    tenant INTEGER NOT NULL REFERENCES tenant,
    command BLOB NOT NULL CHECK (length(command) = 16),
    at INTEGER NOT NULL,
    salt BLOB,
    intent BLOB NOT NULL CHECK (length(intent) = 32),
    -- What it did to which records, as JSON.
    touched TEXT NOT NULL,
    policy_version INTEGER,
    policy_digest BLOB,
    -- Whether it made a record, and stays.
    maker INTEGER NOT NULL,
    -- The record that it read and left as it was.
    read BLOB,
    PRIMARY KEY (tenant, command)
) STRICT, WITHOUT ROWID;

CREATE INDEX forgettable ON answer (at) WHERE maker = 0;
CREATE INDEX answer_by_read ON answer (tenant, read) WHERE read IS NOT NULL;

CREATE TABLE document (
    tenant INTEGER NOT NULL REFERENCES tenant,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    checksum INTEGER NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (tenant, digest)
) STRICT, WITHOUT ROWID;

CREATE TABLE publication (
    tenant INTEGER NOT NULL REFERENCES tenant,
    version INTEGER NOT NULL,
    digest BLOB NOT NULL,
    name TEXT NOT NULL,
    -- Who published it, as JSON.
    publisher TEXT NOT NULL,
    at INTEGER NOT NULL,
    command BLOB NOT NULL,
    PRIMARY KEY (tenant, version),
    FOREIGN KEY (tenant, digest) REFERENCES document (tenant, digest)
) STRICT, WITHOUT ROWID;
