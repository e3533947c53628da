import { Fault, JSON_DEPTH_MAX, parseUntrusted } from '@turnpike/domain'
import { expect, it } from 'vitest'
import { DOORS } from './doors.ts'
import { SHAPES } from './shapes.ts'

const BYTES = 40_000
const MEMBERS = 400
const LIMITS = { depth: JSON_DEPTH_MAX, members: MEMBERS }

it.each(SHAPES.map((shape) => [shape.name, shape] as const))(
  '%s are within the limits, and use up one of them',
  (_, shape) => {
    const text = shape.text(BYTES, MEMBERS)
    const read = parseUntrusted(text, LIMITS, (what) => new Fault('body_malformed', what))
    expect(read).not.toBeUndefined()
    const members = text.replaceAll(/"(?:[^"\\]|\\.)*"/gs, '').match(/[,:[{]/g)?.length ?? 0
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(BYTES)
    expect(Math.max(Buffer.byteLength(text) / BYTES, members / MEMBERS)).toBeGreaterThan(0.7)
  },
)

it('every way in has a place for a value in each of its texts', () => {
  expect(DOORS.length).toBeGreaterThan(12)
  for (const { name, frames } of DOORS) for (const frame of frames) expect(frame.split('%'), name).toHaveLength(2)
})
