import { diceOf } from '@turnpike/testkit'
import { describe, expect, it } from 'vitest'
import { GARBAGE, pieces, readStream, referenceEvents, STREAMS, surviveMutations } from './mutations.fixture.ts'

/** As many as take a second or two; `libs/providers/faults` reads a million. */
const MUTATIONS = 3_000

describe('D12 a stream of garbage', () => {
  it('is read as the standard says, whichever way it is cut, or ends in a fault of the provider', () => {
    const { faults, cut, whole } = surviveMutations(MUTATIONS, 20_261_121)
    expect(faults + cut + whole).toBe(MUTATIONS)
    for (const each of [faults, cut, whole]) expect(each).toBeGreaterThan(MUTATIONS / 100)
  })

  it.each(STREAMS)('of what was seen in the wild crashes no decoder: $adapter.dialect', ({ adapter, text }) => {
    for (const garbage of GARBAGE) {
      for (const stream of [garbage, text.slice(0, text.indexOf('\n\n') + 2) + garbage, text + garbage]) {
        const bytes = new TextEncoder().encode(stream)
        const read = readStream(adapter, [bytes])
        expect(readStream(adapter, pieces(bytes, diceOf(7)))).toEqual(read)
        expect(referenceEvents(bytes).slice(0, read.events.length)).toEqual(read.events)
      }
    }
  })
})
