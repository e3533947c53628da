import { Box, Card, Typography } from '@mui/material'
import type { DecisionRecord, RequestDetail } from '@turnpike/contract'
import { count, duration, money, share } from '../format.ts'
import { useText, type Say } from '../i18n/text.ts'
import { TargetName, targetText, useAccounts } from '../provider-keys/TargetName.tsx'
import { faultTextKey } from '../states/fault-text.ts'
import { stageTextKey } from './route.ts'
import { whyNot, type Reason } from './why.ts'

/** Every endpoint that did not answer, each with its reason in a sentence. */
export function WhyNot({ request, decision }: { request: RequestDetail; decision: DecisionRecord }) {
  const { say, locale } = useText()
  const { used, others } = whyNot(request, decision)
  const accountOf = useAccounts(decision.candidates.map(({ endpoint }) => endpoint))
  const usedText = used ? targetText(used.endpoint, accountOf(used.endpoint)) : ''
  if (others.length === 0) return <Typography color="textSecondary">{say('why.none')}</Typography>
  return (
    <Card component="ul" sx={{ listStyle: 'none', m: 0, p: 0 }}>
      {others.map(({ endpoint, reason }) => (
        <Box
          component="li"
          key={endpoint}
          sx={{
            px: 2,
            py: 1.25,
            '& + li': { borderTop: '1px solid', borderColor: 'divider' },
            overflowWrap: 'anywhere',
          }}
        >
          <TargetName target={endpoint} account={accountOf(endpoint)} />
          <Typography variant="body2" color="textSecondary">
            {sentence(reason, usedText, say, locale)}
          </Typography>
        </Box>
      ))}
    </Card>
  )
}

/** @param used the endpoint that answered; empty when none did */
function sentence(reason: Reason, used: string, say: Say, locale: string): string {
  switch (reason.kind) {
    case 'removed':
      return say('why.removed', { reason: say(stageTextKey(reason.stage)) })
    case 'failed':
    case 'cut':
      return say(`why.${reason.kind}`, { number: reason.number, reason: say(faultTextKey(reason.fault ?? 'internal')) })
    case 'cancelled':
    case 'lost':
      return say(`why.${reason.kind}`, { number: reason.number, used })
    case 'model':
    case 'fallback':
      return say(`why.${reason.kind}`, { model: reason.model, used })
    case 'chance':
    case 'cost':
    case 'latency':
    case 'throughput':
    case 'uptime': {
      const words = (figure: number) => figureText(reason.kind, figure, say, locale)
      return say(`why.${reason.kind}`, { used, own: words(reason.own), its: words(reason.its) })
    }
    default:
      return say(`why.${reason.kind}`, { used })
  }
}

function figureText(kind: string, figure: number, say: Say, locale: string): string {
  if (kind === 'cost') return money(String(Math.round(figure)), locale)
  if (kind === 'latency') return duration(figure, locale)
  if (kind === 'throughput') return say('request.speedUnit', { value: count(Math.round(figure), locale) })
  return share(figure, locale)
}
