import Alert from '@mui/material/Alert'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Card from '@mui/material/Card'
import Typography from '@mui/material/Typography'
import { useQuery } from '@tanstack/react-query'
import type { KeyList, Policy } from '@turnpike/contract'
import { useState } from 'react'
import { call } from '../api.ts'
import { useText, type Say } from '../i18n/text.ts'
import { stateOf } from '../keys/key-state.ts'
import { Select } from '../parts/Select.tsx'
import { useMay, useSession } from '../session.ts'
import { useAttach } from './attaching.ts'
import { allPoliciesQuery, type Place } from './calls.ts'
import { placeId, placesOf, policyAt } from './form/places.ts'
import { useRefusalText } from './form/refusal.ts'

const KEYS_MAX = 100

/** What a policy is in force for, and how to change that. */
export function Attachments({ policy }: { policy: Policy }) {
  const { say } = useText()
  const { organisation } = useSession()
  const mayNarrowly = useMay('policies:update')
  const mayWidely = useMay('policies:attach-widely')
  const attaching = useAttach()
  const refusalText = useRefusalText()
  const places = placesOf(policy, organisation.name)
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
      {places.length === 0 && <Typography sx={{ mb: 2 }}>{say('policy.attachedNothing')}</Typography>}
      <Box component="ul" sx={{ listStyle: 'none', m: 0, p: 0, mb: places.length > 0 ? 3 : 0 }}>
        {places.map((place) => {
          const name = nameOf(place, say)
          const isMine = place.kind === 'key' ? mayNarrowly : mayWidely
          return (
            <Box
              component="li"
              key={placeId(place)}
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
                  onClick={() => attaching.mutate({ place, policyId: null })}
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
  const places = usePlaces(mayWidely).filter((place) => policyAt(place, [policy]) === undefined)
  const { data: policies } = useQuery(allPoliciesQuery)
  const place = places.find((candidate) => placeId(candidate) === chosen)
  const replaced = place && policyAt(place, policies?.data ?? [])
  const attach = () => {
    if (place) attaching.mutate({ place, policyId: policy.id }, { onSuccess: () => setChosen('') })
  }
  return (
    <>
      <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: 1.5, alignItems: 'center' }}>
        <Select
          label={say('policy.attachTo')}
          value={place ? chosen : ''}
          options={[
            ['', say('policies.choose')],
            ...places.map((option) => [placeId(option), nameOf(option, say)] as const),
          ]}
          onChange={setChosen}
          minWidth={260}
        />
        <Button variant="contained" disabled={!place} loading={attaching.isPending} onClick={attach}>
          {say('policy.attach')}
        </Button>
      </Box>
      <Typography variant="caption" component="p" role="status" sx={{ mt: 1 }}>
        {replaced ? say('policy.attachReplaces', { name: replaced.name }) : !mayWidely && say('policy.attachWide')}
      </Typography>
    </>
  )
}

/** Where the reader may put a policy in force. Management keys answer no requests, and revoked ones nothing at all. */
function usePlaces(mayWidely: boolean): Place[] {
  const { organisation, workspace } = useSession()
  const mayReadKeys = useMay('keys:read')
  const { data } = useQuery({
    queryKey: ['keys', 'to attach'],
    queryFn: ({ signal }) => call<KeyList>('/keys', { query: { limit: KEYS_MAX }, signal }),
    enabled: mayReadKeys,
  })
  const keys = (data?.data ?? []).filter((key) => key.kind !== 'mgmt' && stateOf(key, Date.now()) === 'active')
  const wide: Place[] = [
    { kind: 'organisation', name: organisation.name },
    { kind: 'workspace', ...workspace },
  ]
  return [
    ...(mayWidely ? wide : []),
    ...keys.map(({ id, name, label }): Place => ({ kind: 'key', id, name: `${name} (${label})` })),
  ]
}

function nameOf(place: Place, say: Say): string {
  const { name } = place
  if (place.kind === 'organisation') return say('policy.attachOrganisation', { name })
  return say(place.kind === 'workspace' ? 'policy.attachWorkspace' : 'policy.attachKey', { name })
}
