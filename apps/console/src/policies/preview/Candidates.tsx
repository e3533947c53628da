import { Box, Chip, Typography } from '@mui/material'
import type { CandidateRow, PolicyPreview } from '@turnpike/contract'
import { count, duration, money, share } from '../../format.ts'
import { useText } from '../../i18n/text.ts'
import { TargetName, useAccounts } from '../../provider-keys/TargetName.tsx'
import { chancesOf } from '../../requests/route.ts'
import { rankedOf, type Ranked } from './ranked.ts'

/** Candidates in the order of attempts, with the figures that decide it. */
export function Candidates({ preview }: { preview: PolicyPreview }) {
  const { say } = useText()
  const chances = chancesOf(preview.candidates)
  const accountOf = useAccounts(preview.candidates.map(({ endpoint }) => endpoint))
  return (
    <section>
      <Typography variant="h3" id="preview-order" sx={{ mb: 0.5 }}>
        {say('preview.order')}
      </Typography>
      <Box component="ol" aria-labelledby="preview-order" sx={{ m: 0, p: 0, listStyle: 'none' }}>
        {rankedOf(preview).map((ranked) => (
          <Line
            key={ranked.candidate.endpoint}
            ranked={ranked}
            chance={chances.get(ranked.candidate.endpoint)}
            account={accountOf(ranked.candidate.endpoint)}
          />
        ))}
      </Box>
    </section>
  )
}

interface LineProps {
  readonly ranked: Ranked
  readonly chance: number | undefined
  /** The name of the reader's own account; null: ours. */
  readonly account: string | null
}

function Line({ ranked: { candidate, rank, kind }, chance, account }: LineProps) {
  const { say, locale } = useText()
  const figureOf = (name: CandidateRow['assumed'][number], text: string) =>
    candidate.assumed.includes(name) ? say('request.assumed', { figure: text }) : text
  const figures = say('preview.figures', {
    price: money(candidate.expectedNano, locale),
    first: figureOf('firstTokenMs', duration(candidate.firstTokenMs, locale)),
    speed: figureOf(
      'tokensPerSecond',
      say('request.speedUnit', { value: count(Math.round(candidate.tokensPerSecond), locale) }),
    ),
    failures: figureOf('failureRate', share(candidate.failureRate, locale)),
  })
  return (
    <Box
      component="li"
      sx={{
        display: 'grid',
        gridTemplateColumns: '28px 1fr',
        py: 1,
        '& + li': { borderTop: '1px solid', borderColor: 'divider' },
      }}
    >
      <Box sx={{ fontWeight: 650 }}>{rank ?? say('common.none')}</Box>
      <Box sx={{ minWidth: 0 }}>
        <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: 0.75, alignItems: 'center', overflowWrap: 'anywhere' }}>
          <TargetName target={candidate.endpoint} account={account} />
          {candidate.down && <Chip size="small" color="error" variant="outlined" label={say('common.down')} />}
          {candidate.slow && <Chip size="small" color="warning" variant="outlined" label={say('preview.slow')} />}
          {candidate.spread && <Chip size="small" variant="outlined" label={say('request.spread')} />}
          {kind === 'fallback' && <Chip size="small" variant="outlined" label={say('preview.fallback')} />}
        </Box>
        <Typography variant="caption" component="div">
          {figures}
          {chance !== undefined && ` · ${say('preview.probability', { chance: share(chance, locale) })}`}
          {kind === 'behind' && ` · ${say('preview.notTried')}`}
        </Typography>
      </Box>
    </Box>
  )
}
