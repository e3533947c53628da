import OpenIcon from '@mui/icons-material/OpenInNew'
import { Button } from '@mui/material'
import { useText } from '../../i18n/text.ts'
import { whatIfPath, type WhatIfDraft } from '../../what-if/draft.ts'

/** Opens the what-if for a draft in a tab of its own, which gets a copy of this tab's storage. */
export function SimulateButton({ disabled, ...draft }: WhatIfDraft & { readonly disabled: boolean }) {
  const { say } = useText()
  return (
    <Button
      color="inherit"
      disabled={disabled}
      startIcon={<OpenIcon fontSize="small" />}
      onClick={() => window.open(whatIfPath(draft), '_blank')}
    >
      {say('policy.simulate')}
    </Button>
  )
}
