import { useText } from '../i18n/text.ts'
import { ActionDialog, type ActionDialogProps } from './ActionDialog.tsx'
import { useNameField } from './name-field.tsx'

interface RenameDialogProps extends Pick<ActionDialogProps<unknown>, 'title' | 'refetch' | 'explain' | 'onClose'> {
  readonly name: string
  readonly rename: (name: string) => Promise<unknown>
}

/** A new name for something that stays as it is. */
export function RenameDialog({ name, rename, ...dialog }: RenameDialogProps) {
  const { say } = useText()
  const { taken, field } = useNameField(name)
  const run = async () => rename(taken())
  return (
    <ActionDialog {...dialog} action={say('common.save')} run={run} notice={['common.renamed']}>
      {(errors) => field(errors)}
    </ActionDialog>
  )
}
