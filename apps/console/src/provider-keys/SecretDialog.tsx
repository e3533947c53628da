import { useText } from '../i18n/text.ts'
import { at, textOf } from '../draft/draft.ts'
import { replaceSecret, type ByokResource } from './calls.ts'
import { SecretEntry } from './entries.tsx'
import { DraftDialog } from '../draft/DraftDialog.tsx'

interface SecretDialogProps {
  readonly row: ByokResource
  readonly onSaved: () => void
  readonly onClose: () => void
}

/** Replaces a stored secret. From the next request on only the new one is used. */
export function SecretDialog({ row, onSaved, onClose }: SecretDialogProps) {
  const { say } = useText()
  const isEndpoint = row.kind === 'own-endpoints'
  const hint = say('providerKeys.replaceHint')
  return (
    <DraftDialog
      title={say('providerKeys.replaceTitle', { name: row.name })}
      action={say('providerKeys.state_moved')}
      first={{}}
      save={(draft) => replaceSecret(row, textOf(at(draft, ['secret'])) || (isEndpoint ? null : ''))}
      {...{ onSaved, onClose }}
    >
      {() => (
        <SecretEntry
          label={say('providerKeys.secretNew')}
          hint={isEndpoint ? `${hint} ${say('providerKeys.replaceNone')}` : hint}
        />
      )}
    </DraftDialog>
  )
}
