import { Link, Typography } from '@mui/material'
import { useQuery } from '@tanstack/react-query'
import type { ApiKey } from '@turnpike/contract'
import { useState } from 'react'
import { Link as RouterLink } from 'react-router-dom'
import { useText } from '../i18n/text.ts'
import { ActionDialog } from '../parts/ActionDialog.tsx'
import { Select } from '../parts/Select.tsx'
import { useAttach } from '../policies/attaching.ts'
import { allPoliciesQuery } from '../policies/calls.ts'
import { RowsSkeleton } from '../states/Loading.tsx'
import { View } from '../states/View.tsx'

/** Chooses the policy of a key. */
export function KeyPolicyDialog({ apiKey: { id, name, policy }, onClose }: { apiKey: ApiKey; onClose: () => void }) {
  const { say } = useText()
  const query = useQuery(allPoliciesQuery)
  const { mutateAsync: attach } = useAttach()
  const [chosen, setChosen] = useState(policy?.id ?? '')
  return (
    <ActionDialog
      title={say('policy.keyTitle', { name })}
      action={say('common.save')}
      disabled={chosen === (policy?.id ?? '')}
      run={() => attach({ scope: { kind: 'key', id, name }, policyId: chosen || null })}
      onClose={onClose}
    >
      <View query={query} skeleton={<RowsSkeleton rows={1} />}>
        {({ data }) => (
          <div style={{ display: 'grid', gap: 20 }}>
            <Typography>{say('policy.keyText')}</Typography>
            <Select
              fullWidth
              size="medium"
              autoFocus
              label={say('policy.keyPolicy')}
              value={chosen}
              options={[['', say('policy.keyNone')], ...data.map((option) => [option.id, option.name] as const)]}
              onChange={setChosen}
            />
            <Link component={RouterLink} to="/policies">
              {say('policy.manage')}
            </Link>
          </div>
        )}
      </View>
    </ActionDialog>
  )
}
