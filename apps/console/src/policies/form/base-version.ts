import type { Policy } from '@turnpike/contract'
import { useState } from 'react'
import type { Draft } from '../../draft/draft.ts'

/** The version that a draft was begun from. */
export interface BaseVersion {
  readonly version: number
  readonly document: Draft
}

export function baseVersionOf({ version, document }: Policy): BaseVersion {
  return { version, document }
}

/** The version that a draft was begun from: it stays when somebody else saves a newer one, so that no draft is swept away. */
export function useBaseVersion(newest: Policy): [BaseVersion, (base: BaseVersion) => void] {
  return useState(() => baseVersionOf(newest))
}
