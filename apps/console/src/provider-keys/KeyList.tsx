import { Alert, Box, Card, Typography } from '@mui/material'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { ProviderKey } from '@turnpike/contract'
import { useText } from '../i18n/text.ts'
import { plainName } from '../models/simulated.ts'
import { ONE_COLUMN } from '../parts/Clipped.tsx'
import { useRefusalText } from '../states/refusal.ts'
import { reorder } from './calls.ts'
import { KeyRow, type KeyRowProps } from './KeyRow.tsx'
import { groupsOf, type Level, type ProviderGroup } from './order.ts'
import type { ResourceListProps } from './ResourceTab.tsx'

/** Keys by provider, each provider's in the order in which they are tried: before credits, then after them. */
export function KeyList({ rows, tests, onAct }: ResourceListProps<ProviderKey>) {
  const queryClient = useQueryClient()
  const refusalText = useRefusalText()
  const moving = useMutation({
    mutationFn: reorder,
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['byok'] }),
  })
  const acting = { tests, onAct, onMove: moving.mutate, isMoving: moving.isPending }
  return (
    <Box sx={{ ...ONE_COLUMN, gap: 2 }}>
      {moving.isError && <Alert severity="error">{refusalText(moving.error)}</Alert>}
      {groupsOf(rows).map((group) => (
        <Provider key={group.provider} group={group} {...acting} />
      ))}
    </Box>
  )
}

type Acting = Pick<KeyRowProps, 'tests' | 'onAct' | 'onMove' | 'isMoving'>

function Provider({ group, ...acting }: Acting & { group: ProviderGroup }) {
  const { say } = useText()
  const id = `own-${group.provider}`
  return (
    <Card component="section" aria-labelledby={id} sx={{ px: { xs: 2, sm: 2.5 }, py: 2 }}>
      <Typography variant="h2" id={id}>
        {plainName(group.providerName)}
      </Typography>
      <Placed title={say('providerKeys.placement_first')} levels={group.first} {...acting} />
      <Placed title={say('providerKeys.placement_fallback')} levels={group.fallback} {...acting} />
    </Card>
  )
}

function Placed({ title, levels, ...acting }: Acting & { title: string; levels: readonly Level[] }) {
  if (levels.length === 0) return null
  return (
    <Box sx={{ mt: 1.5 }}>
      <Typography variant="h3" color="textSecondary" sx={{ fontSize: '0.8125rem' }}>
        {title}
      </Typography>
      <Box component="ol" aria-label={title} sx={{ listStyle: 'none', m: 0, p: 0 }}>
        {levels.flatMap((level, rank) =>
          level.map((key, index) => (
            <KeyRow key={key.id} apiKey={key} rank={index === 0 ? rank + 1 : null} {...{ levels, level, ...acting }} />
          )),
        )}
      </Box>
    </Box>
  )
}
