import { randomBytes } from 'node:crypto'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { newSecretsText } from '@turnpike/store'
import { z } from 'zod'

const schema = z.object({
  /** The server secrets of API keys. */
  keySecrets: z.string(),
  /** Passwords of the database roles that the processes log in as. */
  appPassword: z.string(),
  gatewayPassword: z.string(),
  /** The operator's own key, printed at every start. */
  demoKey: z.string().nullable(),
})

/** What this machine's product keeps to itself, in a file that only its owner can read. */
export type Secrets = z.infer<typeof schema>

/** Reads the secrets, or makes them at the first start. Throws an Error that says what to do when the file is damaged. */
export async function openSecrets(home: string): Promise<Secrets> {
  await mkdir(home, { recursive: true, mode: 0o755 })
  const text = await readFile(fileOf(home), 'utf8').catch(() => null)
  if (text === null) {
    const fresh = { keySecrets: newSecretsText(), appPassword: password(), gatewayPassword: password(), demoKey: null }
    await saveSecrets(home, fresh)
    return fresh
  }
  try {
    return schema.parse(JSON.parse(text))
  } catch (error) {
    throw new Error(
      'secrets.json in TURNPIKE_HOME cannot be read. Restore it: without it the keys in the database are worthless.',
      { cause: error },
    )
  }
}

export async function saveSecrets(home: string, secrets: Secrets): Promise<void> {
  await writeFile(fileOf(home), `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 })
  await chmod(fileOf(home), 0o600)
}

function fileOf(home: string): string {
  return path.join(home, 'secrets.json')
}

function password(): string {
  return randomBytes(24).toString('hex')
}
