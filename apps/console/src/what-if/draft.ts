import type { PolicyDocument } from '@turnpike/contract'
import { isRecord } from '../draft/draft.ts'

/** A policy that was not saved, on its way from the editor to the what-if. */
export interface WhatIfDraft {
  readonly document: PolicyDocument
  /** The policy that it is a draft of; absent for a new one. */
  readonly policyId?: string
  readonly name?: string
}

const KEY = 'whatif-draft'

/** Where the editor leads. The draft is kept in this tab and is never part of the address. */
export function whatIfPath(draft: WhatIfDraft): string {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(draft))
  } catch {
    // Without storage the page says that there is no draft; the editor still has it.
  }
  return '/what-if?draft=1'
}

/** The draft that was kept; null when there is none. */
export function keptDraft(): WhatIfDraft | null {
  try {
    return readDraft(sessionStorage.getItem(KEY))
  } catch {
    return null
  }
}

/** Reads a kept draft; a document alone will do. Null for what is neither. */
export function readDraft(text: string | null): WhatIfDraft | null {
  const kept: unknown = text === null ? null : JSON.parse(text)
  if (!isRecord(kept)) return null
  const { document, policyId, name } = kept
  if (!isRecord(document)) return { document: kept }
  return {
    document,
    ...(typeof policyId === 'string' && { policyId }),
    ...(typeof name === 'string' && { name }),
  }
}
