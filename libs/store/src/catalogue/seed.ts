import type { Endpoint, Model, ModelSlug, EndpointId, Provider, ProviderSlug } from '@turnpike/domain'
import { installedList, listedEntries } from './list.ts'
import { INSTALLED_ORIGIN } from './providers.ts'
import type { CatalogueEntries } from './rows.ts'
import { lockCatalogue, writeCatalogue } from './write.ts'
import { inTransaction, openPool, type Queryable } from '../connections/pools.ts'
import { simulatedFleet } from './simulated-fleet.ts'

/** A provider of the price list that the operator has an account at. */
interface ListedProvider {
  readonly slug: 'openai' | 'anthropic' | 'google'
  /** The address of a proxy, for instance; left out: the provider's own. */
  readonly baseUrl?: string
}

/** Any server of OpenAI's dialect, such as vLLM. The operator names its models, whose price is an explicit zero. */
interface CompatibleProvider {
  readonly slug: 'compatible'
  readonly baseUrl: string
  /** The names that the server knows, and how many tokens each takes. */
  readonly models: readonly { readonly name: string; readonly contextLength: number }[]
}

export interface CatalogueSeed {
  /** Whether there is a simulator: its fleet is in the catalogue, and providers without an account of the operator’s are simulated. */
  readonly simulated: boolean
  /** The real providers at which the operator has accounts. */
  readonly real: readonly (ListedProvider | CompatibleProvider)[]
}

interface Seeded {
  readonly version: number
  readonly changed: boolean
  /** Number of listed models that were left out for want of an exact price or a context length. */
  readonly skipped: number
  /** Endpoints with a change of price that an operator has to confirm. */
  readonly held: readonly string[]
}

/**
 * Makes the catalogue hold the installed price list and the configured providers. Endpoints of earlier seeds that neither holds any more
 * are disabled, never deleted: usage refers to them. A changed price becomes a new version. The catalogue's version grows only with a
 * change, so that this may run at every start and in several processes.
 */
export async function seedCatalogue(ownerUrl: string, seed: CatalogueSeed): Promise<Seeded> {
  const baseUrls: Record<string, string> = {}
  const parts: CatalogueEntries[] = seed.simulated ? [simulatedFleet()] : []
  for (const provider of seed.real) {
    if (provider.slug === 'compatible') parts.push(compatibleEntries(provider))
    else if (provider.baseUrl !== undefined) baseUrls[provider.slug] = provider.baseUrl
  }
  const accounts = new Set<string>(seed.real.map(({ slug }) => slug))
  const isSimulated = (slug: string) => seed.simulated && !accounts.has(slug)
  const origin = `seed: ${INSTALLED_ORIGIN}`
  const { entries, leftOut } = listedEntries(installedList(), origin, new Date(), { baseUrls, isSimulated })
  parts.push(entries)
  const pool = openPool(ownerUrl, {
    max: 1,
    statementTimeoutMs: 30_000,
    connectTimeoutMs: 5_000,
    applicationName: 'turnpike seed',
  })
  try {
    return await inTransaction(pool, async (client) => {
      const isRecast = await recast(client, entries.providers)
      const { version, written, held } = await writeCatalogue(client, parts, 'seed')
      return { version, changed: isRecast || written > 0, skipped: leftOut.unlimited + leftOut.unpriced, held }
    })
  } finally {
    await pool.end()
  }
}

/**
 * Whether a provider is simulated follows the settings of this installation, also in a row that an import has taken over. Returns whether
 * any changed, which is a new version of the catalogue.
 */
async function recast(client: Queryable, providers: readonly Provider[]): Promise<boolean> {
  await lockCatalogue(client)
  const { rows } = await client.query(
    `WITH recast AS (
       UPDATE providers SET simulated = wanted.simulated
       FROM jsonb_to_recordset($1) AS wanted(slug text, simulated boolean)
       WHERE providers.slug = wanted.slug AND providers.simulated <> wanted.simulated AND providers.origin LIKE 'import: %'
       RETURNING 1
     )
     UPDATE catalogue_version SET version = version + 1 WHERE EXISTS (SELECT FROM recast) RETURNING version`,
    [JSON.stringify(providers.map(({ slug, simulated }) => ({ slug, simulated })))],
  )
  return rows.length > 0
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
        distillable: false,
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
        zeroRetention: false,
        failureDomain: provider,
      },
    ],
    models: served.map(({ model }) => model),
    endpoints: served.map(({ endpoint }) => endpoint),
  }
}

/** The parameters that OpenAI-compatible servers have in common. */
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
