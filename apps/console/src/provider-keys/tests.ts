import { useQueryClient } from '@tanstack/react-query'
import type { OwnTestAnswer, ProviderKey } from '@turnpike/contract'
import { useState } from 'react'
import { testResource, type ByokResource } from './calls.ts'

export type TestState =
  | { readonly kind: 'running' }
  | { readonly kind: 'done'; readonly answer: OwnTestAnswer['data'] }
  | { readonly kind: 'failed'; readonly error: unknown }

export interface Tests {
  readonly run: (row: ByokResource) => void
  /** The server made the test itself, when it saved the secret. */
  readonly note: (row: Pick<ProviderKey, 'id' | 'test'>) => void
  /** Null: not tested since the page was opened. */
  readonly of: (id: string) => TestState | null
}

/** Test calls made from this page, each with what it found. */
export function useTests(): Tests {
  const queryClient = useQueryClient()
  const [states, setStates] = useState<Readonly<Record<string, TestState>>>({})
  const put = (id: string, state: TestState) => setStates((before) => ({ ...before, [id]: state }))
  const run = async (row: ByokResource) => {
    put(row.id, { kind: 'running' })
    try {
      put(row.id, { kind: 'done', answer: (await testResource(row)).data })
      await queryClient.invalidateQueries({ queryKey: ['byok'] })
    } catch (error) {
      put(row.id, { kind: 'failed', error })
    }
  }
  const note = ({ id, test }: Pick<ProviderKey, 'id' | 'test'>) => {
    if (test) put(id, { kind: 'done', answer: { ...test, message: '' } })
  }
  return { run: (row) => void run(row), note, of: (id) => states[id] ?? null }
}
