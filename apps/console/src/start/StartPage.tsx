import DoneIcon from '@mui/icons-material/Check'
import { Box, Card, Typography } from '@mui/material'
import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { useText } from '../i18n/text.ts'
import { modelsQuery } from '../models/query.ts'
import { ONE_COLUMN } from '../parts/Clipped.tsx'
import { useMay, useSession } from '../session.ts'
import { Page } from '../shell/Page.tsx'
import { ArrivalStep } from './ArrivalStep.tsx'
import { CallStep } from './CallStep.tsx'
import { KeyStep } from './KeyStep.tsx'
import { NextSteps } from './NextSteps.tsx'
import { useCreatedKey } from './created-key.ts'
import { modelsToStartWith } from './first-model.ts'

/** From nothing to the first answer: a key, a call, and the call's arrival. */
export function StartPage() {
  const { say } = useText()
  const session = useSession()
  const mayReadModels = useMay('models:read')
  const { key } = useCreatedKey()
  const models = useQuery({ ...modelsQuery, enabled: mayReadModels })
  const offered = modelsToStartWith(models.data?.data ?? [], session.organisation.funds)
  const [chosen, setChosen] = useState<string | null>(null)
  const model = chosen ?? offered[0]?.slug ?? 'author/model'
  return (
    <Page title={say('nav.start')} text={say('start.text')}>
      <Box component="ol" sx={{ listStyle: 'none', m: 0, p: 0, ...ONE_COLUMN, gap: 2.5 }}>
        <Step number={1} title={say('keys.createTitle')} text={say('start.keyText')} done={key !== null}>
          <KeyStep />
        </Step>
        <Step number={2} title={say('start.callTitle')} text={say(key ? 'start.callText' : 'start.callPlaceholder')}>
          <CallStep apiKey={key} baseUrl={session.apiBase} model={model} models={offered} onModel={setChosen} />
        </Step>
        <Step number={3} title={say('start.arrivalTitle')}>
          <ArrivalStep awaited={key !== null} />
        </Step>
      </Box>
      <NextSteps />
    </Page>
  )
}

interface StepProps {
  readonly number: number
  readonly title: string
  readonly text?: string
  readonly done?: boolean
  readonly children: ReactNode
}

function Step({ number, title, text, done = false, children }: StepProps) {
  const { say } = useText()
  return (
    <Card
      component="li"
      sx={{
        p: { xs: 2, sm: 3 },
        display: 'grid',
        gridTemplateColumns: { xs: '1fr', sm: '44px minmax(0, 1fr)' },
        columnGap: 1.5,
      }}
    >
      <Box
        aria-hidden="true"
        sx={{
          display: { xs: 'none', sm: 'grid' },
          placeItems: 'center',
          width: 30,
          height: 30,
          borderRadius: 1.5,
          fontWeight: 700,
          fontSize: '0.9375rem',
          backgroundColor: done ? 'gate.amber' : 'gate.road',
          color: done ? '#1a1406' : 'gate.roadText',
        }}
      >
        {done ? <DoneIcon fontSize="small" /> : number}
      </Box>
      <Box sx={{ minWidth: 0 }}>
        <Typography variant="h2" sx={{ lineHeight: '30px' }}>
          <Box component="span" sx={{ display: { sm: 'none' }, color: 'text.secondary' }}>
            {say('start.step', { number })}:{' '}
          </Box>
          {title}
        </Typography>
        {text && (
          <Typography color="textSecondary" sx={{ mt: 0.25 }}>
            {text}
          </Typography>
        )}
        <Box sx={{ mt: 2 }}>{children}</Box>
      </Box>
    </Card>
  )
}
