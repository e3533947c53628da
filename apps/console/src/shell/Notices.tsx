import { Alert, Snackbar } from '@mui/material'
import { useNotificationContext, useTranslate } from 'react-admin'

const SHOWN_MS = 5_000

/** Short messages at the foot of the window, one at a time, as react-admin's `useNotify` queues them. */
export function Notices() {
  const translate = useTranslate()
  const { notifications, takeNotification } = useNotificationContext()
  const [notice] = notifications
  if (!notice) return null
  const severity =
    notice.type === 'error' || notice.type === 'warning' || notice.type === 'success' ? notice.type : 'info'
  const dismiss = () => takeNotification()
  return (
    <Snackbar
      open
      autoHideDuration={SHOWN_MS}
      onClose={dismiss}
      anchorOrigin={{ vertical: 'bottom', horizontal: 'center' }}
    >
      <Alert severity={severity} variant="filled" onClose={dismiss}>
        {typeof notice.message === 'string'
          ? translate(notice.message, notice.notificationOptions?.messageArgs)
          : notice.message}
      </Alert>
    </Snackbar>
  )
}
