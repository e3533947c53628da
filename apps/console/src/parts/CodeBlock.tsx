import { Box } from '@mui/material'
import { SCROLLS_INSIDE } from './Clipped.tsx'
import { CopyButton } from './CopyButton.tsx'

interface CodeBlockProps {
  readonly code: string
  readonly label: string
  readonly copyLabel: string
  readonly onCopied?: () => void
}

/** A text to paste elsewhere: scrolls inside its box, and its button copies it whole. */
export function CodeBlock({ code, label, copyLabel, onCopied }: CodeBlockProps) {
  return (
    <Box sx={{ borderRadius: '10px', overflow: 'hidden', backgroundColor: 'gate.road', color: 'gate.roadText' }}>
      <Box
        sx={{
          display: 'flex',
          justifyContent: 'space-between',
          alignItems: 'center',
          pl: 2,
          pr: 1,
          py: 0.5,
          fontSize: '0.8125rem',
          color: 'gate.roadMuted',
          backgroundColor: 'gate.roadRaised',
        }}
      >
        {label}
        <CopyButton text={code} label={copyLabel} {...(onCopied && { onCopied })} />
      </Box>
      <Box
        component="pre"
        tabIndex={0}
        role="group"
        aria-label={label}
        sx={{ ...SCROLLS_INSIDE, m: 0, p: 2, fontSize: '0.8125rem', lineHeight: 1.65 }}
      >
        <code>{code}</code>
      </Box>
    </Box>
  )
}
