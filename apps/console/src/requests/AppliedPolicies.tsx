import { Box, Link, Typography } from '@mui/material'
import { useQuery } from '@tanstack/react-query'
import type { DecisionRecord } from '@turnpike/contract'
import { Link as RouterLink } from 'react-router-dom'
import { useText } from '../i18n/text.ts'
import { partsOf } from '../provider-keys/target.ts'
import { allPoliciesQuery } from '../policies/calls.ts'
import { useMay } from '../session.ts'

/** The policies by which a request was routed, each as it was then, with the way to it. */
export function AppliedPolicies({ decision }: { decision: DecisionRecord }) {
  const { say } = useText()
  const mayRead = useMay('policies:read')
  const { policies, sticky, readToEnd, fallbacks } = decision
  const { data } = useQuery({ ...allPoliciesQuery, enabled: mayRead && policies.length > 0 })
  const nameOf = (id: string) => data?.data.find((policy) => policy.id === id)?.name ?? id
  return (
    <Box sx={{ mt: 1.5, display: 'grid', gap: 0.5 }}>
      {policies.length === 0 ? (
        <Typography variant="body2">{say('request.defaultPolicy')}</Typography>
      ) : (
        <Box component="ol" aria-label={say('why.policies')} sx={{ m: 0, p: 0, listStyle: 'none' }}>
          {policies.map(({ id, version, window }) => {
            const words = say('common.versionOf', { name: nameOf(id), version })
            return (
              <li key={id}>
                {mayRead ? (
                  <Link component={RouterLink} to={`/policies/${id}?tab=versions&to=${version}`}>
                    {words}
                  </Link>
                ) : (
                  words
                )}
                {window !== null && ` (${say('why.window', { number: window + 1 })})`}
              </li>
            )
          })}
        </Box>
      )}
      {sticky && <Typography variant="body2">{say('why.sticky')}</Typography>}
      {readToEnd && <Typography variant="body2">{say('why.readToEnd')}</Typography>}
      {fallbacks.length > 0 && (
        <Typography variant="body2" sx={{ overflowWrap: 'anywhere' }}>
          {say('why.fallbacks')} <code>{fallbacks.map((target) => partsOf(target).endpoint).join(', ')}</code>
        </Typography>
      )}
    </Box>
  )
}
