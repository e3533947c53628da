import { useEffect, useState } from 'react'
import { differenceOf } from '../versions/difference.ts'
import { asJson, parsed, type Draft } from '../../draft/draft.ts'
import { draftName, keepDraft, keptDraft } from '../../draft/kept.ts'
import { useSession } from '../../session.ts'

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
  /** The document was saved elsewhere: its draft is not kept. */
  readonly forget: () => void
}

/**
 * A document while it is edited. An unsaved draft is kept in this tab until it is saved or discarded, and found again on return.
 * @param documentId of the policy, or a name for one that does not exist yet
 */
export function useEditing(saved: Draft, documentId: string): Editing {
  const name = draftName(useSession().organisation.id, documentId)
  const [first] = useState(() => {
    const text = keptDraft(name)
    return { text, draft: (text === null ? null : parsed(text)) ?? saved }
  })
  const [draft, setDraft] = useState<Draft>(first.draft)
  const [text, setText] = useState<string | null>(
    first.text !== null && parsed(first.text) === null ? first.text : null,
  )
  const json = text ?? asJson(draft)
  const isBroken = text !== null && parsed(text) === null
  const isChanged = isBroken || differenceOf(saved, draft).length > 0
  useEffect(() => keepDraft(name, isChanged ? json : null), [name, isChanged, json])
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
    forget: () => keepDraft(name, null),
  }
}
