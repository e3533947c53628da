import { Alert, Button, Dialog, DialogActions, DialogContent, DialogTitle, Stack } from '@mui/material'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useEffect, useId, useRef, type FormEvent, type ReactNode } from 'react'
import { useNotify } from 'react-admin'
import { fieldErrorsOf } from '../api.ts'
import type { TextKey } from '../i18n/en/en.ts'
import { useText } from '../i18n/text.ts'
import { useRefusalText } from '../states/refusal.ts'

export interface ActionDialogProps<Answer> {
  readonly title: string
  /** The text of its button. */
  readonly action: string
  readonly color?: 'primary' | 'error'
  readonly maxWidth?: 'xs' | 'sm'
  readonly fullScreen?: boolean
  readonly disabled?: boolean
  readonly run: () => Promise<Answer>
  /** The first part of the query keys that are fetched again once it is done. */
  readonly refetch?: string
  /** What the user is notified of once it is done. */
  readonly notice?: readonly [text: TextKey, values?: Readonly<Record<string, string | number>>]
  /** The button is busy until this is done too; then the dialog closes. */
  readonly onDone?: (answer: Answer) => unknown
  readonly onFailed?: (error: unknown) => void
  /** Words for a failure; by default those of `useRefusalText`. */
  readonly explain?: (error: unknown) => string
  readonly onClose: () => void
  /** A function shows errors at its fields; they are then not listed above. */
  readonly children: ReactNode | ((errors: Record<string, unknown> | null) => ReactNode)
}

/** A dialog with one action and, above its content, why the last try of it failed. */
export function ActionDialog<Answer>(props: ActionDialogProps<Answer>) {
  const { title, action, color = 'primary', maxWidth = 'xs', fullScreen = false, disabled = false } = props
  const { run, refetch, notice, onDone, onFailed, explain, onClose, children } = props
  const { say } = useText()
  const titleId = useId()
  const queryClient = useQueryClient()
  const notify = useNotify()
  const refusalText = useRefusalText()
  const { mutate, error, isPending } = useMutation({
    mutationFn: run,
    // What was typed can hold a secret, which is forgotten with the dialog.
    gcTime: 0,
    onSuccess: async (answer) => {
      if (refetch) await queryClient.invalidateQueries({ queryKey: [refetch] })
      await onDone?.(answer)
      if (notice) notify(notice[0], { type: 'success', messageArgs: notice[1] ?? {} })
      onClose()
    },
    ...(onFailed && { onError: onFailed }),
  })
  const errors = fieldErrorsOf(error)
  const hasFields = typeof children === 'function'
  const form = useRef<HTMLFormElement>(null)
  // The first field with an error can stand above or below what is in sight.
  useEffect(() => {
    if (error) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
  }, [error])
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!disabled) mutate()
  }
  return (
    <Dialog open fullWidth maxWidth={maxWidth} fullScreen={fullScreen} onClose={onClose} aria-labelledby={titleId}>
      <form ref={form} onSubmit={submit} noValidate style={{ display: 'contents' }}>
        <DialogTitle id={titleId}>{title}</DialogTitle>
        <DialogContent>
          <Stack useFlexGap spacing={2.5} sx={{ pt: hasFields ? 0.75 : 0 }}>
            {error !== null && !(hasFields && errors) && (
              <Alert severity="error">{(explain ?? refusalText)(error)}</Alert>
            )}
            {hasFields ? children(errors) : children}
          </Stack>
        </DialogContent>
        <DialogActions sx={{ px: 3, pb: 2.5 }}>
          <Button color="inherit" onClick={onClose}>
            {say('common.cancel')}
          </Button>
          <Button type="submit" variant="contained" color={color} disabled={disabled} loading={isPending}>
            {action}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
