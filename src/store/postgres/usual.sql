-- The usual commit: a record that is to be what it was, its events, what changes of its terms, the answer to its command, and
-- what the feed is to tell. All is looked at as it is written, and need not be locked before: a commit that finds something
-- else writes nothing.
WITH written AS (
    UPDATE {schema}.record r SET
        version = $5, number = $6, stage = $7, done = $8, label = $9, rank = $10, priority = $11, major = $12, grp = $13,
        person = $14, clock = $15, due = $16, wake_at = $17, reported_at = $18, updated_at = $19, title = $20,
        checksum = $21, snapshot = $22, standing = $36
    FROM {schema}.record b
    WHERE r.tenant = $1 AND r.kind = $2 AND r.id = $3 AND r.version = $4 AND r.standing = $35
      -- The same row: not after somebody who was waited for, as one who mends what belongs to the record.
      AND b.tenant = $1 AND b.kind = $2 AND b.id = $3 AND b.ctid = r.ctid
      -- Within the transaction that was opened for it.
      AND current_setting('andon.tenant', true) = $1
      AND coalesce((SELECT (p.version, p.digest) IS NOT DISTINCT FROM ($27, $28)
                    FROM {schema}.publication p WHERE p.tenant = $1 ORDER BY p.version DESC LIMIT 1), $27 IS NULL)
    RETURNING r.id),
left_out AS (
    DELETE FROM {schema}.term t USING written w
    WHERE t.tenant = $1 AND t.term = ANY ($37) AND t.kind = $2 AND t.id = w.id),
borne AS (
    INSERT INTO {schema}.term (tenant, term, kind, id)
    SELECT $1, n.term, $2, w.id FROM written w, unnest($38) n (term)
    ON CONFLICT DO NOTHING),
logged AS (
    INSERT INTO {schema}.event (tenant, kind, id, sequence, checksum, json)
    SELECT $1, $2, w.id, $23 + e.n - 1, e.checksum, e.json
    FROM written w, unnest($25, $26) WITH ORDINALITY e (checksum, json, n)),
answered AS (
    INSERT INTO {schema}.answer (tenant, command, at, salt, intent, touched, maker)
    SELECT $1, $29, $30, $31, $32, $33, $34 FROM written),
fed AS (
    INSERT INTO {schema}.feed (tenant, kind, id, first, last, at, standing_before)
    SELECT $1, $2, w.id, $23, $5, $24, nullif($35, $36) FROM written w)
SELECT FROM written
