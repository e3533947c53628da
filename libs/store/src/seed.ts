import type { Endpoint, Model, ModelSlug, EndpointId, ProviderSlug } from '@turnpike/domain'
import { installedList, listedEntries } from './catalogue-list.ts'
import { INSTALLED_ORIGIN } from './catalogue-providers.ts'
import type { CatalogueEntries } from './catalogue-rows.ts'
import { writeCatalogue } from './catalogue-write.ts'
import { inTransaction, openPool } from './pools.ts'
import { simulatedFleet } from './seed-simulated.ts'

/** A provider of the price list that the operator has an account at. */
export interface ListedProvider {
  readonly slug: 'openai' | 'anthropic' | 'google'
  /** Where it is reached when not at its own address, such as through a proxy. */
  readonly baseUrl?: string
}

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
  /** The real providers that the operator has accounts with. The others of the price list are in the catalogue too, and not served. */
  readonly real: readonly (ListedProvider | CompatibleProvider)[]
}

export interface Seeded {
  readonly version: number
  readonly changed: boolean
  /** Models in the price list that were left out: no price or context length that can be stated exactly. */
  readonly skipped: number
  /** Endpoints whose price moved so far that somebody has to confirm it: the next import offers it. */
  readonly held: readonly string[]
}

/**
 * Makes the catalogue hold the installed price list and what is configured. Endpoints that the seed once wrote and that neither has any
 * more are disabled, never deleted: usage names them. Prices change by adding a version, and the catalogue's version grows only when
 * something changed, so that this may run at every start and in several processes.
 */
export async function seedCatalogue(ownerUrl: string, seed: CatalogueSeed): Promise<Seeded> {
  const baseUrls: Record<string, string> = {}
  const parts: CatalogueEntries[] = seed.simulated ? [simulatedFleet()] : []
  for (const provider of seed.real) {
    if (provider.slug === 'compatible') parts.push(compatibleEntries(provider))
    else if (provider.baseUrl !== undefined) baseUrls[provider.slug] = provider.baseUrl
  }
  const { entries, leftOut } = listedEntries(installedList(), `seed: ${INSTALLED_ORIGIN}`, new Date(), { baseUrls })
  parts.push(entries)
  const pool = openPool(ownerUrl, {
    max: 1,
    statementTimeoutMs: 30_000,
    connectTimeoutMs: 5_000,
    applicationName: 'turnpike seed',
  })
  try {
    const { version, written, held } = await inTransaction(pool, (client) => writeCatalogue(client, parts, 'seed'))
    return { version, changed: written > 0, skipped: leftOut.unlimited + leftOut.unpriced, held }
  } finally {
    await pool.end()
  }
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
