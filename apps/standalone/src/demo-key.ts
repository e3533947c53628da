import { operatorKey } from '@turnpike/store'
import { saveSecrets, type Secrets } from './secrets.ts'
import type { PreparedStores } from './stores.ts'

/** The operator's own key, the same at every start; made when there is none, or when the database is a new one. */
export async function demoKey(home: string, secrets: Secrets, stores: PreparedStores): Promise<string> {
  const key = await operatorKey(stores.appUrl, secrets.keySecrets, secrets.demoKey)
  if (key !== secrets.demoKey) await saveSecrets(home, { ...secrets, demoKey: key })
  return key
}
