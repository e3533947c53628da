import { Box, Chip, Link, Stack, Typography } from '@mui/material'
import { useQuery } from '@tanstack/react-query'
import type { CandidateRow, DecisionRecord, RequestDetail } from '@turnpike/contract'
import { Link as RouterLink } from 'react-router-dom'
import { count, duration, share } from '../format.ts'
import { numberFormat } from '../i18n/locale.ts'
import { useText } from '../i18n/text.ts'
import { ONE_COLUMN } from '../parts/Clipped.tsx'
import { allPoliciesQuery } from '../policies/calls.ts'
import { partsOf } from '../provider-keys/target.ts'
import { TargetName, targetText, useAccounts } from '../provider-keys/TargetName.tsx'
import { Money } from '../parts/Money.tsx'
import { figures, RecordTable, type Column } from '../parts/RecordTable.tsx'
import { useMay } from '../session.ts'
import { chancesOf, outcomeOf } from './route.ts'
import { WhyNot } from './WhyNot.tsx'

/** The candidates of a request, the used one and why, and the excluded ones. */
export function RouteView({ request }: { request: RequestDetail }) {
  const { say } = useText()
  const { decision } = request
  if (!decision) return <Typography>{say('request.noDecision')}</Typography>
  return (
    <Stack spacing={3.5}>
      <Reason decision={decision} />
      <section>
        <Typography variant="h2" sx={{ mb: 1.5 }}>
          {say('request.candidatesTitle')}
        </Typography>
        {decision.candidates.length === 0 ? (
          <Typography>{say('request.noCandidates')}</Typography>
        ) : (
          <Candidates decision={decision} request={request} />
        )}
      </section>
      <section>
        <Typography variant="h2" sx={{ mb: 1.5 }}>
          {say(request.provider === null ? 'why.titleFailed' : 'why.title')}
        </Typography>
        <WhyNot request={request} decision={decision} />
      </section>
    </Stack>
  )
}

function Reason({ decision }: { decision: DecisionRecord }) {
  const { say, locale } = useText()
  const { objective } = decision
  const [first] = decision.targets
  const chance = first === undefined ? undefined : chancesOf(decision.candidates).get(first)
  const accountOf = useAccounts(first === undefined ? [] : [first])
  return (
    <div>
      <Typography sx={{ fontSize: '1.0625rem' }}>
        {say('request.objective', {
          objective: say(`request.objective_${objective}`),
          meaning: say(`policies.meaning_${objective}`),
        })}
      </Typography>
      {first !== undefined && chance !== undefined && !decision.sticky && (
        <Typography>
          {say('request.selected', { endpoint: targetText(first, accountOf(first)), chance: share(chance, locale) })}
        </Typography>
      )}
      <Box
        sx={{
          display: 'flex',
          flexWrap: 'wrap',
          gap: '4px 20px',
          mt: 0.75,
          color: 'text.secondary',
          fontSize: '0.8125rem',
        }}
      >
        <span>{say('request.catalogue', { version: decision.catalogueVersion })}</span>
        {(objective === 'balanced' || objective === 'weighted') && (
          <span>
            {say('request.randomNumber', {
              draw: numberFormat(locale, { maximumFractionDigits: 4 }).format(decision.draw),
            })}
          </span>
        )}
      </Box>
      <AppliedPolicies decision={decision} />
    </div>
  )
}

/** The policies by which a request was routed, each as it was then, with the way to it. */
function AppliedPolicies({ decision }: { decision: DecisionRecord }) {
  const { say } = useText()
  const mayRead = useMay('policies:read')
  const { policies, sticky, readToEnd, fallbacks } = decision
  const { data } = useQuery({ ...allPoliciesQuery, enabled: mayRead && policies.length > 0 })
  const nameOf = (id: string) => data?.data.find((policy) => policy.id === id)?.name ?? id
  return (
    <Box sx={{ mt: 1.5, ...ONE_COLUMN, gap: 0.5 }}>
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

function Candidates({ decision, request }: { decision: DecisionRecord; request: RequestDetail }) {
  const { say, locale } = useText()
  const chances = chancesOf(decision.candidates)
  const accountOf = useAccounts(decision.candidates.map(({ endpoint }) => endpoint))
  const rank = ({ endpoint }: CandidateRow) => {
    const index = [...decision.targets, ...decision.fallbacks].indexOf(endpoint)
    return index < 0 ? say('common.none') : index + 1
  }
  const outcome = (row: CandidateRow) => outcomeOf(row, request.attemptList)
  const figureOf = (row: CandidateRow, name: CandidateRow['assumed'][number], text: string) =>
    row.assumed.includes(name) ? say('request.assumed', { figure: text }) : text
  const columns: Column<CandidateRow>[] = [
    { id: 'order', label: say('request.order'), render: rank, phone: 'title' },
    {
      id: 'endpoint',
      label: say('request.endpoint'),
      phone: 'title',
      render: (row) => <Endpoint row={row} account={accountOf(row.endpoint)} />,
    },
    { id: 'outcome', label: say('requests.outcome'), render: (row) => <Outcome {...outcome(row)} /> },
    figures('expected', say('request.expected'), ({ expectedNano }) => <Money nano={expectedNano} />),
    figures('first', say('common.ttft'), (row) => figureOf(row, 'firstTokenMs', duration(row.firstTokenMs, locale))),
    figures('speed', say('common.throughput'), (row) =>
      figureOf(
        row,
        'tokensPerSecond',
        say('request.speedUnit', { value: count(Math.round(row.tokensPerSecond), locale) }),
      ),
    ),
    figures('failures', say('request.failureRate'), (row) =>
      figureOf(row, 'failureRate', share(row.failureRate, locale)),
    ),
  ]
  if (chances.size > 0) {
    const chanceOf = (part: number | undefined) => (part === undefined ? say('common.none') : share(part, locale))
    columns.push(figures('chance', say('request.probability'), ({ endpoint }) => chanceOf(chances.get(endpoint))))
  }
  return (
    <RecordTable
      dense
      label={say('request.candidatesTitle')}
      rows={decision.candidates}
      columns={columns}
      rowId={({ endpoint }) => endpoint}
      isMarked={(row) => outcome(row).outcome === 'answered'}
    />
  )
}

function Outcome({ outcome, status }: ReturnType<typeof outcomeOf>) {
  const { say } = useText()
  return `${say(`request.outcome_${outcome}`)}${outcome === 'failed' && status !== null ? ` (${status})` : ''}`
}

function Endpoint({ row, account }: { row: CandidateRow; account: string | null }) {
  const { say } = useText()
  return (
    <>
      <TargetName target={row.endpoint} account={account} />
      {row.down && <Chip size="small" color="error" variant="outlined" label={say('common.down')} sx={{ ml: 1 }} />}
      {row.slow && <Chip size="small" color="warning" variant="outlined" label={say('preview.slow')} sx={{ ml: 1 }} />}
      {row.spread && <Chip size="small" variant="outlined" label={say('request.spread')} sx={{ ml: 1 }} />}
    </>
  )
}
