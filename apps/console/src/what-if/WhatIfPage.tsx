import { Box } from '@mui/material'
import { useQueryClient } from '@tanstack/react-query'
import { useText } from '../i18n/text.ts'
import { ONE_COLUMN } from '../parts/Clipped.tsx'
import { useUrlState } from '../parts/url-state.ts'
import { Page } from '../shell/Page.tsx'
import { runsQuery } from './calls.ts'
import { EarlierRuns } from './EarlierRuns.tsx'
import { RunView } from './RunView.tsx'
import { Setup } from './Setup.tsx'

/** What a policy would have done with past requests. Its choices are in the address. */
export default function WhatIfPage() {
  const { say } = useText()
  const [url, setUrl] = useUrlState()
  const queryClient = useQueryClient()
  const runId = url.get('run')
  const show = (id: string | null) => {
    setUrl({ run: id })
    void queryClient.invalidateQueries({ queryKey: runsQuery.queryKey })
  }
  return (
    <Page title={say('nav.what-if')} text={say('whatIf.text')}>
      <Box sx={{ ...ONE_COLUMN, gap: 3 }}>
        <Setup onStarted={show} />
        {runId !== null && <RunView key={runId} id={runId} />}
        <EarlierRuns shownId={runId} onShow={show} />
      </Box>
    </Page>
  )
}
