import { Box, Button } from '@mui/material'
import { useText } from '../i18n/text.ts'
import { Empty } from './Empty.tsx'

/** A bug of ours in a page. Reloading also fetches the newest console, when this one was replaced meanwhile. */
export function Broken() {
  const { say } = useText()
  const reload = (
    <Button variant="contained" onClick={() => window.location.reload()}>
      {say('state.reload')}
    </Button>
  )
  return (
    <Box role="alert" sx={{ p: 2 }}>
      <Empty kind="unused" title={say('state.broken')} text={say('state.brokenText')} action={reload} heading="h1" />
    </Box>
  )
}
