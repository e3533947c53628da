import { Typography } from '@mui/material'
import type { Policy } from '@turnpike/contract'
import { useText } from '../i18n/text.ts'
import { ActionDialog } from '../parts/ActionDialog.tsx'
import { useSession } from '../session.ts'
import { archivePolicy } from './calls.ts'
import { scopesOf, scopesText } from './scopes.ts'

/** Archives a policy. An attached policy has to be detached first. */
export function ArchiveDialog({ policy, onClose }: { policy: Policy; onClose: () => void }) {
  const { say } = useText()
  const { name } = policy
  const { organisation } = useSession()
  const isAttached = scopesOf(policy, organisation.name).length > 0
  return (
    <ActionDialog
      title={say('policy.archiveTitle', { name })}
      action={say('policy.archive')}
      color="error"
      disabled={isAttached}
      run={() => archivePolicy(policy.id)}
      refetch="policies"
      notice={['policy.archivedNotice', { name }]}
      onClose={onClose}
    >
      <Typography>
        {isAttached ? say('policy.archiveAttached', { names: scopesText(policy, say) }) : say('policy.archiveText')}
      </Typography>
    </ActionDialog>
  )
}
