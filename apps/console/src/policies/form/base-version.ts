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

/** The version that a draft is based on. It stays when another user saves a newer one, so that no draft is lost. */
export function useBaseVersion(newest: Policy): [BaseVersion, (base: BaseVersion) => void] {
  return useState(() => baseVersionOf(newest))
}
