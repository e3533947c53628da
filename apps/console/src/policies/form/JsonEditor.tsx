import TextField from '@mui/material/TextField'
import { useText } from '../../i18n/text.ts'

interface JsonEditorProps {
  readonly text: string
  readonly isBroken: boolean
  readonly readOnly: boolean
  readonly onChange: (text: string) => void
}

/** The document as it is kept and as the API takes it. */
export function JsonEditor({ text, isBroken, readOnly, onChange }: JsonEditorProps) {
  const { say } = useText()
  return (
    <TextField
      multiline
      fullWidth
      minRows={16}
      maxRows={40}
      label={say('policies.jsonLabel')}
      value={text}
      onChange={(event) => onChange(event.target.value)}
      error={isBroken}
      helperText={say(isBroken ? 'policies.jsonBroken' : 'policies.jsonHint')}
      slotProps={{
        htmlInput: {
          spellCheck: false,
          readOnly,
          style: { fontFamily: 'ui-monospace, Menlo, Consolas, monospace', fontSize: 13 },
        },
      }}
    />
  )
}
