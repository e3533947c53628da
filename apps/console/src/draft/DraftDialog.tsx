import { type Theme, useMediaQuery } from '@mui/material'
import { useState, type ReactNode } from 'react'
import { codeOf, waitSecondsOf } from '../api.ts'
import { useText } from '../i18n/text.ts'
import { ActionDialog } from '../parts/ActionDialog.tsx'
import { useRefusalText } from '../states/refusal.ts'
import type { Draft } from './draft.ts'
import { DraftContext } from './state.ts'

interface DraftDialogProps<Answer> {
  readonly title: string
  readonly action: string
  readonly first: Draft
  readonly save: (draft: Draft) => Promise<Answer>
  readonly onSaved: (answer: Answer) => void
  readonly onClose: () => void
  readonly children: (draft: Draft) => ReactNode
}

/** A form in a dialog, full screen on a phone. Field errors of the server are shown at their fields. */
export function DraftDialog<Answer>({ first, save, onSaved, children, ...dialog }: DraftDialogProps<Answer>) {
  const { say } = useText()
  const isPhone = useMediaQuery((theme: Theme) => theme.breakpoints.down('sm'), { noSsr: true })
  const refusalText = useRefusalText()
  const [draft, setDraft] = useState(first)
  const explain = (error: unknown) => {
    const seconds = codeOf(error) === 'rate_limited' ? waitSecondsOf(error) : null
    return seconds === null ? refusalText(error) : say('providerKeys.throttled', { seconds })
  }
  return (
    <ActionDialog
      {...dialog}
      maxWidth="sm"
      fullScreen={isPhone}
      run={() => save(draft)}
      refetch="byok"
      onDone={onSaved}
      explain={explain}
    >
      {(errors) => <DraftContext value={{ draft, onChange: setDraft, errors }}>{children(draft)}</DraftContext>}
    </ActionDialog>
  )
}
