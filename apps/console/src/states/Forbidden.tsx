import { useText } from '../i18n/text.ts'
import { useSession } from '../session.ts'
import { Empty } from './Empty.tsx'

/** What role one has, and who can change that. */
export function Forbidden() {
  const { say } = useText()
  const { role } = useSession()
  return (
    <Empty
      kind="unused"
      title={say('state.forbidden')}
      text={say('state.forbiddenText', { role: say(`settings.role_${role}`) })}
    />
  )
}
