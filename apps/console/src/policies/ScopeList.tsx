import Box from '@mui/material/Box'
import Typography from '@mui/material/Typography'
import type { Policy } from '@turnpike/contract'
import { useText } from '../i18n/text.ts'

/** Whose requests a change of the policy concerns. */
export function ScopeList({ policy: { attached } }: { policy: Policy }) {
  const { say } = useText()
  const lines = [
    ...(attached.organisation ? [say('policy.scopeOrganisation')] : []),
    ...attached.workspaces.map(({ name }) => say('policy.scopeWorkspace', { name })),
    ...attached.keys.map(({ name }) => say('policy.attachKey', { name })),
  ]
  if (lines.length === 0) return <Typography>{say('policy.scopeNothing')}</Typography>
  return (
    <Box component="ul" sx={{ m: 0, pl: 2.5, maxHeight: 180, overflowY: 'auto' }} tabIndex={0}>
      {lines.map((line) => (
        <li key={line}>{line}</li>
      ))}
    </Box>
  )
}
