import { describe, expect, it } from 'vitest'
import { within } from '../frame.ts'
import { openaiDecoder, decodeWhole } from './decode.ts'
import { wireOf } from './wire.ts'

const whole = (message: object, more: object = {}) => ({
  choices: [{ index: 0, message: { role: 'assistant', content: 'hi', ...message }, finish_reason: 'stop' }],
  ...more,
})
const messageIn = (wire: unknown) => within(within((within(wire)['choices'] as unknown[])[0])['message'])
const many = (count: number) => Array.from({ length: count }, () => ({}))

describe('a frame for a caller of the same dialect', () => {
  it('is the frame itself where nothing in it is large, a long text included', () => {
    const frame = whole({ content: 'x'.repeat(1_000_000), annotations: many(100) }, { service_tier: 'flex' })
    expect(wireOf(frame, 'message')).toBe(frame)
  })

  it('is left without the unknown fields that are too wide or too long, and keeps the others', () => {
    const body = whole(
      { content: 'hi', citations: many(2_000), annotations: [1] },
      { notes: 'x'.repeat(70_000), service_tier: 'flex', trace: { [`k${'x'.repeat(70_000)}`]: 1 } },
    )
    const { wire, text } = decodeWhole(body)
    expect(text).toBe('hi')
    expect(Object.keys(wire ?? {})).toEqual(['choices', 'service_tier'])
    expect(messageIn(wire)).toEqual({ role: 'assistant', content: 'hi', annotations: [1] })
  })

  it('holds no more of many small fields together either', () => {
    const more = Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`field_${i}`, 1]))
    const kept = Object.keys(wireOf(whole({}, more), 'message'))
    expect(kept.length).toBeLessThan(2_010)
    expect(kept).toContain('field_0')
  })

  it('keeps images and sounds, however long they are', () => {
    const url = `data:image/png;base64,${'A'.repeat(3_000_000)}`
    const media = {
      images: [{ type: 'image_url', image_url: { url } }],
      audio: { id: 'a', data: 'B'.repeat(1_000_000) },
    }
    const { wire } = decodeWhole(whole(media, { notes: 'x'.repeat(70_000) }))
    expect(messageIn(wire)).toMatchObject(media)
    expect(wire).not.toHaveProperty('notes')
  })

  it('is left so in a stream too', () => {
    const data = JSON.stringify({
      choices: [{ index: 0, delta: { content: 'hi', steps: many(20_000) } }],
      tier: 'flex',
    })
    const delta = openaiDecoder().push({ event: undefined, data })
    expect(delta).toMatchObject({ text: 'hi', wire: { tier: 'flex' } })
    expect(JSON.stringify(delta?.wire).length).toBeLessThan(200)
  })

  it('holds no content in another form than the dialect has', () => {
    expect(wireOf({ choices: [{ index: 0, delta: 'x'.repeat(1_000_000) }] }, 'delta')).toEqual({ choices: [] })
    expect(messageIn(decodeWhole(whole({ tool_calls: { a: many(5_000) } })).wire)).not.toHaveProperty('tool_calls')
  })
})
