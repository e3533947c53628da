import { randomUUID } from 'node:crypto'
import type { TenantId, WorkspaceId } from '@turnpike/domain'
import { readKeys } from '../key-path/records.ts'
import { checkKey, mintKey, openKeySecrets, type KeySecrets } from '../key-path/seal.ts'
import { signingWith } from '../key-path/secret-check.ts'
import { mutate } from '../changes/mutate.ts'
import { openPool, type PoolOptions } from '../connections/pools.ts'
import { openPrisma } from '../connections/prisma.ts'

const OPTIONS: PoolOptions = {
  max: 1,
  statementTimeoutMs: 5_000,
  connectTimeoutMs: 5_000,
  applicationName: 'turnpike operator',
}

/**
 * The key of the operator's own organisation, which reaches the operator's provider accounts and is metered, not charged.
 * Returns `known` while the database has that key; else makes a new organisation, workspace and key.
 * @param appUrl a login of turnpike_app @param secretsText the server secrets of API keys
 */
export async function operatorKey(appUrl: string, secretsText: string, known: string | null): Promise<string> {
  const secrets = openKeySecrets(secretsText)
  if (known !== null && (await isAlive(appUrl, secrets, known))) return known
  const prisma = await openPrisma(appUrl, OPTIONS)
  try {
    const workspaceId = randomUUID() as string as WorkspaceId
    const author = { tenantId: randomUUID() as string as TenantId, userId: null }
    const { value } = await mutate(prisma, author, async (door, transaction) => {
      const signing = await signingWith(transaction, secrets)
      const { key, id, digest, secretId, lastFour } = mintKey(signing, 'live')
      await door.organisations.create({ name: 'Operator', funds: 'operator' }, 'organisation.create')
      await door.workspaces.create({ id: workspaceId, name: 'Default', slug: 'default' }, 'workspace.create')
      const minted = { id, digest: Uint8Array.from(digest), secretId, lastFour }
      const content = { workspaceId, name: 'Operator', kind: 'live', createdBy: null, expiresAt: null } as const
      await door.apiKeys.create({ ...minted, ...content }, 'key.create')
      return key
    })
    return value
  } finally {
    await prisma.$disconnect()
  }
}

async function isAlive(appUrl: string, secrets: KeySecrets, key: string): Promise<boolean> {
  const checked = checkKey(secrets, key)
  if (checked.kind !== 'genuine') return false
  const pool = openPool(appUrl, OPTIONS)
  try {
    const found = (await readKeys(pool, [checked.digest], Date.now())).get(checked.digest.toString('hex'))
    return found?.caller?.revoked === false
  } finally {
    await pool.end()
  }
}
