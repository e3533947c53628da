import ArrowIcon from '@mui/icons-material/ArrowForward'
import { Box, Card, CardActionArea, Typography } from '@mui/material'
import { Link } from 'react-router-dom'
import { useText } from '../i18n/text.ts'
import { useSession } from '../session.ts'
import { pagesFor, type PageName } from '../shell/pages.ts'

const STEPS = [
  { page: 'usage', title: 'start.nextUsage', text: 'start.nextUsageText' },
  { page: 'requests', title: 'start.nextRequests', text: 'start.nextRequestsText' },
  { page: 'models', title: 'start.nextModels', text: 'start.nextModelsText' },
  { page: 'keys', title: 'start.nextKeys', text: 'start.nextKeysText' },
] as const satisfies readonly { page: PageName; title: string; text: string }[]

/** What there is beyond the first call, as far as the role goes. */
export function NextSteps() {
  const { say } = useText()
  const open = pagesFor(useSession().permissions)
  return (
    <Box component="section" sx={{ mt: 5 }}>
      <Typography variant="h2" sx={{ mb: 1.5 }}>
        {say('start.nextTitle')}
      </Typography>
      <Box sx={{ display: 'grid', gap: 1.5, gridTemplateColumns: { xs: '1fr', sm: '1fr 1fr' } }}>
        {STEPS.filter(({ page }) => open.includes(page)).map(({ page, title, text }) => (
          <Card key={page}>
            <CardActionArea component={Link} to={`/${page}`} sx={{ p: 2, display: 'flex', gap: 2, height: '100%' }}>
              <Box sx={{ flex: 1 }}>
                <Typography variant="h3" component="p">
                  {say(title)}
                </Typography>
                <Typography variant="body2" color="textSecondary">
                  {say(text)}
                </Typography>
              </Box>
              <ArrowIcon fontSize="small" sx={{ color: 'text.secondary' }} />
            </CardActionArea>
          </Card>
        ))}
      </Box>
    </Box>
  )
}
