import { loadavg } from 'node:os'
import { machine, machineLine } from '../machine.ts'
import { withStarted } from '../started.ts'
import { LOOKUPS_PER_SECOND_MAX } from './limited-database.ts'
import { replayOptions } from './options.ts'
import { floodTable, phaseTable, summaryOf, unseenTable } from './table.ts'
import { tell, type Side, type Telling } from './telling.ts'

/** Replays the outage of February 2026 on both. Exits 1 when ours failed a request, or answered 401, for a key that was in use. */
export async function replay(args: readonly string[]): Promise<void> {
  try {
    const { seconds, json } = replayOptions(args)
    print(`${machineLine(machine())}. The database does ${LOOKUPS_PER_SECOND_MAX} look-ups per second. `)
    // Whoever else keeps the cores busy is in every time that is measured.
    print(`Load of this machine before the start: ${loadavg()[0]?.toFixed(1)}.\n`)
    const naive = await alone('naive', seconds)
    const ours = await alone('ours', seconds)
    print(`\nKeys in use when it begins, naive / ours\n\n${phaseTable(naive, ours)}`)
    print(`\nKeys that no gateway has seen before, naive / ours\n\n${unseenTable(naive, ours)}`)
    print(`\nForged keys\n\n${floodTable(naive, ours)}`)
    const summary = {
      naive: summaryOf(naive, 'inUse'),
      ours: summaryOf(ours, 'inUse'),
      unseen: summaryOf(ours, 'unseen'),
    }
    if (json) print(`${JSON.stringify(summary)}\n`)
    process.exit(summary.ours.failed > 0 || summary.ours.wrong401 > 0 ? 1 : 0)
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
    process.exit(1)
  }
}

/** One implementation, with nothing of the other running. */
function alone(side: Side, seconds: number): Promise<Telling> {
  return withStarted((started) => tell(started, side, seconds, (phase) => process.stderr.write(`${side}: ${phase}\n`)))
}

function print(text: string): void {
  process.stdout.write(text)
}
