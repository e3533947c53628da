import type { IncomingHttpHeaders } from 'node:http'

import { type BehaviourChange, readChange } from './behaviour.ts'

const PREFIX = 'x-sim-'

/** The headers that say something else than the name of their setting. */
const SPELLINGS: Readonly<Record<string, keyof BehaviourChange>> = { fault: 'faults' }
const LISTS: ReadonlySet<string> = new Set(['faults'])
const FLAGS: ReadonlySet<string> = new Set(['instant'])
const NAMES: ReadonlySet<string> = new Set(['errorFault'])

/**
 * What one request overrides: `x-sim-first-token-ms: 20`, `x-sim-instant: 1`, `x-sim-fault: cut,crlf`; each setting of
 * `BehaviourChange` under its name with hyphens. @returns null without overrides, a sentence when one cannot be read.
 */
export function overridesIn(headers: IncomingHttpHeaders): BehaviourChange | string | null {
  let overrides: Record<string, unknown> | null = null
  for (const name in headers) {
    if (!name.startsWith(PREFIX)) continue
    const short = name.slice(PREFIX.length)
    const setting = SPELLINGS[short] ?? short.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
    overrides ??= {}
    overrides[setting] = read(setting, String(headers[name]))
  }
  if (overrides === null) return null
  const change = readChange(overrides)
  return typeof change === 'string' ? `The x-sim headers cannot be read: ${change}.` : change
}

function read(setting: string, given: string): unknown {
  if (LISTS.has(setting))
    return given
      .split(',')
      .map((each) => each.trim())
      .filter(Boolean)
  if (FLAGS.has(setting)) return given === '1' || given === 'true'
  return NAMES.has(setting) || given.trim() === '' ? given : Number(given)
}
