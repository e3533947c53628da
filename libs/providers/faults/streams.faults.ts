import { note } from '@turnpike/testkit'
import { expect, it } from 'vitest'
import { surviveMutations } from '../src/mutations.fixture.ts'

const MUTATIONS = 1_000_000

it('D12 a million broken streams: none crashes a decoder, and each is read as the standard says', (context) => {
  const seed = Math.floor(Math.random() * 2 ** 31)
  const { faults, cut, whole } = surviveMutations(MUTATIONS, seed)
  note(context, { seed, faults, cut, whole })
  expect(faults + cut + whole).toBe(MUTATIONS)
}, 600_000)
