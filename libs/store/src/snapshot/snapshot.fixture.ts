import { openKeySecrets } from '../key-path/seal.ts'
import { fingerprintsOf, writeSnapshot } from './snapshot.ts'
import { openSnapshotKey } from './frames.ts'

/** For tests: writes one snapshot after the other, each with its number as the version of its keys, until it is killed. */
const [, , path = '', key = '', secrets = ''] = process.argv
const COPIES = 3_000
for (let version = 1; ; version++) {
  await writeSnapshot(path, openSnapshotKey(key), {
    takenAtMs: Date.now(),
    fingerprints: fingerprintsOf(openKeySecrets(secrets)),
    keys: {
      copies: Array.from({ length: COPIES }, (_, number) => ({
        digest: number.toString(16).padStart(64, '0'),
        record: { version, caller: null, verifiedAtMs: 0 },
      })),
      tombstones: [],
      denied: [],
      sequence: null,
    },
    presets: [],
    catalogue: null,
  })
  process.stdout.write(`${version}\n`)
}
