import { Box, Button, Card, Typography } from '@mui/material'
import { Link } from 'react-router-dom'
import { useText } from '../i18n/text.ts'
import { TEMPLATE_NAMES } from './form/vocabulary.ts'

/** Where a policy may begin, each with what it gives up. */
export function Templates() {
  const { say } = useText()
  return (
    <Box sx={{ display: 'grid', gap: 2, gridTemplateColumns: 'repeat(auto-fill, minmax(min(280px, 100%), 1fr))' }}>
      {TEMPLATE_NAMES.map((name) => (
        <Template
          key={name}
          name={say(`policies.template_${name}`)}
          text={say(`policies.template_${name}Text`)}
          to={`/policies/create?template=${name}`}
        />
      ))}
      <Template name={say('policies.blank')} text={say('policies.blankText')} to="/policies/create" />
    </Box>
  )
}

function Template({ name, text, to }: { name: string; text: string; to: string }) {
  const { say } = useText()
  return (
    <Card component="article" aria-label={name} sx={{ p: 2.5, display: 'flex', flexDirection: 'column', gap: 1 }}>
      <Typography variant="h2">{name}</Typography>
      <Typography variant="body2" color="textSecondary" sx={{ flex: 1 }}>
        {text}
      </Typography>
      <Button component={Link} to={to} variant="outlined" color="inherit" sx={{ alignSelf: 'flex-start', mt: 1 }}>
        {say('policies.start', { name })}
      </Button>
    </Card>
  )
}
