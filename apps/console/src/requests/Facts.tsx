import { Alert, Box } from '@mui/material'
import type { RequestDetail } from '@turnpike/contract'
import type { ReactNode } from 'react'
import { count, duration } from '../format.ts'
import { useText } from '../i18n/text.ts'
import { Clipped } from '../parts/Clipped.tsx'
import { Moment } from '../parts/Moment.tsx'
import { Money } from '../parts/Money.tsx'
import { causeText } from '../states/cause-text.ts'
import { useProviderText } from './provider-text.ts'
import { StatusChip } from './StatusChip.tsx'

/** The head of a request: what one would want to know without reading on. */
export function Facts({ request }: { request: RequestDetail }) {
  const { say, locale } = useText()
  const providerText = useProviderText()
  const dash = say('common.none')
  const time = (ms: number | null) => (ms === null ? dash : duration(ms, locale))
  const asked = request.model !== null && request.model !== request.requestedModel
  return (
    <>
      {request.fault !== null && (
        <Alert severity="error" variant="outlined" sx={{ mb: 2.5, backgroundColor: 'background.paper' }}>
          {causeText(request, say)} <code>{request.fault}</code>
        </Alert>
      )}
      <Box
        component="dl"
        sx={{
          m: 0,
          display: 'grid',
          gap: '18px 28px',
          gridTemplateColumns: { xs: '1fr 1fr', sm: 'repeat(auto-fill, minmax(170px, 1fr))' },
        }}
      >
        <Fact label={say('common.status')}>
          <StatusChip row={request} />
        </Fact>
        <Fact label={say('common.cost')}>
          <Money nano={request.costNano} />
        </Fact>
        <Fact label={say('requests.firstToken')}>{time(request.firstTokenMs)}</Fact>
        <Fact label={say('requests.total')}>{time(request.totalMs)}</Fact>
        <NameFact label={say('common.model')} text={request.model ?? request.requestedModel} />
        {asked && <NameFact label={say('request.requested')} text={request.requestedModel} />}
        <NameFact label={say('common.provider')} text={providerText(request) ?? dash} />
        <Fact label={say('common.tokens')}>
          <Tokens request={request} />
        </Fact>
        <NameFact label={say('common.key')} text={request.keyName ?? say('requests.unknownKey')} />
        <Fact label={say('common.time')}>
          <Moment at={request.beganAt} />
        </Fact>
        {request.finishReason && (
          <NameFact
            label={say('request.finish')}
            text={`${request.finishReason}${request.streamed ? `, ${say('request.streamed')}` : ''}`}
          />
        )}
        {request.endUser && <NameFact label={say('request.endUser')} text={request.endUser} />}
      </Box>
    </>
  )
}

/** A name that callers or providers chose. The JSON of the request has it whole. */
function NameFact({ label, text }: { label: string; text: string }) {
  return (
    <Fact label={label}>
      <Clipped text={text} lines={2} />
    </Fact>
  )
}

function Tokens({ request }: { request: RequestDetail }) {
  const { say, locale } = useText()
  const parts = [
    say('requests.tokensSplit', {
      prompt: count(request.promptTokens, locale),
      completion: count(request.completionTokens, locale),
    }),
    request.cacheReadTokens > 0 && say('request.cached', { count: count(request.cacheReadTokens, locale) }),
    request.reasoningTokens > 0 && say('request.reasoning', { count: count(request.reasoningTokens, locale) }),
  ]
  return parts.filter(Boolean).join(' · ')
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <Box sx={{ minWidth: 0 }}>
      <Box component="dt" sx={{ color: 'text.secondary', fontSize: '0.8125rem' }}>
        {label}
      </Box>
      <Box component="dd" sx={{ m: 0, mt: 0.25, fontWeight: 600, overflowWrap: 'anywhere' }}>
        {children}
      </Box>
    </Box>
  )
}
