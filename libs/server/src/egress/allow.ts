import { isIP } from 'node:net'
import { z } from 'zod'
import { canonicalAddress } from './addresses.ts'

/** The operator's own machines that serve models: tenants' URLs may lead to them although they are not public. */
export interface EgressAllow {
  has(address: string, port: number): boolean
  /** Whether any address is allowed with this port. */
  hasPort(port: number): boolean
}

/** Public addresses only. */
export const NO_EGRESS_ALLOW: EgressAllow = { has: () => false, hasPort: () => false }

/** More are a network, which does not belong in a setting. */
const PAIRS_MAX = 100

/** `10.0.0.5:8000,[::1]:11434`: neither names nor ranges. Throws Error with a message for the operator. */
export function parseEgressAllow(text: string): EgressAllow {
  const parts = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
  if (parts.length > PAIRS_MAX) throw new Error(`holds ${parts.length} addresses; at most ${PAIRS_MAX} are taken`)
  const pairs = parts.map(parsePair)
  const known = new Set(pairs.map(({ address, port }) => `${address} ${port}`))
  const ports = new Set(pairs.map(({ port }) => port))
  return {
    has: (address, port) => known.has(`${canonicalAddress(address)} ${port}`),
    hasPort: (port) => ports.has(port),
  }
}

function parsePair(text: string): { readonly address: string; readonly port: number } {
  const [, six, four, digits] = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(text) ?? []
  const address = six ?? four ?? ''
  const port = Number(digits)
  const family = isIP(address)
  if (family !== (six === undefined ? 4 : 6) || address.includes('%') || port < 1 || port > 65_535)
    throw new Error(`“${text}” is not an address with its port, such as 10.0.0.5:8000 or [::1]:11434`)
  return { address: canonicalAddress(address), port }
}

/** The setting that holds such a list; empty by default. */
export function egressAllow() {
  return z
    .string()
    .default('')
    .transform((text, context) => {
      try {
        return parseEgressAllow(text)
      } catch (error) {
        context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : 'cannot be read' })
        return z.NEVER
      }
    })
}
