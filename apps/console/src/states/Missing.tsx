import { Button } from '@mui/material'
import { Link } from 'react-router-dom'
import { useText } from '../i18n/text.ts'
import { Empty } from './Empty.tsx'

/** Missing as a page of its own. */
export function MissingPage() {
  return <Missing heading="h1" />
}

/** An address that leads nowhere, or to something of another organisation: the two look alike on purpose. */
export function Missing({ heading = 'h2' }: { heading?: 'h1' | 'h2' }) {
  const { say } = useText()
  const home = (
    <Button component={Link} to="/" variant="contained">
      {say('state.home')}
    </Button>
  )
  const words = { title: say('state.missing'), text: say('state.missingText') }
  return <Empty kind="unused" {...words} heading={heading} action={home} />
}
