import { Journal } from './journal.ts'
import { aUsageRecord } from './usage-record.fixture.ts'

/** For tests: writes requests, some at a time, prints the id of each one that was acknowledged, and waits to be killed. */
const [, , folder = ''] = process.argv
const journal = await Journal.open({ folder, segmentBytes: 4 << 20 })
journal.listen(() => undefined)
for (;;) await Promise.all([serve(), serve(), serve(), serve()])

async function serve(): Promise<void> {
  const record = aUsageRecord()
  journal.begin(record)
  await journal.end(record)
  process.stdout.write(`${record.requestId}\n`)
}
