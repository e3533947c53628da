import { Alert, type AlertProps, Button } from '@mui/material'

type ActionAlertProps = Omit<AlertProps, 'action'> & { readonly action: string; readonly onAction: () => void }

/** Something to know, and the button that settles it. */
export function ActionAlert({ action, onAction, ...alert }: ActionAlertProps) {
  const button = (
    <Button color="inherit" size="small" onClick={onAction}>
      {action}
    </Button>
  )
  return <Alert action={button} {...alert} />
}
