import type { Policy } from '@turnpike/contract'
import { useState } from 'react'
import type { Draft } from './draft.ts'

/** The version that a draft was begun from. */
export interface Base {
  readonly version: number
  readonly document: Draft
}

export function baseOf({ version, document }: Policy): Base {
  return { version, document }
}

/** The version that a draft was begun from: it stays when somebody else saves a newer one, so that no draft is swept away. */
export function useBase(newest: Policy): [Base, (base: Base) => void] {
  return useState(() => baseOf(newest))
}
