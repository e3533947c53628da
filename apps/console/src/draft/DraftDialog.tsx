import Alert from '@mui/material/Alert'
import Button from '@mui/material/Button'
import Dialog from '@mui/material/Dialog'
import DialogActions from '@mui/material/DialogActions'
import DialogContent from '@mui/material/DialogContent'
import DialogTitle from '@mui/material/DialogTitle'
import type { Theme } from '@mui/material/styles'
import useMediaQuery from '@mui/material/useMediaQuery'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState, type FormEvent, type ReactNode, type RefObject } from 'react'
import { codeOf, fieldErrorsOf, waitSecondsOf } from '../api.ts'
import { useText } from '../i18n/text.ts'
import type { Draft } from './draft.ts'
import { DraftContext } from './state.ts'
import { useRefusalText } from '../states/refusal.ts'

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
export function DraftDialog<Answer>(props: DraftDialogProps<Answer>) {
  const { title, action, first, save, onSaved, onClose, children } = props
  const { say } = useText()
  const isPhone = useMediaQuery((theme: Theme) => theme.breakpoints.down('sm'), { noSsr: true })
  const queryClient = useQueryClient()
  const refusalText = useRefusalText()
  const [draft, setDraft] = useState(first)
  const saving = useMutation({
    mutationFn: () => save(draft),
    // A draft can hold a secret, which is forgotten with the dialog.
    gcTime: 0,
    onSuccess: async (answer) => {
      await queryClient.invalidateQueries({ queryKey: ['byok'] })
      onSaved(answer)
      onClose()
    },
  })
  const errors = fieldErrorsOf(saving.error)
  const seconds = codeOf(saving.error) === 'rate_limited' ? waitSecondsOf(saving.error) : null
  const form = useFocusOnWrong(saving.error)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    saving.mutate()
  }
  return (
    <Dialog
      open
      fullWidth
      fullScreen={isPhone}
      maxWidth="sm"
      onClose={onClose}
      aria-labelledby="own-dialog"
      slotProps={{ paper: { sx: isPhone ? { border: 0, borderRadius: 0 } : {} } }}
    >
      <DialogTitle id="own-dialog">{title}</DialogTitle>
      <form ref={form} onSubmit={submit} noValidate style={{ display: 'contents' }}>
        <DialogContent>
          <DraftContext value={{ draft, onChange: setDraft, errors }}>
            <div style={{ display: 'grid', gap: 20, paddingTop: 6 }}>
              {saving.isError && errors === null && (
                <Alert severity="error">
                  {seconds === null ? refusalText(saving.error) : say('providerKeys.throttled', { seconds })}
                </Alert>
              )}
              {children(draft)}
            </div>
          </DraftContext>
        </DialogContent>
        <DialogActions sx={{ px: 3, pb: 2.5 }}>
          <Button color="inherit" onClick={onClose}>
            {say('common.cancel')}
          </Button>
          <Button type="submit" variant="contained" loading={saving.isPending}>
            {action}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}

/** Leads to the first field that was refused: it can stand above or below what is in sight. */
function useFocusOnWrong(error: unknown): RefObject<HTMLFormElement | null> {
  const form = useRef<HTMLFormElement>(null)
  useEffect(() => {
    if (error) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
  }, [error])
  return form
}
