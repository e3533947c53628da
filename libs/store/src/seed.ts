import type { Endpoint, EndpointId, Model, ModelSlug, ProviderSlug } from '@turnpike/domain'
import { writeCatalogue, type CatalogueEntries } from './catalogue-write.ts'
import { inTransaction, openPool, type Queryable } from './pools.ts'
import { listedEntries, type ListedProvider } from './seed-listed.ts'
import { simulatedFleet } from './seed-simulated.ts'

/** Any server that speaks OpenAI's dialect, such as vLLM. Its models are named by the operator, at an explicit price of zero. */
export interface CompatibleProvider {
  readonly slug: 'compatible'
  readonly baseUrl: string
  /** The names that the server knows, and how many tokens each takes. */
  readonly models: readonly { readonly name: string; readonly contextLength: number }[]
}

export interface CatalogueSeed {
  /** Whether the simulated fleet is part of the catalogue. */
  readonly simulated: boolean
  /** The real providers that the operator has accounts with. */
  readonly real: readonly (ListedProvider | CompatibleProvider)[]
}

export interface Seeded {
  readonly version: number
  readonly changed: boolean
  /** Models in the price lists that were left out: no price or context length that can be stated exactly. */
  readonly skipped: number
}

/**
 * Makes the catalogue hold exactly what is configured. Endpoints that the seed once wrote and that are not configured
 * any more are disabled, never deleted: usage names them. Prices change by adding a version, and the catalogue's version
 * grows only when something changed, so that this may run at every start and in several processes.
 */
export async function seedCatalogue(ownerUrl: string, seed: CatalogueSeed): Promise<Seeded> {
  const parts: CatalogueEntries[] = seed.simulated ? [simulatedFleet()] : []
  let skipped = 0
  for (const provider of seed.real) {
    if (provider.slug === 'compatible') {
      parts.push(compatibleEntries(provider))
    } else {
      const listed = listedEntries(provider)
      parts.push(listed.entries)
      skipped += listed.skipped
    }
  }
  const pool = openPool(ownerUrl, {
    max: 1,
    statementTimeoutMs: 30_000,
    connectTimeoutMs: 5_000,
    applicationName: 'turnpike seed',
  })
  try {
    return { ...(await inTransaction(pool, (client) => write(client, parts))), skipped }
  } finally {
    await pool.end()
  }
}

async function write(
  client: Queryable,
  parts: readonly CatalogueEntries[],
): Promise<{ version: number; changed: boolean }> {
  // The row of the version is the lock: seeds of several processes take turns.
  await client.query('SELECT version FROM catalogue_version FOR UPDATE')
  let changes = 0
  for (const part of parts) changes += await writeCatalogue(client, part)
  const listed = parts.flatMap((part) => part.endpoints.map((endpoint) => endpoint.id))
  const disabled = await client.query(
    `UPDATE endpoints SET enabled = false WHERE enabled AND origin LIKE 'seed: %' AND id <> ALL ($1::text[])`,
    [listed],
  )
  const changed = changes + (disabled.rowCount ?? 0) > 0
  const { rows } = await client.query<{ version: number }>(
    'UPDATE catalogue_version SET version = version + $1::int RETURNING version',
    [changed ? 1 : 0],
  )
  return { version: rows[0]?.version ?? 0, changed }
}

function compatibleEntries({ baseUrl, models }: CompatibleProvider): CatalogueEntries {
  const provider = 'compatible' as ProviderSlug
  const served = models.map(({ name, contextLength }): { model: Model; endpoint: Endpoint } => {
    const slug = `compatible/${name}` as ModelSlug
    return {
      model: {
        slug,
        name,
        description: 'Served by the OpenAI-compatible server of this installation.',
        created: 0,
        contextLength,
        inputModalities: ['text'],
        outputModalities: ['text'],
      },
      endpoint: {
        id: `${provider}/${slug}` as EndpointId,
        model: slug,
        provider,
        upstreamModel: name,
        contextLength,
        maxCompletionTokens: null,
        quantization: 'unknown',
        supportedParameters: COMPATIBLE_PARAMETERS,
        price: { version: 1, prompt: 0n, completion: 0n, tiers: [] },
      },
    }
  })
  return {
    origin: 'seed: configuration',
    providers: [
      {
        slug: provider,
        name: 'OpenAI-compatible server',
        dialect: 'openai',
        baseUrl: baseUrl.replace(/\/+$/, ''),
        simulated: false,
        retainsPrompts: false,
        failureDomain: provider,
      },
    ],
    models: served.map(({ model }) => model),
    endpoints: served.map(({ endpoint }) => endpoint),
  }
}

/** What servers of this kind have in common. */
const COMPATIBLE_PARAMETERS = [
  'max_tokens',
  'temperature',
  'top_p',
  'stop',
  'seed',
  'frequency_penalty',
  'presence_penalty',
  'tools',
  'tool_choice',
  'response_format',
  'structured_outputs',
]
