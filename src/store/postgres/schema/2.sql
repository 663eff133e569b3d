-- The functions through which the library goes where more than one thing is to be looked at: each is one statement, and says
-- first whose rows are meant.

-- The life of the store: a dump that is restored is on another server or has tables of its own, and a server that goes on
-- from a backup, or in another's place, has another timeline.
CREATE FUNCTION {schema}.epoch() RETURNS bigint LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT hashtextextended(concat_ws('/', s.epoch, '{schema}.feed'::regclass::oid,
                                              (pg_control_system()).system_identifier,
                                              CASE WHEN pg_is_in_recovery()
                                                   THEN lpad(to_hex((pg_control_checkpoint()).timeline_id), 8, '0')
                                                   ELSE lower(left(pg_walfile_name(pg_current_wal_lsn()), 8)) END), 0)
            FROM {schema}.store s);
END
$$;

-- Sees that nothing in this transaction waits longer for a lock than so many milliseconds.
CREATE FUNCTION {schema}.wait_at_most(patience bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF patience IS NOT NULL THEN
        PERFORM set_config('lock_timeout', patience::text, true);
    END IF;
END
$$;

-- What a command needs: the record, if it was there, an earlier answer, and the policy in force. A function that is called
-- in an expression costs less than one in a statement: that is why settings are assigned to something.
CREATE FUNCTION {schema}.load(
    of_tenant text, of_kind smallint, of_id bytea, of_number text, of_command bytea,
    OUT kind smallint, OUT id bytea, OUT standing text, OUT version bigint, OUT checksum bigint, OUT snapshot text,
    OUT at bigint, OUT salt bytea, OUT intent bytea, OUT touched text, OUT answer_version bigint, OUT answer_digest bytea,
    OUT policy_version bigint, OUT policy_digest bytea)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    setting text := set_config('andon.tenant', of_tenant, true);
BEGIN
    IF of_number IS NOT NULL THEN
        SELECT r.kind, r.id INTO of_kind, of_id
        FROM {schema}.record r WHERE r.tenant = of_tenant AND r.number = of_number;
    END IF;
    SELECT r.kind, r.id, r.standing, r.version, r.checksum, r.snapshot,
           a.at, a.salt, a.intent, a.touched, a.policy_version, a.policy_digest, p.version, p.digest
    INTO kind, id, standing, version, checksum, snapshot, at, salt, intent, touched, answer_version, answer_digest,
         policy_version, policy_digest
    FROM (VALUES (1)) one (n)
    LEFT JOIN {schema}.record r ON r.tenant = of_tenant AND r.kind = of_kind AND r.id = of_id
    LEFT JOIN {schema}.answer a ON a.tenant = of_tenant AND a.command = of_command
    LEFT JOIN LATERAL (
        SELECT p.version, p.digest FROM {schema}.publication p
        WHERE p.tenant = of_tenant ORDER BY p.version DESC LIMIT 1
    ) p ON true;
END
$$;

-- Brings the terms by which a record is found from one text to another.
CREATE FUNCTION {schema}.mark(of_tenant text, of_kind smallint, of_id bytea, before text, after text)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    gone text[] := string_to_array(before, E'\n');
    come text[] := string_to_array(after, E'\n');
BEGIN
    WITH left_out AS (
        DELETE FROM {schema}.term t USING unnest(gone) g (term)
        WHERE g.term <> ALL (come) AND t.tenant = of_tenant AND t.term = g.term AND t.kind = of_kind AND t.id = of_id)
    INSERT INTO {schema}.term (tenant, term, kind, id)
    SELECT of_tenant, n.term, of_kind, of_id FROM unnest(come) n (term)
    WHERE n.term <> ALL (gone) AND n.term NOT IN ('', 'everyone', 'problem:everyone')
    ON CONFLICT DO NOTHING;
END
$$;

-- Writes records that are as they are expected, and their events, and puts each write into the feed. The events of one record
-- stand together, in the order of the records. Ends with the first record that is not as it is expected, and says whether
-- there is none.
CREATE FUNCTION {schema}.write(
    of_tenant text,
    kinds smallint[], ids bytea[], expected bigint[], versions bigint[], numbers text[], stages text[], dones smallint[],
    labels text[], ranks smallint[], priorities text[], majors smallint[], groups text[], persons text[], clocks text[],
    dues bigint[], wakes bigint[], reports bigint[], updates bigint[], titles text[], standings text[], subjects text[],
    checksums bigint[], snapshots text[], firsts bigint[], lasts bigint[], ats bigint[],
    event_checksums bigint[], event_jsons text[])
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    come text[];
    told bigint := 0;
    until bigint;
    stood text;
    before text;
BEGIN
    FOR i IN 1 .. cardinality(ids) LOOP
        -- What is mended adds nothing to its log, nor to the feed.
        until := told + coalesce(lasts[i] - firsts[i] + 1, 0);
        IF expected[i] = 0 THEN
            come := string_to_array(concat(standings[i], subjects[i]), E'\n');
            WITH made AS (
                INSERT INTO {schema}.record (
                    tenant, kind, id, version, number, stage, done, label, rank, priority, major, grp, person, clock, due,
                    wake_at, reported_at, updated_at, title, standing, checksum, snapshot)
                VALUES (
                    of_tenant, kinds[i], ids[i], versions[i], numbers[i], stages[i], dones[i], labels[i], ranks[i],
                    priorities[i], majors[i], groups[i], persons[i], clocks[i], dues[i], wakes[i], reports[i], updates[i],
                    titles[i], coalesce(standings[i], ''), checksums[i], snapshots[i])),
            about AS (
                INSERT INTO {schema}.subject (tenant, kind, id, terms)
                VALUES (of_tenant, kinds[i], ids[i], coalesce(subjects[i], ''))),
            logged AS (
                INSERT INTO {schema}.event (tenant, kind, id, sequence, checksum, json)
                SELECT of_tenant, kinds[i], ids[i], firsts[i] + e.n - 1, e.checksum, e.json
                FROM unnest(event_checksums[told + 1 : until], event_jsons[told + 1 : until])
                     WITH ORDINALITY e (checksum, json, n)),
            fed AS (
                INSERT INTO {schema}.feed (tenant, kind, id, first, last, at)
                SELECT of_tenant, kinds[i], ids[i], firsts[i], lasts[i], ats[i] WHERE lasts[i] IS NOT NULL)
            INSERT INTO {schema}.term (tenant, term, kind, id)
            SELECT of_tenant, n.term, kinds[i], ids[i] FROM unnest(come) n (term)
            WHERE n.term NOT IN ('', 'everyone', 'problem:everyone')
            ON CONFLICT DO NOTHING;
        ELSE
            -- How it stands now, and still does when it is written.
            SELECT r.standing INTO stood FROM {schema}.record r
            WHERE r.tenant = of_tenant AND r.kind = kinds[i] AND r.id = ids[i] AND r.version = expected[i]
            FOR NO KEY UPDATE;
            IF NOT FOUND THEN
                RETURN false;
            END IF;
            UPDATE {schema}.record r SET
                version = versions[i], number = numbers[i], stage = stages[i], done = dones[i], label = labels[i],
                rank = ranks[i], priority = priorities[i], major = majors[i], grp = groups[i], person = persons[i],
                clock = clocks[i], due = dues[i], wake_at = wakes[i], reported_at = reports[i], updated_at = updates[i],
                title = titles[i], standing = coalesce(standings[i], r.standing), checksum = checksums[i],
                snapshot = snapshots[i]
            WHERE r.tenant = of_tenant AND r.kind = kinds[i] AND r.id = ids[i];
            IF standings[i] <> stood THEN
                PERFORM {schema}.mark(of_tenant, kinds[i], ids[i], stood, standings[i]);
            END IF;
            INSERT INTO {schema}.event (tenant, kind, id, sequence, checksum, json)
            SELECT of_tenant, kinds[i], ids[i], firsts[i] + e.n - 1, e.checksum, e.json
            FROM unnest(event_checksums[told + 1 : until], event_jsons[told + 1 : until])
                 WITH ORDINALITY e (checksum, json, n);
            INSERT INTO {schema}.feed (tenant, kind, id, first, last, at, standing_before)
            SELECT of_tenant, kinds[i], ids[i], firsts[i], lasts[i], ats[i],
                   CASE WHEN standings[i] <> stood THEN stood END
            WHERE lasts[i] IS NOT NULL;
            IF subjects[i] IS NOT NULL THEN
                before := NULL;
                SELECT s.terms INTO before FROM {schema}.subject s
                WHERE s.tenant = of_tenant AND s.kind = kinds[i] AND s.id = ids[i];
                IF before IS DISTINCT FROM subjects[i] THEN
                    PERFORM {schema}.mark(of_tenant, kinds[i], ids[i], coalesce(before, ''), subjects[i]);
                    INSERT INTO {schema}.subject (tenant, kind, id, terms)
                    VALUES (of_tenant, kinds[i], ids[i], subjects[i])
                    ON CONFLICT (tenant, kind, id) DO UPDATE SET terms = excluded.terms;
                END IF;
            END IF;
        END IF;
        told := until;
    END LOOP;
    RETURN true;
END
$$;

-- The last number plus one.
CREATE FUNCTION {schema}.number(of_tenant text, of_kind smallint, patience bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    next_value bigint;
BEGIN
    PERFORM {schema}.wait_at_most(patience);
    PERFORM set_config('andon.tenant', of_tenant, true);
    -- A number that is lost with the power is one that no record has: what is committed after it is synced with it.
    PERFORM set_config('synchronous_commit', 'off', true);
    INSERT INTO {schema}.counter AS c (tenant, kind, value) VALUES (of_tenant, of_kind, 1)
    ON CONFLICT (tenant, kind) DO UPDATE SET value = c.value + 1
    RETURNING value INTO next_value;
    RETURN next_value;
END
$$;

-- The first of these terms that some record bears.
CREATE FUNCTION {schema}.used(of_tenant text, terms text[]) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    IF cardinality(terms) = 0 THEN
        RETURN NULL;
    END IF;
    RETURN (SELECT u.term FROM unnest(terms) WITH ORDINALITY u (term, n)
            WHERE EXISTS (SELECT FROM {schema}.term t WHERE t.tenant = of_tenant AND t.term = u.term)
            ORDER BY u.n LIMIT 1);
END
$$;

-- Lets a commit land whole, or says why it cannot: `before` with the answer that its command got, `policy` with the one
-- in force, `held` with the versions that were found and which numbers are taken, `used` with a term, or `now`.
CREATE FUNCTION {schema}.land(
    of_tenant text, told boolean, patience bigint,
    of_command bytea, of_at bigint, of_salt bytea, of_intent bytea, of_touched text, of_answer_version bigint,
    of_answer_digest bytea, of_maker smallint, of_read bytea,
    of_policy_version bigint, of_policy_digest bytea,
    held_kinds smallint[], held_ids bytea[], held_versions bigint[], held_numbers text[], held_written boolean[],
    unused text[],
    document_digests bytea[], document_checksums bigint[], document_jsons text[],
    publication_version bigint, publication_digest bytea, publication_name text, publication_publisher text,
    publication_unused text[],
    erased_kinds smallint[], erased_ids bytea[], erased_sequences bigint[], erased_checksums bigint[], erased_jsons text[],
    erased_commands bytea[], erased_records bytea[],
    kinds smallint[], ids bytea[], expected bigint[], versions bigint[], numbers text[], stages text[], dones smallint[],
    labels text[], ranks smallint[], priorities text[], majors smallint[], groups text[], persons text[], clocks text[],
    dues bigint[], wakes bigint[], reports bigint[], updates bigint[], titles text[], standings text[], subjects text[],
    checksums bigint[], snapshots text[], firsts bigint[], lasts bigint[], ats bigint[],
    event_checksums bigint[], event_jsons text[],
    OUT outcome text, OUT at bigint, OUT salt bytea, OUT intent bytea, OUT touched text, OUT answer_version bigint,
    OUT answer_digest bytea, OUT versions_found bigint[], OUT numbers_taken boolean[], OUT used_term text)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    in_force record;
    stored record;
    is_taken boolean;
    all_found bigint[] := '{}';
    all_taken boolean[] := '{}';
    is_met boolean := true;
    refusal text;
    used text;
    setting text;
BEGIN
    -- What is checked after a lock must be seen as it is then.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'a command lands in a transaction at READ COMMITTED, and this one is at %',
            upper(current_setting('transaction_isolation'));
    END IF;
    setting := set_config('andon.tenant', of_tenant, true);
    IF patience IS NOT NULL THEN
        setting := set_config('lock_timeout', patience::text, true);
    END IF;
    -- Whoever publishes waits for the commands that are under way, and they for whoever publishes.
    IF publication_version IS NULL THEN
        setting := pg_advisory_xact_lock_shared(hashtextextended('{schema}' || of_tenant, 0));
    ELSE
        setting := pg_advisory_xact_lock(hashtextextended('{schema}' || of_tenant, 0));
    END IF;
    SELECT p.version, p.digest INTO in_force FROM {schema}.publication p
    WHERE p.tenant = of_tenant ORDER BY p.version DESC LIMIT 1;
    IF EXISTS (SELECT FROM {schema}.answer a WHERE a.tenant = of_tenant AND a.command = of_command) THEN
        refusal := 'before';
    ELSIF (in_force.version, in_force.digest) IS DISTINCT FROM (of_policy_version, of_policy_digest) THEN
        refusal := 'policy';
    ELSE
        -- They come in the order of their ids: two commits that hold the same records do not wait for each other.
        FOR i IN 1 .. cardinality(held_ids) LOOP
            stored := NULL;
            is_taken := false;
            IF held_written[i] THEN
                SELECT r.version INTO stored FROM {schema}.record r
                WHERE r.tenant = of_tenant AND r.kind = held_kinds[i] AND r.id = held_ids[i]
                FOR NO KEY UPDATE;
                IF stored.version IS NULL AND held_versions[i] = 0 THEN
                    is_taken := EXISTS (SELECT FROM {schema}.record r
                                        WHERE r.tenant = of_tenant AND r.number = held_numbers[i]);
                END IF;
            ELSE
                SELECT r.version INTO stored FROM {schema}.record r
                WHERE r.tenant = of_tenant AND r.kind = held_kinds[i] AND r.id = held_ids[i]
                FOR SHARE;
            END IF;
            is_met := is_met AND coalesce(stored.version, 0) = held_versions[i] AND NOT is_taken;
            all_found := all_found || coalesce(stored.version, 0);
            all_taken := all_taken || is_taken;
        END LOOP;
        IF NOT is_met THEN
            refusal := 'held';
        ELSE
            used := {schema}.used(of_tenant, unused);
            IF used IS NOT NULL THEN
                refusal := 'used';
            ELSIF publication_version <> coalesce(in_force.version, 0) + 1 THEN
                refusal := 'policy';
            ELSIF publication_version IS NOT NULL THEN
                used := {schema}.used(of_tenant, publication_unused);
                IF used IS NOT NULL THEN
                    refusal := 'used';
                END IF;
            END IF;
        END IF;
    END IF;
    IF refusal IS NULL THEN
        INSERT INTO {schema}.answer (tenant, command, at, salt, intent, touched, policy_version, policy_digest, maker, read)
        VALUES (of_tenant, of_command, of_at, of_salt, of_intent, of_touched, of_answer_version, of_answer_digest, of_maker,
                of_read)
        ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            refusal := 'before';
        END IF;
    END IF;
    IF refusal IS NOT NULL THEN
        -- The same command may have landed while this one waited.
        SELECT a.at, a.salt, a.intent, a.touched, a.policy_version, a.policy_digest INTO stored
        FROM {schema}.answer a WHERE a.tenant = of_tenant AND a.command = of_command;
        IF FOUND THEN
            outcome := 'before';
            at := stored.at;
            salt := stored.salt;
            intent := stored.intent;
            touched := stored.touched;
            answer_version := stored.policy_version;
            answer_digest := stored.policy_digest;
        ELSIF refusal = 'before' THEN
            -- Its answer was let go of in the same moment: it is a new command now.
            RAISE EXCEPTION 'the answer to the command is gone' USING ERRCODE = 'serialization_failure';
        ELSE
            outcome := refusal;
            answer_version := in_force.version;
            answer_digest := in_force.digest;
            versions_found := all_found;
            numbers_taken := all_taken;
            used_term := used;
        END IF;
        RETURN;
    END IF;
    IF cardinality(erased_ids) > 0 THEN
        UPDATE {schema}.event e SET checksum = n.checksum, json = n.json
        FROM unnest(erased_kinds, erased_ids, erased_sequences, erased_checksums, erased_jsons)
            n (kind, id, sequence, checksum, json)
        WHERE e.tenant = of_tenant AND e.kind = n.kind AND e.id = n.id AND e.sequence = n.sequence;
    END IF;
    -- Nobody can find out by trying, any more, what was asked of a record whose texts are erased.
    IF cardinality(erased_commands) > 0 THEN
        UPDATE {schema}.answer a SET salt = NULL
        WHERE a.tenant = of_tenant AND a.command = ANY (erased_commands) AND a.command <> of_command;
    END IF;
    IF cardinality(erased_records) > 0 THEN
        UPDATE {schema}.answer a SET salt = NULL
        WHERE a.tenant = of_tenant AND a.read = ANY (erased_records) AND a.command <> of_command;
    END IF;
    IF cardinality(document_digests) > 0 THEN
        INSERT INTO {schema}.document (tenant, digest, checksum, json)
        SELECT of_tenant, d.digest, d.checksum, d.json
        FROM unnest(document_digests, document_checksums, document_jsons) d (digest, checksum, json)
        ON CONFLICT DO NOTHING;
    END IF;
    IF publication_version IS NOT NULL THEN
        INSERT INTO {schema}.publication (tenant, version, digest, name, publisher, at, command)
        VALUES (of_tenant, publication_version, publication_digest, publication_name, publication_publisher, of_at,
                of_command);
    END IF;
    IF cardinality(ids) > 0 THEN
        IF NOT {schema}.write(
                of_tenant, kinds, ids, expected, versions, numbers, stages, dones, labels, ranks, priorities, majors, groups,
                persons, clocks, dues, wakes, reports, updates, titles, standings, subjects, checksums, snapshots, firsts,
                lasts, ats, event_checksums, event_jsons) THEN
            RAISE EXCEPTION 'a record that is locked has changed' USING ERRCODE = 'serialization_failure';
        END IF;
        IF told THEN
            PERFORM pg_notify('{channel}', of_tenant);
        END IF;
    END IF;
    outcome := 'now';
END
$$;

-- Gives places to what was committed and has none yet: in the order in which it was written, which is that of the versions
-- of each record. Says how many got one. Where somebody else is about it, it waits for that, or does nothing.
CREATE FUNCTION {schema}.place(of_tenant text, most bigint, waits boolean) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    last_place bigint;
    arrivals bigint[];
BEGIN
    PERFORM set_config('andon.tenant', of_tenant, true);
    PERFORM set_config('andon.across', 'off', true);
    -- Whoever is told a place goes on from it: it must be as safe as what stands there.
    IF current_setting('synchronous_commit') = 'off' THEN
        PERFORM set_config('synchronous_commit', 'local', true);
    END IF;
    INSERT INTO {schema}.tenant (tenant) VALUES (of_tenant) ON CONFLICT DO NOTHING;
    IF waits THEN
        SELECT t.feed_end INTO last_place FROM {schema}.tenant t WHERE t.tenant = of_tenant FOR NO KEY UPDATE;
    ELSE
        SELECT t.feed_end INTO last_place FROM {schema}.tenant t WHERE t.tenant = of_tenant
        FOR NO KEY UPDATE SKIP LOCKED;
        IF NOT FOUND THEN
            RETURN 0;
        END IF;
    END IF;
    -- One by one along its index: the planner would rather read the whole table where much has no place.
    arrivals := ARRAY(SELECT f.arrival FROM {schema}.feed f WHERE f.tenant = of_tenant AND f.place IS NULL
                      ORDER BY f.tenant, f.arrival LIMIT most);
    UPDATE {schema}.feed f SET place = last_place + n.n
    FROM unnest(arrivals) WITH ORDINALITY n (arrival, n)
    WHERE f.tenant = of_tenant AND f.arrival = n.arrival;
    UPDATE {schema}.tenant t SET feed_end = last_place + cardinality(arrivals) WHERE t.tenant = of_tenant;
    RETURN cardinality(arrivals);
END
$$;

-- Up to where the feed was let go of, where it ends, and whether there is more that has no place yet. What was committed and
-- has none gets one, if it is to.
CREATE FUNCTION {schema}.bounds(of_tenant text, to_place boolean, patience bigint)
RETURNS TABLE (epoch bigint, floor bigint, ending bigint, more boolean, policy_version bigint, policy_digest bytea)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    waiting boolean;
BEGIN
    PERFORM set_config('andon.tenant', of_tenant, true);
    waiting := (SELECT f.arrival FROM {schema}.feed f WHERE f.tenant = of_tenant AND f.place IS NULL
                ORDER BY f.tenant, f.arrival LIMIT 1) IS NOT NULL;
    IF waiting AND to_place THEN
        PERFORM {schema}.wait_at_most(patience);
        PERFORM {schema}.place(of_tenant, 10000, true);
        waiting := (SELECT f.arrival FROM {schema}.feed f WHERE f.tenant = of_tenant AND f.place IS NULL
                    ORDER BY f.tenant, f.arrival LIMIT 1) IS NOT NULL;
    END IF;
    RETURN QUERY
        SELECT {schema}.epoch(), coalesce(t.feed_floor, 0), coalesce(t.feed_end, 0), waiting, p.version, p.digest
        FROM (VALUES (1)) one (n)
        LEFT JOIN {schema}.tenant t ON t.tenant = of_tenant
        LEFT JOIN LATERAL (
            SELECT p.version, p.digest FROM {schema}.publication p
            WHERE p.tenant = of_tenant ORDER BY p.version DESC LIMIT 1
        ) p ON true;
END
$$;

-- Keeps up to where a consumer has dealt with the feed, if that is further than before; says whether there is such a place.
CREATE FUNCTION {schema}.acknowledge(of_tenant text, of_name text, of_epoch bigint, upto bigint, patience bigint)
RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    known record;
BEGIN
    PERFORM set_config('andon.tenant', of_tenant, true);
    PERFORM {schema}.wait_at_most(patience);
    -- Whoever trims the feed waits, and sees the consumer then.
    INSERT INTO {schema}.tenant (tenant) VALUES (of_tenant) ON CONFLICT DO NOTHING;
    PERFORM FROM {schema}.tenant t WHERE t.tenant = of_tenant FOR SHARE;
    SELECT * INTO known FROM {schema}.bounds(of_tenant, false, NULL);
    IF known.epoch <> of_epoch OR upto < known.floor OR upto > known.ending THEN
        RETURN false;
    END IF;
    INSERT INTO {schema}.consumer AS c (tenant, name, place) VALUES (of_tenant, of_name, upto)
    ON CONFLICT (tenant, name) DO UPDATE SET place = greatest(c.place, excluded.place);
    RETURN true;
END
$$;

-- What falls due, of all tenants, in the order of wakes.
CREATE FUNCTION {schema}.wakes(now bigint, after_at bigint, after_kind smallint, after_id bytea, after_tenant text,
                               share smallint, of_shares smallint, most bigint)
RETURNS TABLE (kind smallint, id bytea, wake_at bigint, tenant text)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('andon.across', 'on', true);
    RETURN QUERY
        SELECT r.kind, r.id, r.wake_at, r.tenant FROM {schema}.record r
        WHERE r.wake_at <= now AND (r.wake_at, r.kind, r.id, r.tenant) > (after_at, after_kind, after_id, after_tenant)
          -- The bucket is the last ten bits of the id.
          AND ((get_byte(r.id, 14) & 3) * 256 + get_byte(r.id, 15)) % of_shares = share
        ORDER BY r.wake_at, r.kind, r.id, r.tenant LIMIT most;
    PERFORM set_config('andon.across', 'off', true);
END
$$;

-- Lets go of answers that were recorded before an instant, the oldest first.
CREATE FUNCTION {schema}.forget(before bigint, most bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    forgotten bigint;
BEGIN
    PERFORM set_config('andon.across', 'on', true);
    DELETE FROM {schema}.answer a USING (
        SELECT a.tenant, a.command FROM {schema}.answer a WHERE a.maker = 0 AND a.at < before
        ORDER BY a.at LIMIT most FOR UPDATE SKIP LOCKED
    ) old
    WHERE a.tenant = old.tenant AND a.command = old.command;
    GET DIAGNOSTICS forgotten = ROW_COUNT;
    PERFORM set_config('andon.across', 'off', true);
    RETURN forgotten;
END
$$;

-- Lets go of the beginning of a tenant's feed: of what was recorded before an instant, and is awaited by no consumer. Says
-- how many writes that were.
CREATE FUNCTION {schema}.trim_one(of_tenant text, before bigint, most bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    known record;
    upto bigint;
    gone bigint;
BEGIN
    PERFORM set_config('andon.tenant', of_tenant, true);
    PERFORM set_config('andon.across', 'off', true);
    -- What nobody ever read has no places yet.
    IF NOT EXISTS (SELECT FROM {schema}.consumer c WHERE c.tenant = of_tenant)
       AND (SELECT f.at < before FROM {schema}.feed f WHERE f.tenant = of_tenant AND f.place IS NULL
            ORDER BY f.tenant, f.arrival LIMIT 1) THEN
        PERFORM {schema}.place(of_tenant, most, false);
    END IF;
    SELECT t.feed_floor, t.feed_end INTO known FROM {schema}.tenant t
    WHERE t.tenant = of_tenant AND t.feed_end > t.feed_floor FOR NO KEY UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    upto := least(
        known.feed_end, known.feed_floor + most,
        (SELECT min(c.place) FROM {schema}.consumer c WHERE c.tenant = of_tenant),
        (SELECT f.place - 1 FROM {schema}.feed f
         WHERE f.tenant = of_tenant AND f.place > known.feed_floor AND f.place <= known.feed_floor + most AND f.at >= before
         ORDER BY f.place LIMIT 1));
    IF upto <= known.feed_floor THEN
        RETURN 0;
    END IF;
    DELETE FROM {schema}.feed f WHERE f.tenant = of_tenant AND f.place <= upto;
    GET DIAGNOSTICS gone = ROW_COUNT;
    UPDATE {schema}.tenant t SET feed_floor = upto WHERE t.tenant = of_tenant;
    RETURN gone;
END
$$;

-- Lets go of the beginnings of the feeds of the tenants that come after one, a few at a time, so that nobody waits for long.
-- Says how many writes that were, and the tenant after which to go on, if there may be more.
CREATE FUNCTION {schema}.trim(before bigint, most bigint, after_tenant text)
RETURNS TABLE (trimmed bigint, last_tenant text) LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
    one text := after_tenant;
BEGIN
    trimmed := 0;
    FOR i IN 1 .. 20 LOOP
        PERFORM set_config('andon.across', 'on', true);
        one := least(
            (SELECT t.tenant FROM {schema}.tenant t WHERE t.tenant > one AND t.feed_end > t.feed_floor
             ORDER BY t.tenant LIMIT 1),
            (SELECT f.tenant FROM {schema}.feed f WHERE f.tenant > one AND f.place IS NULL
             ORDER BY f.tenant, f.arrival LIMIT 1));
        EXIT WHEN one IS NULL;
        trimmed := trimmed + {schema}.trim_one(one, before, most - trimmed);
        EXIT WHEN trimmed >= most;
    END LOOP;
    PERFORM set_config('andon.across', 'off', true);
    last_tenant := one;
    RETURN NEXT;
END
$$;

-- Forgets a consumer; says whether there was one.
CREATE FUNCTION {schema}.remove_consumer(of_tenant text, of_name text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('andon.tenant', of_tenant, true);
    DELETE FROM {schema}.consumer c WHERE c.tenant = of_tenant AND c.name = of_name;
    RETURN FOUND;
END
$$;
