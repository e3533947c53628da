import { Alert, AlertTitle } from '@mui/material'
import type { PolicyWarning } from '@turnpike/contract'

/** What the author should think about though nothing is wrong. */
export function Warnings({ title, warnings }: { title: string; warnings: readonly PolicyWarning[] }) {
  if (warnings.length === 0) return null
  return (
    <Alert severity="warning" variant="outlined" sx={{ mb: 2 }}>
      <AlertTitle>{title}</AlertTitle>
      {warnings.map(({ code, message }) => (
        <div key={`${code} ${message}`}>{message}</div>
      ))}
    </Alert>
  )
}
