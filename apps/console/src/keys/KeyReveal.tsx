import { Box, Stack, Typography } from '@mui/material'
import { useText } from '../i18n/text.ts'
import { CodeBlock } from '../parts/CodeBlock.tsx'
import { CopyButton } from '../parts/CopyButton.tsx'

interface KeyRevealProps {
  readonly apiKey: string
  readonly note: string
  readonly onCopied?: () => void
}

/** The key itself, with ways to take it along. */
export function KeyReveal({ apiKey, note, onCopied }: KeyRevealProps) {
  const { say } = useText()
  const copied = onCopied && { onCopied }
  return (
    <Stack spacing={1.5}>
      <Typography role="status">{note}</Typography>
      <CodeBlock code={apiKey} label={say('keys.yourKey')} copyLabel={say('keys.copyKey')} {...copied} />
      <Box sx={{ display: 'flex', gap: 1, flexWrap: 'wrap' }}>
        <CopyButton wide text={apiKey} label={say('keys.copyKey')} {...copied} />
      </Box>
    </Stack>
  )
}
