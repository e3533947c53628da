import { Box, Typography } from '@mui/material'
import { useQueryClient } from '@tanstack/react-query'
import type { Policy, PolicyAnswer } from '@turnpike/contract'
import type { ReactNode } from 'react'
import type { Draft } from '../../draft/draft.ts'
import { useText } from '../../i18n/text.ts'
import { ActionDialog, type ActionDialogProps } from '../../parts/ActionDialog.tsx'
import { useSession } from '../../session.ts'
import { policyQuery } from '../calls.ts'
import { scopeId, scopesOf } from '../scopes.ts'
import { Changes } from './Changes.tsx'

type Dialog = Pick<ActionDialogProps<PolicyAnswer>, 'title' | 'action' | 'run' | 'notice' | 'onFailed' | 'onClose'>

interface VersionDialogProps extends Dialog {
  readonly policy: Policy
  readonly before: Draft
  readonly after: Draft
  readonly onSaved: (newest: Policy) => void
  readonly children: ReactNode
}

/** Says what a new version changes and for whom before it is saved. */
export function VersionDialog({ policy, before, after, onSaved, children, ...dialog }: VersionDialogProps) {
  const { say } = useText()
  const queryClient = useQueryClient()
  const show = async (answer: PolicyAnswer) => {
    await queryClient.invalidateQueries({ queryKey: ['policies'] })
    queryClient.setQueryData(policyQuery(policy.id).queryKey, answer)
  }
  const saved = (answer: PolicyAnswer) => {
    onSaved(answer.data)
    void show(answer)
  }
  return (
    <ActionDialog {...dialog} maxWidth="sm" onDone={saved}>
      <section>
        {children}
        <Changes before={before} after={after} />
      </section>
      <section>
        <Typography variant="h3" sx={{ mb: 1 }}>
          {say('policies.attached')}
        </Typography>
        <ScopeList policy={policy} />
      </section>
    </ActionDialog>
  )
}

function ScopeList({ policy }: { policy: Policy }) {
  const { say } = useText()
  const { organisation } = useSession()
  const scopes = scopesOf(policy, organisation.name)
  if (scopes.length === 0) return <Typography>{say('policy.scopeNothing')}</Typography>
  return (
    <Box component="ul" sx={{ m: 0, pl: 2.5, maxHeight: 180, overflowY: 'auto' }} tabIndex={0}>
      {scopes.map((scope) => (
        <li key={scopeId(scope)}>
          {say(scope.kind === 'key' ? 'policy.attach_key' : `policy.scope_${scope.kind}`, { name: scope.name })}
        </li>
      ))}
    </Box>
  )
}
