import { Alert, Box, Button, Card, Typography } from '@mui/material'
import { useQuery } from '@tanstack/react-query'
import type { KeyList, Policy } from '@turnpike/contract'
import { useState } from 'react'
import { call } from '../api.ts'
import { useText } from '../i18n/text.ts'
import { statusOf } from '../keys/status.ts'
import { Select } from '../parts/Select.tsx'
import { useMay, useSession } from '../session.ts'
import { useAttach } from './attaching.ts'
import { allPoliciesQuery, type Scope } from './calls.ts'
import { scopeId, scopesOf, policyAt } from './scopes.ts'
import { useRefusalText } from '../states/refusal.ts'

const KEYS_MAX = 100

/** The scopes a policy is applied to, and how to change them. */
export function Attachments({ policy }: { policy: Policy }) {
  const { say } = useText()
  const { organisation } = useSession()
  const mayNarrowly = useMay('policies:update')
  const mayWidely = useMay('policies:attach-widely')
  const attaching = useAttach()
  const refusalText = useRefusalText()
  const scopes = scopesOf(policy, organisation.name)
  return (
    <Card component="section" aria-label={say('policies.attached')} sx={{ p: { xs: 2, sm: 3 }, maxWidth: 760 }}>
      <Typography color="textSecondary" sx={{ mb: 2 }}>
        {say('policy.attachText')}
      </Typography>
      {attaching.error && (
        <Alert severity="error" sx={{ mb: 2 }}>
          {refusalText(attaching.error)}
        </Alert>
      )}
      {scopes.length === 0 && <Typography sx={{ mb: 2 }}>{say('policy.attachedNothing')}</Typography>}
      <Box component="ul" sx={{ listStyle: 'none', m: 0, p: 0, mb: scopes.length > 0 ? 3 : 0 }}>
        {scopes.map((scope) => {
          const name = say(`policy.attach_${scope.kind}`, { name: scope.name })
          const isMine = scope.kind === 'key' ? mayNarrowly : mayWidely
          return (
            <Box
              component="li"
              key={scopeId(scope)}
              sx={{
                display: 'flex',
                alignItems: 'center',
                gap: 1,
                minHeight: 48,
                borderBottom: '1px solid',
                borderColor: 'divider',
              }}
            >
              <Box sx={{ flex: 1, minWidth: 0, overflowWrap: 'anywhere' }}>{name}</Box>
              {isMine && (
                <Button
                  size="small"
                  color="inherit"
                  disabled={attaching.isPending}
                  aria-label={say('policy.detachFrom', { name })}
                  onClick={() => attaching.mutate({ scope, policyId: null })}
                >
                  {say('policy.detach')}
                </Button>
              )}
            </Box>
          )
        })}
      </Box>
      {mayNarrowly && <AttachForm policy={policy} mayWidely={mayWidely} attaching={attaching} />}
    </Card>
  )
}

interface AttachFormProps {
  readonly policy: Policy
  readonly mayWidely: boolean
  readonly attaching: ReturnType<typeof useAttach>
}

function AttachForm({ policy, mayWidely, attaching }: AttachFormProps) {
  const { say } = useText()
  const [chosen, setChosen] = useState('')
  const scopes = useAttachableScopes(mayWidely).filter((scope) => policyAt(scope, [policy]) === undefined)
  const { data: policies } = useQuery(allPoliciesQuery)
  const scope = scopes.find((candidate) => scopeId(candidate) === chosen)
  const replaced = scope && policyAt(scope, policies?.data ?? [])
  const attach = () => {
    if (scope) attaching.mutate({ scope, policyId: policy.id }, { onSuccess: () => setChosen('') })
  }
  return (
    <>
      <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: 1.5, alignItems: 'center' }}>
        <Select
          label={say('policy.attachTo')}
          value={scope ? chosen : ''}
          options={[
            ['', say('policies.choose')],
            ...scopes.map(
              (option) => [scopeId(option), say(`policy.attach_${option.kind}`, { name: option.name })] as const,
            ),
          ]}
          onChange={setChosen}
          minWidth={260}
        />
        <Button variant="contained" disabled={!scope} loading={attaching.isPending} onClick={attach}>
          {say('policy.attach')}
        </Button>
      </Box>
      <Typography variant="caption" component="p" role="status" sx={{ mt: 1 }}>
        {replaced ? say('policy.attachReplaces', { name: replaced.name }) : !mayWidely && say('policy.attachWide')}
      </Typography>
    </>
  )
}

/** Scopes to attach a policy to. Management keys and revoked keys send no requests. */
function useAttachableScopes(mayWidely: boolean): Scope[] {
  const { organisation, workspace } = useSession()
  const mayReadKeys = useMay('keys:read')
  const { data } = useQuery({
    queryKey: ['keys', 'to attach'],
    queryFn: ({ signal }) => call<KeyList>('/keys', { query: { limit: KEYS_MAX }, signal }),
    enabled: mayReadKeys,
  })
  const keys = (data?.data ?? []).filter((key) => key.kind !== 'mgmt' && statusOf(key, Date.now()) === 'active')
  const wide: Scope[] = [
    { kind: 'organisation', name: organisation.name },
    { kind: 'workspace', ...workspace },
  ]
  return [
    ...(mayWidely ? wide : []),
    ...keys.map(({ id, name, label }): Scope => ({ kind: 'key', id, name: `${name} (${label})` })),
  ]
}
