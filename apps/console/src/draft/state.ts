import { createContext, use } from 'react'
import { at, errorAt, put, type Draft, type Path } from './draft.ts'

interface DraftState {
  readonly draft: Draft
  readonly onChange: (draft: Draft) => void
  /** What the server found wrong, in the shape of the document; null for nothing. */
  readonly errors: unknown
}

/** The document that the form around edits. */
export const DraftContext = createContext<DraftState | null>(null)

interface Entry {
  readonly value: unknown
  readonly error: string | null
  /** Undefined takes the field out of the document. */
  readonly set: (value: unknown) => void
}

/** One field of the document that the form around edits. */
export function useEntry(path: Path): Entry {
  const { draft, onChange, errors } = useDraft()
  return { value: at(draft, path), error: errorAt(errors, path), set: (value) => onChange(put(draft, path, value)) }
}

/** The document that the form around edits, whole. */
export function useDraft(): DraftState {
  const state = use(DraftContext)
  if (!state) throw new Error('A field of a policy was rendered outside its form.')
  return state
}
