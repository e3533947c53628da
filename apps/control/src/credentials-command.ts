import { Fault } from '@turnpike/domain'
import { ConfigError } from '@turnpike/server'
import {
  openKeyEncryptionKeys,
  openPool,
  openPrisma,
  rewrapOwn,
  whyUnreachable,
  type KeyEncryptionKeys,
  type Rewrapped,
} from '@turnpike/store'
import { asConfigError } from './config.ts'

/** Printed for everything that is not understood. */
export const USAGE = `Usage: main.js credentials <command>
  rewrap    wrap the keys of all stored credentials with the first key of CREDENTIAL_SECRETS, and say what each key wraps then
`

const PATIENCE = {
  max: 1,
  statementTimeoutMs: 30_000,
  connectTimeoutMs: 5_000,
  applicationName: 'turnpike credentials',
}

/** @param words after `credentials` @returns what to print. Throws Fault or ConfigError with a sentence for people */
export async function credentialsCommand(
  words: readonly string[],
  readSettings: () => { readonly DATABASE_URL: string; readonly CREDENTIAL_SECRETS: string },
): Promise<string> {
  if (words.join(' ') !== 'rewrap') throw new Fault('request_invalid', USAGE)
  const { DATABASE_URL, CREDENTIAL_SECRETS } = readSettings()
  const keks = await asConfigError('CREDENTIAL_SECRETS: ', () => openKeyEncryptionKeys(CREDENTIAL_SECRETS))
  const pool = openPool(DATABASE_URL, PATIENCE)
  try {
    const notReached = await whyUnreachable(pool)
    if (notReached) throw new ConfigError(`DATABASE_URL: PostgreSQL cannot be used there (${notReached.reason}).`)
    const prisma = await openPrisma(DATABASE_URL, PATIENCE)
    try {
      return described(await rewrapOwn(pool, prisma, keks), keks)
    } finally {
      await prisma.$disconnect()
    }
  } finally {
    await pool.end()
  }
}

function described({ rewrapped, unopened, left }: Rewrapped, { wrapping, byId }: KeyEncryptionKeys): string {
  const numbers = new Set([...byId.keys(), ...left.map(({ kek }) => kek)])
  const lines = [...numbers]
    .toSorted((a, b) => a - b)
    .map((number) => {
      const count = left.find(({ kek }) => kek === number)?.secrets ?? 0
      if (number === wrapping.id) return `Key ${number} wraps ${secrets(count)}, and what is stored from now on.`
      if (count === 0) return `Key ${number} wraps nothing: it may be dropped an hour from now.`
      return `Key ${number} wraps ${secrets(count)}${byId.has(number) ? '' : ', and is not in CREDENTIAL_SECRETS'}.`
    })
  return [
    `${secrets(rewrapped)} wrapped anew.`,
    ...(unopened > 0
      ? [`${secrets(unopened)} could not be opened with the key that they name, and stay as they are.`]
      : []),
    ...lines,
    '',
  ].join('\n')
}

function secrets(count: number): string {
  return count === 1 ? '1 secret' : `${count} secrets`
}
