import { Box, Card, Typography } from '@mui/material'
import type { OwnEndpointRow } from '@turnpike/contract'
import { count } from '../format.ts'
import { useText } from '../i18n/text.ts'
import { ONE_COLUMN } from '../parts/Clipped.tsx'
import { CopyButton } from '../parts/CopyButton.tsx'
import { ResourceActions } from './ResourceActions.tsx'
import type { ResourceListProps } from './ResourceTab.tsx'
import { CredentialStatusChip } from './StatusChip.tsx'
import { TestResult } from './TestResult.tsx'

/** Own endpoints by name, each with where it is and what it serves. */
export function EndpointList({ rows, ...rest }: ResourceListProps<OwnEndpointRow>) {
  return (
    <Box sx={{ ...ONE_COLUMN, gap: 2 }}>
      {rows.map((endpoint) => (
        <Endpoint key={endpoint.id} endpoint={endpoint} {...rest} />
      ))}
    </Box>
  )
}

interface EndpointProps extends Omit<ResourceListProps<OwnEndpointRow>, 'rows'> {
  readonly endpoint: OwnEndpointRow
}

function Endpoint({ endpoint, tests, onAct }: EndpointProps) {
  const { say } = useText()
  const row = { kind: 'own-endpoints', ...endpoint } as const
  return (
    <Card component="article" aria-label={endpoint.name} sx={{ px: { xs: 2, sm: 2.5 }, py: 2 }}>
      <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: '4px 12px', alignItems: 'center' }}>
        <Typography variant="h2" sx={{ overflowWrap: 'anywhere' }}>
          {endpoint.name}
        </Typography>
        {endpoint.lastFour !== null && <code>····{endpoint.lastFour}</code>}
        <CredentialStatusChip row={endpoint} />
        <Box sx={{ flex: 1 }} />
        <ResourceActions row={row} tests={tests} onAct={(what) => onAct(what, endpoint)} />
      </Box>
      <Box sx={{ display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: 0.5, overflowWrap: 'anywhere' }}>
        <code>{endpoint.model}</code>
        <CopyButton text={endpoint.model} label={say('models.copySlug', { slug: endpoint.model })} />
      </Box>
      <Facts endpoint={endpoint} />
      <TestResult state={tests.of(endpoint.id)} kind="own-endpoints" server={endpoint.name} />
    </Card>
  )
}

function Facts({ endpoint }: { endpoint: OwnEndpointRow }) {
  const { say, locale } = useText()
  const { price, retainsPrompts, zeroRetention, regions } = endpoint
  const isFree = [price.prompt, price.completion, price.request].every((dollars) => Number(dollars) === 0)
  const said = [
    say(`providerKeys.placement_${endpoint.placement}`),
    say('models.context', { tokens: count(endpoint.contextLength, locale) }),
    isFree
      ? say('providerKeys.free')
      : say('providerKeys.priced', { prompt: price.prompt, completion: price.completion, request: price.request }),
    zeroRetention ? say('providerKeys.keepsNothing') : retainsPrompts && say('providerKeys.mayKeep'),
    regions.length > 0 && say('models.regions', { regions: regions.join(', ').toUpperCase() }),
    endpoint.lastFour === null && say('providerKeys.noSecret'),
  ].filter((words) => words !== false)
  return (
    <Typography variant="body2" color="textSecondary" sx={{ overflowWrap: 'anywhere' }}>
      <code>{endpoint.baseUrl}</code> · {said.join(' · ')}
    </Typography>
  )
}
