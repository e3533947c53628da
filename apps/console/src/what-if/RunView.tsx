import { Alert, Box, Button, Card, LinearProgress, Typography } from '@mui/material'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { WhatIfAnswer, WhatIfDetail } from '@turnpike/contract'
import { Link } from 'react-router-dom'
import { count, share } from '../format.ts'
import { useText } from '../i18n/text.ts'
import { useMay } from '../session.ts'
import { Empty } from '../states/Empty.tsx'
import { BlockSkeleton } from '../states/Loading.tsx'
import { View } from '../states/View.tsx'
import { cancelRun, isActive, runQuery } from './calls.ts'
import { Report } from './Report.tsx'

/** A run: how far it is, and then its report. */
export function RunView({ id }: { id: string }) {
  return (
    <View<WhatIfAnswer> query={useQuery(runQuery(id))} skeleton={<BlockSkeleton height={320} />}>
      {({ data: run }) => (isActive(run) ? <Progress run={run} /> : <Outcome run={run} />)}
    </View>
  )
}

function Outcome({ run }: { run: WhatIfDetail }) {
  const { say } = useText()
  if (run.state === 'cancelled') return <Alert severity="info">{say('whatIf.cancelled')}</Alert>
  if (run.report === null) return <Alert severity="error">{`${say('whatIf.failed')} ${run.problem ?? ''}`}</Alert>
  if (run.report.requests > 0) return <Report run={run} report={run.report} />
  const action = (
    <Button component={Link} to="/start" variant="contained">
      {say('requests.emptyAction')}
    </Button>
  )
  return <Empty kind="unused" title={say('whatIf.emptyTitle')} text={say('whatIf.emptyText')} action={action} />
}

function Progress({ run }: { run: WhatIfDetail }) {
  const { say, locale } = useText()
  const queryClient = useQueryClient()
  const mayCancel = useMay('policies:update')
  const cancel = useMutation({
    mutationFn: () => cancelRun(run.id),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ['what-if'] }),
  })
  const values = { done: count(run.rowsDone, locale), total: count(run.rowsTotal, locale) }
  return (
    <Card
      component="section"
      aria-label={say('whatIf.progress')}
      sx={{ p: { xs: 2, sm: 3 }, display: 'grid', gap: 1.5 }}
    >
      <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: 2, justifyContent: 'space-between', alignItems: 'center' }}>
        <Typography role="status">
          {run.state === 'queued' ? say('whatIf.queued') : say('whatIf.running', values)}
        </Typography>
        {mayCancel && (
          <Button color="inherit" variant="outlined" loading={cancel.isPending} onClick={() => cancel.mutate()}>
            {say('common.cancel')}
          </Button>
        )}
      </Box>
      <LinearProgress
        variant={run.state === 'queued' ? 'indeterminate' : 'determinate'}
        value={run.progress * 100}
        aria-label={say('whatIf.progress')}
        aria-valuetext={share(run.progress, locale)}
      />
    </Card>
  )
}
