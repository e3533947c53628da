import { Alert, Box, Card, Typography } from '@mui/material'
import type { PolicyPreview } from '@turnpike/contract'
import { useText } from '../../i18n/text.ts'
import { ONE_COLUMN } from '../../parts/Clipped.tsx'
import { stageTextKey } from '../../requests/route.ts'
import { BlockSkeleton } from '../../states/Loading.tsx'
import { Failure } from '../../states/Failure.tsx'
import { Refreshing } from '../../states/Refreshing.tsx'
import { fieldErrorsOf } from '../../api.ts'
import { Candidates } from './Candidates.tsx'
import type { PreviewState } from './query.ts'
import { useRefusalText } from '../../states/refusal.ts'
import { Warnings } from '../Warnings.tsx'

/** What the draft would do: the order of attempts, what is excluded and why. */
export function Preview({ state }: { state: PreviewState }) {
  const { say } = useText()
  const refusalText = useRefusalText()
  const { shown, error } = state
  // An error that names a field is the author's to mend.
  const isOurs = error !== null && fieldErrorsOf(error) === null
  return (
    <Box sx={{ ...ONE_COLUMN, gap: 2 }}>
      <div role="status">
        {error !== null && !isOurs && (
          <Alert severity="warning">
            {say(shown ? 'preview.stale' : 'preview.wrong', { problem: refusalText(error) })}
          </Alert>
        )}
      </div>
      {isOurs && <Failure error={error} onRetry={() => void state.refetch()} />}
      {shown && (
        <Refreshing active={state.isFetching}>
          <Answer preview={shown} />
        </Refreshing>
      )}
      {!shown && error === null && <BlockSkeleton height={220} />}
    </Box>
  )
}

function Answer({ preview }: { preview: PolicyPreview }) {
  const { say } = useText()
  const { objective, window, warnings, candidates } = preview
  return (
    <Box sx={{ ...ONE_COLUMN, gap: 2, '& > .MuiAlert-root': { mb: 0 } }}>
      <Typography variant="body2">
        {say('preview.strategy', { objective: say(`request.objective_${objective}`) })}{' '}
        {window !== null && say('preview.window', { number: window + 1 })}
      </Typography>
      <Warnings title={say('preview.warnings')} warnings={warnings} />
      {candidates.length === 0 ? (
        <Alert severity="error">{say('preview.noCandidates')}</Alert>
      ) : (
        <Candidates preview={preview} />
      )}
      <Excluded preview={preview} />
    </Box>
  )
}

function Excluded({ preview: { removed, removedByStage, total } }: { preview: PolicyPreview }) {
  const { say } = useText()
  if (removed.length === 0) return <Typography variant="body2">{say('preview.removedNone')}</Typography>
  return (
    <section>
      <Typography variant="h3" sx={{ mb: 0.5 }}>
        {say('preview.removed', { removed: removed.length, total })}
      </Typography>
      {Object.entries(removedByStage).map(([stage, count]) => (
        <Card key={stage} component="details" sx={{ border: 0, borderRadius: 0 }}>
          <Box component="summary" sx={{ cursor: 'pointer', py: 0.5, fontSize: '0.875rem' }}>
            {say('preview.stageCount', { count, reason: say(stageTextKey(stage)) })}
          </Box>
          <Box component="ul" sx={{ m: 0, mb: 1, pl: 3, fontSize: '0.8125rem', overflowWrap: 'anywhere' }}>
            {removed
              .filter((row) => row.stage === stage)
              .map(({ endpoint }) => (
                <li key={endpoint}>
                  <code>{endpoint}</code>
                </li>
              ))}
          </Box>
        </Card>
      ))}
    </section>
  )
}
