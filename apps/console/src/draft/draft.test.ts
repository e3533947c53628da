import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  asJson,
  at,
  decimal,
  errorAt,
  listOf,
  moved,
  parsed,
  put,
  settled,
  textOf,
  typed,
  type Draft,
} from './draft.ts'

/** As documents are: fields, some with fields of their own, and a list of windows. */
const aDraft: Draft = {
  objective: 'cost',
  only: ['acorn', 'elm'],
  failover: { on: [], attempts: 2 },
  schedule: [{ days: ['mon'], from: '22:00' }, { from: '08:00' }],
}

const paths = [['objective'], ['only'], ['failover', 'attempts'], ['schedule', 1, 'zone'], ['max_price', 'prompt']]

describe('a field of a draft', () => {
  it('is where it was put, and nothing else has changed', () => {
    const changed = put(aDraft, ['failover', 'attempts'], 5)
    expect(at(changed, ['failover', 'attempts'])).toBe(5)
    expect(put(changed, ['failover', 'attempts'], 2)).toEqual(aDraft)
    expect(aDraft).toEqual({ ...aDraft, failover: { on: [], attempts: 2 } })
  })

  it('can be put and taken away again, whatever the document says', () => {
    const documents = fc.dictionary(fc.string(), fc.jsonValue())
    fc.assert(
      fc.property(documents, fc.constantFrom(...paths.slice(0, 2)), fc.string(), (document, path, value) => {
        const without = put(document, path, undefined)
        expect(put(put(without, path, value), path, undefined)).toEqual(without)
        expect(at(put(document, path, value), path)).toBe(value)
      }),
    )
  })

  it('leaves no empty object behind when the last one in it goes', () => {
    expect(put({ max_price: { prompt: '1' } }, ['max_price', 'prompt'], undefined)).toEqual({})
    expect(put({ zdr: true, max_price: { prompt: '1' } }, ['max_price', 'prompt'], undefined)).toEqual({ zdr: true })
  })

  it('is changed in its own window of the schedule', () => {
    const changed = put(aDraft, ['schedule', 1, 'zone'], 'Europe/Berlin')
    expect(changed['schedule']).toEqual([
      { days: ['mon'], from: '22:00' },
      { from: '08:00', zone: 'Europe/Berlin' },
    ])
  })

  it('keeps a window in its place when it says nothing any more', () => {
    expect(put(aDraft, ['schedule', 1, 'from'], undefined)['schedule']).toEqual([{ days: ['mon'], from: '22:00' }, {}])
  })

  it('replaces what does not fit instead of breaking on it', () => {
    expect(put({ failover: 'yes' }, ['failover', 'attempts'], 2)).toEqual({ failover: { attempts: 2 } })
    expect(at({ failover: 'yes' }, ['failover', 'attempts'])).toBeUndefined()
    expect(listOf('acorn')).toEqual([])
    expect(listOf(['acorn', 3])).toEqual(['acorn'])
  })
})

describe('a number', () => {
  it('is one as soon as it is whole, and the text as typed until then', () => {
    expect(typed('3')).toBe(3)
    expect(typed('0.25')).toBe(0.25)
    expect(typed('0.')).toBe('0.')
    expect(typed('fast')).toBe('fast')
    expect(typed(' ')).toBeUndefined()
  })

  it('is settled when the field is left, and wrong text stays for its author to see', () => {
    expect(settled('1.50')).toBe(1.5)
    expect(settled('0,25')).toBe(0.25)
    expect(settled('fast')).toBe('fast')
    expect(settled('')).toBeUndefined()
    expect(decimal(' 0,150 ')).toBe('0.150')
  })

  it('shows what was typed', () => {
    fc.assert(fc.property(fc.stringMatching(/^[\d.]{1,9}$/), (text) => textOf(typed(text)) === text))
  })
})

describe('an order', () => {
  it('keeps everybody when one moves', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.nat(20), fc.constantFrom(-1, 1), (list, index, by) => {
        expect([...moved(list, index, by)].toSorted()).toEqual(list.toSorted())
      }),
    )
  })

  it('moves one place at a time, and not beyond its ends', () => {
    expect(moved(['a', 'b', 'c'], 2, -1)).toEqual(['a', 'c', 'b'])
    expect(moved(['a', 'b'], 0, -1)).toEqual(['a', 'b'])
    expect(moved(['a', 'b'], 1, 1)).toEqual(['a', 'b'])
  })
})

describe('JSON', () => {
  it('is the same document there and back', () => {
    expect(parsed(asJson(aDraft))).toEqual(aDraft)
  })

  it('has its fields in reading order, however they were kept', () => {
    const kept = {
      schedule: [{ zone: 'UTC', to: '06:00', objective: 'cost', days: [] }],
      novelty: 1,
      objective: 'cost',
    }
    const names = [...asJson(kept).matchAll(/"(\w+)":/g)].map(([, name]) => name)
    expect(names).toEqual(['objective', 'schedule', 'days', 'to', 'zone', 'objective', 'novelty'])
  })

  it('is no document while it is half typed, or a list', () => {
    expect(parsed('{"objective": "co')).toBeNull()
    expect(parsed('[]')).toBeNull()
    expect(parsed('null')).toBeNull()
  })
})

describe('an error', () => {
  it('is found at its field, and at the list or part that holds it', () => {
    const errors = { only: { 0: 'There is no provider “acron”.' }, schedule: { 1: { zone: 'No such zone.' } } }
    expect(errorAt(errors, ['only'])).toBe('There is no provider “acron”.')
    expect(errorAt(errors, ['schedule', 1, 'zone'])).toBe('No such zone.')
    expect(errorAt(errors, ['schedule'])).toBe('No such zone.')
    expect(errorAt(errors, ['ignore'])).toBeNull()
    expect(errorAt(null, ['only'])).toBeNull()
  })
})
