import DoneIcon from '@mui/icons-material/Check'
import CopyIcon from '@mui/icons-material/ContentCopyOutlined'
import { Button } from '@mui/material'
import { useEffect, useState } from 'react'
import { useText } from '../i18n/text.ts'
import { IconAction } from './IconAction.tsx'

const CONFIRMED_MS = 2_000

interface CopyButtonProps {
  readonly text: string
  readonly label: string
  /** With a visible label, as a main action. */
  readonly wide?: boolean
  readonly onCopied?: () => void
}

/** Puts a text on the clipboard and says so, to eyes and to screen readers. */
export function CopyButton({ text, label, wide = false, onCopied }: CopyButtonProps) {
  const { say } = useText()
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return undefined
    const timer = setTimeout(() => setCopied(false), CONFIRMED_MS)
    return () => clearTimeout(timer)
  }, [copied])
  const copy = async () => {
    await navigator.clipboard.writeText(text)
    setCopied(true)
    onCopied?.()
  }
  const name = copied ? say('common.copied') : label
  const Icon = copied ? DoneIcon : CopyIcon
  return wide ? (
    <Button variant="contained" startIcon={<Icon fontSize="small" />} onClick={() => void copy()} aria-live="polite">
      {name}
    </Button>
  ) : (
    <IconAction size="small" label={name} icon={Icon} onClick={() => void copy()} color="inherit" />
  )
}
