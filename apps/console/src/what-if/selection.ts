import type { WhatIfCreate } from '@turnpike/contract'
import type { WhatIfDraft } from './draft.ts'

export const RANGES = ['24h', '7d'] as const
type Range = (typeof RANGES)[number]

const HOUR_MS = 3_600_000
const LENGTH_MS: Record<Range, number> = { '24h': 24 * HOUR_MS, '7d': 168 * HOUR_MS }

/** The policy to simulate. A version of null: the newest, once it is known. */
export type Selection =
  | { readonly kind: 'none' }
  | { readonly kind: 'draft' }
  | { readonly kind: 'policy'; readonly id: string; readonly version: number | null }

/** The selection in the address. */
export function selectionOf(url: URLSearchParams): Selection {
  if (url.has('draft')) return { kind: 'draft' }
  const id = url.get('policy')
  if (!id) return { kind: 'none' }
  const version = Number(url.get('version'))
  return { kind: 'policy', id, version: Number.isInteger(version) && version > 0 ? version : null }
}

export function rangeOf(url: URLSearchParams): Range {
  return RANGES.find((range) => range === url.get('range')) ?? '24h'
}

/** The body that starts a run; null while something is missing. @param keyId empty: all keys @param nowMs the present */
export function runBodyOf(
  choice: Selection,
  draft: WhatIfDraft | null,
  range: Range,
  keyId: string,
  nowMs: number,
): WhatIfCreate | null {
  const what = policyFieldsOf(choice, draft)
  if (!what) return null
  const span = { from: new Date(nowMs - LENGTH_MS[range]).toISOString(), to: new Date(nowMs).toISOString() }
  return { ...what, ...span, ...(keyId && { keyId }) }
}

function policyFieldsOf(
  choice: Selection,
  draft: WhatIfDraft | null,
): Pick<WhatIfCreate, 'document' | 'policyId' | 'version'> | null {
  if (choice.kind === 'draft') {
    return draft && { document: draft.document, ...(draft.policyId !== undefined && { policyId: draft.policyId }) }
  }
  if (choice.kind === 'none' || choice.version === null) return null
  return { policyId: choice.id, version: choice.version }
}
