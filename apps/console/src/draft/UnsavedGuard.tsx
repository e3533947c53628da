import { Button, Dialog, DialogActions, DialogContent, DialogTitle, Typography } from '@mui/material'
import { useEffect, useId } from 'react'
import { useBlocker } from 'react-router-dom'
import { useText } from '../i18n/text.ts'

/** Route state of a navigation that follows a save: it loses nothing. */
export const SAVED = { isSaved: true } as const

interface UnsavedGuardProps {
  readonly isNeeded: boolean
  /** What becomes of the work on leaving. */
  readonly isKept: boolean
}

/** Asks before typed work is left: for another page of the console, or by closing the tab. */
export function UnsavedGuard({ isNeeded, isKept }: UnsavedGuardProps) {
  const { say } = useText()
  const titleId = useId()
  useEffect(() => {
    if (!isNeeded) return undefined
    const ask = (event: BeforeUnloadEvent) => event.preventDefault()
    window.addEventListener('beforeunload', ask)
    return () => window.removeEventListener('beforeunload', ask)
  }, [isNeeded])
  const { state, proceed, reset } = useBlocker(({ currentLocation, nextLocation }) => {
    const isLeaving = currentLocation.pathname !== nextLocation.pathname
    return isNeeded && isLeaving && (nextLocation.state as { isSaved?: true } | null)?.isSaved !== true
  })
  if (state !== 'blocked') return null
  return (
    <Dialog open maxWidth="xs" onClose={reset} aria-labelledby={titleId}>
      <DialogTitle id={titleId}>{say('unsaved.title')}</DialogTitle>
      <DialogContent>
        <Typography>{say(isKept ? 'unsaved.kept' : 'unsaved.lost')}</Typography>
      </DialogContent>
      <DialogActions sx={{ px: 3, pb: 2.5 }}>
        <Button color="inherit" onClick={proceed}>
          {say('unsaved.leave')}
        </Button>
        <Button variant="contained" onClick={reset} autoFocus>
          {say('unsaved.stay')}
        </Button>
      </DialogActions>
    </Dialog>
  )
}
