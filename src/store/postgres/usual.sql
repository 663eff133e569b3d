-- The usual commit: a record that is to be what it was, its events, its terms, the answer to its command, and its place among
-- what the feed is to tell. All is looked at as it is written, and need not be locked before: a commit that finds something
-- else writes nothing.
WITH written AS (
    UPDATE {schema}.record r SET
        version = $5, number = $6, stage = $7, done = $8, label = $9, rank = $10, priority = $11, major = $12, grp = $13,
        person = $14, clock = $15, due = $16, wake_at = $17, reported_at = $18, updated_at = $19, title = $20,
        standing = coalesce($21, r.standing), checksum = $22, snapshot = $23
    FROM {schema}.record b
    WHERE r.tenant = $1 AND r.kind = $2 AND r.id = $3 AND r.version = $4
      -- The same row: not how it was before somebody who was waited for.
      AND b.tenant = $1 AND b.kind = $2 AND b.id = $3 AND b.ctid = r.ctid
      AND coalesce((SELECT (p.version, p.digest) IS NOT DISTINCT FROM ($28, $29)
                    FROM {schema}.publication p WHERE p.tenant = $1 ORDER BY p.version DESC LIMIT 1), $28 IS NULL)
      AND NOT EXISTS (SELECT FROM {schema}.answer a WHERE a.tenant = $1 AND a.command = $30)
    -- How it stood before, if it stands otherwise now.
    RETURNING nullif(b.standing, r.standing) AS before, string_to_array(nullif(b.standing, r.standing), E'\n') AS gone,
              string_to_array($21, E'\n') AS come),
left_out AS (
    DELETE FROM {schema}.term t USING written w, unnest(w.gone) g (term)
    WHERE g.term <> ALL (w.come) AND t.tenant = $1 AND t.term = g.term AND t.kind = $2 AND t.id = $3),
borne AS (
    INSERT INTO {schema}.term (tenant, term, kind, id)
    SELECT $1, n.term, $2, $3 FROM written w, unnest(w.come) n (term)
    WHERE n.term <> ALL (w.gone) AND n.term NOT IN ('', 'everyone', 'problem:everyone')
    ON CONFLICT DO NOTHING),
logged AS (
    INSERT INTO {schema}.event (tenant, kind, id, sequence, checksum, json)
    SELECT $1, $2, $3, $24 + e.n - 1, e.checksum, e.json
    FROM written w, unnest($26, $27) WITH ORDINALITY e (checksum, json, n)),
answered AS (
    INSERT INTO {schema}.answer (tenant, command, at, salt, intent, touched, maker, read)
    SELECT $1, $30, $31, $32, $33, $34, $35, $36 FROM written),
fed AS (
    INSERT INTO {schema}.feed (tenant, kind, id, first, last, at, standing_before)
    SELECT $1, $2, $3, $24, $5, $25, w.before FROM written w)
SELECT FROM written
