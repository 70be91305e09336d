/*
 * Every statement that the service ever runs against its data, by name. A second database needs this
 * file's twin and `migrations.ts`'s, and nothing else.
 */

/** What a managed key was made of stays as long as the key does, which is for ever. */
const OF_NO_KEY = `NOT EXISTS (SELECT 1 FROM key_version v
      WHERE v.seed = output.seed AND v.counter = output.counter)`;

export const WRITES = {
  "seed.insert": `INSERT INTO seed (id, instance, shape, kind, reason, at_ms, material_from_ms,
      credits, credited_bits, strength_without_best, parent, counter_limit)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  // Windows and uncredited blocks may be shared by several seeds; the first to come brings them.
  "block.insert": `INSERT INTO entropy_block (id, source, component, input_bits, input_entropy,
      output_bits, output_entropy, full_entropy, credited, to_ms)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
  "window.insert": `INSERT INTO sample_window (id, source, first_sequence, last_sequence, from_ms,
      to_ms, samples, claimed_entropy, configuration_version, firmware, verdict, alarms, margins)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
  "seedBlock.insert": `INSERT INTO seed_block (seed, credited, position, block) VALUES (?, ?, ?, ?)`,
  "blockWindow.insert": `INSERT INTO block_window (block, position, window) VALUES (?, ?, ?)
    ON CONFLICT (block, position) DO NOTHING`,
  "output.insert": `INSERT INTO output (seed, counter, instance, principal, door, purpose, bytes,
      requirement, at_ms)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  // A count may come a second after its seed was removed; there is nothing to count then.
  "count.add": `INSERT INTO output_count (seed, principal, door, purpose, requests, bytes)
    SELECT id, ?, ?, ?, ?, ? FROM seed WHERE id = ?
    ON CONFLICT (seed, principal, door, purpose) DO UPDATE
    SET requests = requests + excluded.requests, bytes = bytes + excluded.bytes`,
  // A retry after a commit of unknown outcome brings the same number again.
  "event.insert": `INSERT INTO event (sequence, kind, at_ms, source, severity, actor, reason, detail,
      data)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (sequence) DO NOTHING`,
  "reservation.put": `INSERT INTO reservation (name, reserved) VALUES (?, ?)
    ON CONFLICT (name) DO UPDATE SET reserved = excluded.reserved`,
  "document.put": `INSERT INTO document (collection, id, body, at_ms) VALUES (?, ?, ?, ?)
    ON CONFLICT (collection, id) DO UPDATE SET body = excluded.body, at_ms = excluded.at_ms`,
  "document.remove": `DELETE FROM document WHERE collection = ? AND id = ?`,
  "sealEpoch.insert": `INSERT INTO seal_epoch (epoch, vault, created_ms) VALUES (?, ?, ?)`,
  "sealEpoch.retire": `UPDATE seal_epoch SET retired_ms = ? WHERE epoch = ?`,
  // A trigger refuses it while a row is left that nothing could open any more.
  "sealEpoch.settle": `UPDATE seal_epoch SET retired_ms = retired_ms WHERE epoch = ?`,
  "sealSlot.put": `INSERT INTO seal_slot (id, kind, name, place, epoch, created_ms, parameters,
      sealed, tag, recovery)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name,
    epoch = excluded.epoch, parameters = excluded.parameters, sealed = excluded.sealed,
    tag = excluded.tag`,
  "sealSlot.remove": `DELETE FROM seal_slot WHERE id = ?`,
  "keyMaterial.insert": `INSERT INTO key_material (key, version, epoch, wrapped_key, nonce,
      ciphertext)
    VALUES (?, ?, ?, ?, ?, ?)`,
  // A page of [key, version, wrapped key as it was, as it is]; a row that changed meanwhile is left.
  "keyMaterial.rewrap": `UPDATE key_material AS m SET epoch = ?, wrapped_key = unhex(j.value ->> 3)
    FROM json_each(?) AS j WHERE m.key = j.value ->> 0 AND m.version = j.value ->> 1
    AND m.epoch = ? AND m.wrapped_key = unhex(j.value ->> 2)`,
  "keyMaterial.remove": `DELETE FROM key_material WHERE key = ? AND version = ?`,
  // In a subquery of its own: only so does SQLite look at the last row alone.
  // The first leaf of a start comes with every batch until one of them is durable.
  "logLeaf.insert": `INSERT INTO log_leaf (position, id, body, hash)
    VALUES (coalesce((SELECT max(position) FROM log_leaf) + 1, 0), ?, ?, ?)
    ON CONFLICT (id) DO NOTHING`,
  // A retry after a commit of unknown outcome brings the same root again.
  "logSubtree.insert": `INSERT INTO log_subtree (level, position, hash) VALUES (?, ?, ?)
    ON CONFLICT (level, position) DO NOTHING`,
  "logCheckpoint.put": `INSERT INTO log_checkpoint (id, note) VALUES (1, ?)
    ON CONFLICT (id) DO UPDATE SET note = excluded.note`,
  // A retry after a commit of unknown outcome brings the same note again.
  "logHandover.insert": `INSERT INTO log_handover (note) VALUES (?) ON CONFLICT (note) DO NOTHING`,
  "logCosigned.put": `INSERT INTO log_cosigned (witness, note) VALUES (?, ?)
    ON CONFLICT (witness) DO UPDATE SET note = excluded.note`,
  "managedKey.insert": `INSERT INTO managed_key (id, name, type, purpose, usages, algorithms, owner,
      principals, exportable, policy, revision, primary_version, state, created_ms, due_ms)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  "managedKey.update": `UPDATE managed_key SET principals = ?, policy = ?, revision = ?,
      primary_version = ?, state = ?, due_ms = ?
    WHERE id = ?`,
  "keyVersion.put": `INSERT INTO key_version (key, version, state, origin, seed, counter, public_key,
      created_ms, activated_ms, deactivate_ms, changed_ms, reason, compromised_ms,
      process_until_ms)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (key, version) DO UPDATE SET state = excluded.state,
    activated_ms = excluded.activated_ms, deactivate_ms = excluded.deactivate_ms,
    changed_ms = excluded.changed_ms, reason = excluded.reason,
    compromised_ms = excluded.compromised_ms, process_until_ms = excluded.process_until_ms`,
  "keyPrincipal.insert": `INSERT INTO key_principal (principal, key) VALUES (?, ?)
    ON CONFLICT (principal, key) DO NOTHING`,
  "keyPrincipal.clear": `DELETE FROM key_principal WHERE key = ?`,
  "keyUse.put": `INSERT INTO key_use (key, version, operations, bytes) VALUES (?, ?, ?, ?)
    ON CONFLICT (key, version) DO UPDATE SET operations = excluded.operations,
    bytes = excluded.bytes`,
  "custodianKey.insert": `INSERT INTO custodian_key (fingerprint, person, public_key, principals,
      enrolled_ms)
    VALUES (?, ?, ?, ?, ?)`,
  "custodianKey.remove": `UPDATE custodian_key SET removed_ms = ? WHERE fingerprint = ?`,
  "intent.insert": `INSERT INTO intent (id, requester, document, digest, state, changed_ms)
    VALUES (?, ?, ?, ?, ?, ?)`,
  "intent.move": `UPDATE intent SET state = ?, changed_ms = ? WHERE id = ?`,
  "intentApproval.insert": `INSERT INTO intent_approval (intent, person, fingerprint, signature, at_ms)
    VALUES (?, ?, ?, ?, ?)`,
  "certificate.insert": `INSERT INTO certificate (serial, authority, name, purpose, key, version,
      from_ms, to_ms, url, der)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  "certificate.revoke": `UPDATE certificate SET revoked_ms = ?, reason = ? WHERE serial = ?`,
  "pairedKey.insert": `INSERT INTO paired_key (id, master, slave, bytes, created_ms)
    VALUES (?, ?, ?, ?, ?)`,
  "pairedKey.remove": `DELETE FROM paired_key WHERE id = ?`,
  "destruction.insert": `INSERT INTO destruction (id, key, version, digest, requester, approvers,
      state, scheduled_ms, due_ms, changed_ms)
    VALUES (?, ?, ?, ?, ?, ?, 'scheduled', ?, ?, ?)`,
  "destruction.cancel": `UPDATE destruction SET state = 'cancelled', changed_ms = ? WHERE id = ?`,
  "destruction.remove": `UPDATE destruction SET state = 'removed', epoch = ?, changed_ms = ?
    WHERE id = ?`,
  "destruction.complete": `UPDATE destruction SET state = 'destroyed', note = ?, leaf = ?,
      changed_ms = ?
    WHERE id = ?`,
  "backup.insert": `INSERT INTO backup (id, created_ms, epoch, recipients) VALUES (?, ?, ?, ?)`,
  "backup.taken": `UPDATE backup SET taken_ms = ? WHERE id = ?`,
  "backup.drilled": `UPDATE backup SET drilled_ms = ? WHERE id = ?`,
  "backup.discard": `UPDATE backup SET discarded_ms = ? WHERE id = ?`,
  // The condition is repeated here: a key may have been made since the seed was chosen.
  "retention.removeSeed": `DELETE FROM seed WHERE id = ?
    AND NOT EXISTS (SELECT 1 FROM output WHERE output.seed = seed.id)`,
  "retention.removeOutputs": `DELETE FROM output WHERE (seed, counter) IN
    (SELECT seed, counter FROM output WHERE at_ms < ? AND ${OF_NO_KEY} ORDER BY at_ms LIMIT ?)`,
  "retention.removeEvents": `DELETE FROM event WHERE sequence IN
    (SELECT sequence FROM event WHERE at_ms < ? ORDER BY sequence LIMIT ?)`,
  "retention.vacuum": `PRAGMA incremental_vacuum(256)`,
  // 64 KiB, so that a disk with room for a row and no more does not pass as repaired.
  "probe.fill": `INSERT INTO probe (id, filler) VALUES (1, zeroblob(65536))
    ON CONFLICT (id) DO UPDATE SET filler = excluded.filler`,
  "probe.clear": `UPDATE probe SET filler = zeroblob(0)`,
} as const satisfies Record<string, string>;

export const READS = {
  "seed.byId": `SELECT * FROM seed WHERE id = ?`,
  "seed.page": `SELECT * FROM seed WHERE (at_ms, id) > (?, ?) AND at_ms < ?
    ORDER BY at_ms, id LIMIT ?`,
  "block.ofSeed": `SELECT b.*, sb.credited AS entered_credited FROM seed_block sb
    JOIN entropy_block b ON b.id = sb.block
    WHERE sb.seed = ? ORDER BY sb.credited DESC, sb.position`,
  "window.ofSeed": `SELECT bw.block AS of_block, w.* FROM seed_block sb
    JOIN block_window bw ON bw.block = sb.block
    JOIN sample_window w ON w.id = bw.window
    WHERE sb.seed = ? ORDER BY sb.credited DESC, sb.position, bw.position`,
  "output.one": `SELECT * FROM output WHERE seed = ? AND counter = ?`,
  "output.page": `SELECT * FROM output WHERE seed = ? AND counter > ? ORDER BY counter LIMIT ?`,
  "count.page": `SELECT * FROM output_count
    WHERE seed = ? AND (principal, door, purpose) > (?, ?, ?)
    ORDER BY principal, door, purpose LIMIT ?`,
  // A page of seeds and not of affected ones: its cost is bounded however many there are.
  "recall.seeds": `SELECT s.sequence, s.id,
      EXISTS (SELECT 1 FROM output WHERE output.seed = s.id)
      AND EXISTS (SELECT 1 FROM seed_block sb
        JOIN block_window bw ON bw.block = sb.block
        JOIN sample_window w ON w.id = bw.window
        WHERE sb.seed = s.id AND w.source = ? AND w.to_ms >= ? AND w.from_ms <= ?) AS affected
    FROM seed s WHERE s.sequence > ? ORDER BY s.sequence LIMIT ?`,
  "recall.outputs": `SELECT o.*, v.key AS key_id, v.version AS key_version, v.state AS key_state
    FROM output o LEFT JOIN key_version v ON v.seed = o.seed AND v.counter = o.counter
    WHERE o.seed = ? AND o.counter > ? ORDER BY o.counter LIMIT ?`,
  "event.since": `SELECT * FROM event WHERE sequence > ? ORDER BY sequence LIMIT ?`,
  "event.last": `SELECT coalesce(max(sequence), 0) AS last FROM event`,
  "reservation.get": `SELECT reserved FROM reservation WHERE name = ?`,
  "document.get": `SELECT body, at_ms FROM document WHERE collection = ? AND id = ?`,
  "document.all": `SELECT id, body, at_ms FROM document WHERE collection = ? ORDER BY id`,
  "sealEpoch.all": `SELECT * FROM seal_epoch ORDER BY epoch`,
  "sealSlot.all": `SELECT * FROM seal_slot ORDER BY created_ms, id`,
  "keyMaterial.page": `SELECT key, version, wrapped_key FROM key_material
    WHERE epoch = ? AND (key, version) > (?, ?) ORDER BY key, version LIMIT ?`,
  // Read, since no checkpoint can be made in a transaction, as every write is in one.
  "wal.truncate": `PRAGMA wal_checkpoint(TRUNCATE)`,
  "keyMaterial.one": `SELECT * FROM key_material WHERE key = ? AND version = ?`,
  "logLeaf.hashes": `SELECT position, hash FROM log_leaf
    WHERE position >= ? AND position < ? ORDER BY position`,
  "logLeaf.bodies": `SELECT position, body FROM log_leaf
    WHERE position >= ? AND position < ? ORDER BY position`,
  "logLeaf.byId": `SELECT position, body FROM log_leaf WHERE id = ?`,
  "logSubtree.hashes": `SELECT position, hash FROM log_subtree
    WHERE level = ? AND position >= ? AND position < ? ORDER BY position`,
  "logCheckpoint.last": `SELECT note FROM log_checkpoint`,
  "logHandover.all": `SELECT note FROM log_handover ORDER BY sequence`,
  "logCosigned.all": `SELECT witness, note FROM log_cosigned`,
  "managedKey.one": `SELECT * FROM managed_key WHERE id = ?`,
  "managedKey.page": `SELECT * FROM managed_key WHERE id > ? ORDER BY id LIMIT ?`,
  "managedKey.pageInState": `SELECT * FROM managed_key WHERE state = ? AND id > ? ORDER BY id LIMIT ?`,
  "managedKey.pageOfPrincipal": `SELECT k.* FROM key_principal p JOIN managed_key k ON k.id = p.key
    WHERE p.principal = ? AND p.key > ? ORDER BY p.key LIMIT ?`,
  "managedKey.due": `SELECT id, due_ms FROM managed_key WHERE (due_ms, id) > (?, ?) AND due_ms <= ?
    ORDER BY due_ms, id LIMIT ?`,
  "managedKey.nextDue": `SELECT min(due_ms) AS next FROM managed_key WHERE due_ms > ?`,
  "keyVersion.ofKey": `SELECT * FROM key_version WHERE key = ? ORDER BY version`,
  "keyVersion.protecting": `SELECT v.key, v.version, v.activated_ms, k.purpose
    FROM key_version v JOIN managed_key k ON k.id = v.key AND k.primary_version = v.version
    WHERE v.state = 'active' ORDER BY v.key`,
  "managedKey.exportable": `SELECT k.id FROM managed_key k WHERE k.exportable = 1 AND EXISTS (
    SELECT 1 FROM key_version v WHERE v.key = k.id
    AND v.state NOT IN ('destroyed', 'destroyed-compromised')) ORDER BY k.id`,
  "keyVersion.notTrusted": `SELECT * FROM key_version WHERE state IN
    ('suspended', 'deactivated', 'compromised', 'destroyed', 'destroyed-compromised')
    ORDER BY key, version`,
  "keyVersion.states": `SELECT state, count(*) AS versions FROM key_version GROUP BY state`,
  "keyUse.ofKey": `SELECT version, operations, bytes FROM key_use WHERE key = ?`,
  "custodianKey.all": `SELECT * FROM custodian_key ORDER BY enrolled_ms, fingerprint`,
  "intent.one": `SELECT * FROM intent WHERE id = ?`,
  "intent.approvals": `SELECT a.*, k.public_key FROM intent_approval a
    JOIN custodian_key k ON k.fingerprint = a.fingerprint
    WHERE a.intent = ? ORDER BY a.at_ms, a.person`,
  "intent.page": `SELECT id FROM intent WHERE sequence > coalesce(
      (SELECT sequence FROM intent WHERE id = ?), 0) ORDER BY sequence LIMIT ?`,
  "intent.open": `SELECT id, requester FROM intent WHERE state IN ('pending', 'approved')
    ORDER BY sequence`,
  "intent.past": `SELECT id FROM intent WHERE state IN ('pending', 'approved')
    AND json_extract(document, '$.expires') <= ?`,
  "intent.latest": `SELECT coalesce(max(changed_ms), 0) AS latest FROM intent`,
  "certificate.authority": `SELECT * FROM certificate WHERE purpose = 'authority'
    ORDER BY from_ms DESC, serial LIMIT 1`,
  "certificate.one": `SELECT c.*, v.state, v.changed_ms FROM certificate c
    LEFT JOIN key_version v ON v.key = c.key AND v.version = c.version WHERE c.serial = ?`,
  "certificate.page": `SELECT c.*, v.state, v.changed_ms FROM certificate c
    LEFT JOIN key_version v ON v.key = c.key AND v.version = c.version
    WHERE c.serial > ? ORDER BY c.serial LIMIT ?`,
  // One that is past its time needs no revoking: RFC 5280 3.3.
  "certificate.perhapsRevoked": `SELECT c.*, v.state, v.changed_ms FROM certificate c
    LEFT JOIN key_version v ON v.key = c.key AND v.version = c.version
    WHERE c.authority = ? AND c.serial <> c.authority AND c.to_ms > ?
    AND (c.revoked_ms IS NOT NULL OR v.state NOT IN ('pre-activation', 'active'))
    ORDER BY c.serial`,
  // Whatever authority signed it; all of one whose own key is known to others.
  "certificate.refused": `SELECT c.der FROM certificate c
    LEFT JOIN key_version v ON v.key = c.key AND v.version = c.version
    LEFT JOIN certificate a ON a.serial = c.authority
    LEFT JOIN key_version w ON w.key = a.key AND w.version = a.version
    WHERE c.to_ms > ? AND (c.revoked_ms IS NOT NULL
      OR v.state NOT IN ('pre-activation', 'active')
      OR w.state IN ('compromised', 'destroyed-compromised'))`,
  "pairedKey.one": `SELECT * FROM paired_key WHERE id = ?`,
  "pairedKey.count": `SELECT count(*) AS n FROM paired_key WHERE slave = ? AND master = ?`,
  "pairedKey.old": `SELECT id FROM paired_key WHERE created_ms < ? ORDER BY created_ms LIMIT ?`,
  "destruction.one": `SELECT * FROM destruction WHERE id = ?`,
  "destruction.pending": `SELECT count(*) AS pending FROM destruction
    WHERE state IN ('scheduled', 'removed')`,
  "destruction.live": `SELECT id FROM destruction
    WHERE key = ? AND version = ? AND state <> 'cancelled'`,
  "destruction.page": `SELECT * FROM destruction WHERE id > ? ORDER BY id LIMIT ?`,
  "destruction.due": `SELECT * FROM destruction WHERE state = 'scheduled' AND due_ms <= ?
    ORDER BY due_ms, id LIMIT 1000`,
  "destruction.removed": `SELECT * FROM destruction WHERE state = 'removed' ORDER BY id`,
  "removedSlot.ofEpoch": `SELECT * FROM removed_slot WHERE epoch = ? ORDER BY id`,
  "backup.since": `SELECT * FROM backup WHERE created_ms >= ? AND discarded_ms IS NULL
    ORDER BY created_ms, id`,
  "backup.newest": `SELECT
      (SELECT max(taken_ms) FROM backup WHERE discarded_ms IS NULL) AS taken_ms,
      (SELECT max(drilled_ms) FROM backup) AS drilled_ms,
      (SELECT min(created_ms) FROM seal_epoch) AS vault_ms`,
  "backup.all": `SELECT * FROM backup ORDER BY created_ms, id`,
  // Never the newest 16 of an instance: one of them is live, some are prepared, and what they put
  // out a moment ago must resolve however old the seed is. By insertion, so no clock jump matters.
  // A page of seeds and not of removable ones: its cost is bounded however many keys are kept.
  "retention.candidates": `SELECT id, at_ms,
      NOT EXISTS (SELECT 1 FROM output WHERE output.seed = seed.id)
      AND 16 = (SELECT count(*) FROM (SELECT 1 FROM seed newer
        WHERE newer.instance = seed.instance AND newer.sequence > seed.sequence LIMIT 16))
      AS removable
    FROM seed WHERE (at_ms, id) > (?, ?) AND at_ms < ? ORDER BY at_ms, id LIMIT ?`,
  "retention.oldOutputs": `SELECT count(*) AS n FROM
    (SELECT 1 FROM output WHERE at_ms < ? AND ${OF_NO_KEY} LIMIT ?)`,
  "retention.oldEvents": `SELECT count(*) AS n FROM
    (SELECT 1 FROM event WHERE at_ms < ? LIMIT ?)`,
  size: `SELECT p.page_count AS pages, f.freelist_count AS free_pages, s.page_size AS page_bytes
    FROM pragma_page_count p, pragma_freelist_count f, pragma_page_size s`,
} as const satisfies Record<string, string>;

export type WriteName = keyof typeof WRITES;
export type ReadName = keyof typeof READS;
