import { useEffect, useState } from 'react'
import { differenceOf } from '../versions/difference.ts'
import { asJson, parsed, type Draft } from '../../draft/draft.ts'

export interface Editing {
  /** The last draft that was whole. */
  readonly draft: Draft
  /** The draft as JSON, exactly as it was typed. */
  readonly json: string
  /** The JSON is half typed; the draft is the one before it. */
  readonly isBroken: boolean
  readonly isChanged: boolean
  readonly change: (draft: Draft) => void
  readonly writeJson: (text: string) => void
  readonly dropJson: () => void
}

/** A document while it is edited. Leaving the site with unsaved changes needs a confirmation. */
export function useEditing(saved: Draft): Editing {
  const [draft, setDraft] = useState(saved)
  const [text, setText] = useState<string | null>(null)
  const json = text ?? asJson(draft)
  const isBroken = text !== null && parsed(text) === null
  const isChanged = isBroken || differenceOf(saved, draft).length > 0
  useLeaveWarning(isChanged)
  return {
    draft,
    json,
    isBroken,
    isChanged,
    change: (after) => {
      setDraft(after)
      setText(null)
    },
    writeJson: (typed) => {
      setText(typed)
      const after = parsed(typed)
      if (after) setDraft(after)
    },
    dropJson: () => setText(null),
  }
}

function useLeaveWarning(isNeeded: boolean): void {
  useEffect(() => {
    if (!isNeeded) return undefined
    const ask = (event: BeforeUnloadEvent) => event.preventDefault()
    window.addEventListener('beforeunload', ask)
    return () => window.removeEventListener('beforeunload', ask)
  }, [isNeeded])
}
