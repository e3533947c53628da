import { type Theme, useMediaQuery } from '@mui/material'
import { useRef, useState, type ReactNode } from 'react'
import { codeOf, waitSecondsOf } from '../api.ts'
import { useText } from '../i18n/text.ts'
import { ActionDialog } from '../parts/ActionDialog.tsx'
import { useRefusalText } from '../states/refusal.ts'
import { ActionAlert } from '../parts/ActionAlert.tsx'
import { asJson, type Draft } from './draft.ts'
import { UnsavedGuard } from './UnsavedGuard.tsx'
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
export function DraftDialog<Answer>({ first, save, onSaved, onClose, children, ...dialog }: DraftDialogProps<Answer>) {
  const { say } = useText()
  const isPhone = useMediaQuery((theme: Theme) => theme.breakpoints.down('sm'), { noSsr: true })
  const refusalText = useRefusalText()
  const [draft, setDraft] = useState(first)
  const [begun] = useState(first)
  const isSaved = useRef(false)
  const [isAsking, setIsAsking] = useState(false)
  const isChanged = asJson(draft) !== asJson(begun)
  const explain = (error: unknown) => {
    const seconds = codeOf(error) === 'rate_limited' ? waitSecondsOf(error) : null
    return seconds === null ? refusalText(error) : say('providerKeys.throttled', { seconds })
  }
  return (
    <ActionDialog
      {...dialog}
      onClose={() => (isChanged && !isAsking && !isSaved.current ? setIsAsking(true) : onClose())}
      maxWidth="sm"
      fullScreen={isPhone}
      run={() => save(draft)}
      refetch="byok"
      onDone={(answer) => {
        isSaved.current = true
        onSaved(answer)
      }}
      explain={explain}
    >
      {(errors) => (
        <>
          <UnsavedGuard isNeeded={isChanged} isKept={false} />
          {isAsking && (
            <ActionAlert severity="warning" action={say('unsaved.stay')} onAction={() => setIsAsking(false)}>
              {say('unsaved.again')}
            </ActionAlert>
          )}
          <DraftContext value={{ draft, onChange: setDraft, errors }}>{children(draft)}</DraftContext>
        </>
      )}
    </ActionDialog>
  )
}
