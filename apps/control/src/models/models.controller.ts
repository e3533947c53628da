import { Controller, Get, Inject } from '@nestjs/common'
import { RouteConfig } from '@nestjs/platform-fastify'
import type { EndpointRow, ModelList, ModelsLive } from '@turnpike/contract'
import { isOnlySimulatedModel, shownName, type Catalogue, type Endpoint, type Model } from '@turnpike/domain'
import { openHealthPast, type HealthPast } from '@turnpike/store'
import { Control } from '../control.ts'
import { liveOf } from './live.ts'

/** The catalogue, and how each endpoint does. */
@Controller('console/v1/models')
export class ModelsController {
  readonly #past: HealthPast

  constructor(@Inject(Control) private readonly control: Control) {
    this.#past = openHealthPast(control.pool)
  }

  @Get()
  @RouteConfig({ access: 'models:read', unverified: true })
  async list(): Promise<ModelList> {
    return listOf(await this.control.catalogue())
  }

  @Get('live')
  @RouteConfig({ access: 'models:read', unverified: true })
  async live(): Promise<ModelsLive> {
    return { data: await liveOf(await this.control.catalogue(), this.#past) }
  }
}

const lists = new WeakMap<Catalogue, ModelList>()

/** Made once for a catalogue: it is long, and the same for everybody. */
function listOf(catalogue: Catalogue): ModelList {
  const known = lists.get(catalogue)
  if (known) return known
  const data = demoFirst(catalogue).map((model) => ({
    slug: model.slug,
    name: model.name,
    description: model.description,
    contextLength: model.contextLength,
    inputModalities: [...model.inputModalities],
    outputModalities: [...model.outputModalities],
    endpoints: (catalogue.endpointsOf.get(model.slug) ?? [])
      .toSorted((a, b) => promptPrice(a) - promptPrice(b))
      .map((endpoint) => endpointRow(endpoint, catalogue)),
  }))
  const list = { data: data.filter(({ endpoints }) => endpoints.length > 0) }
  lists.set(catalogue, list)
  return list
}

/** Models of made-up providers come first: they answer without any account, and as themselves. */
function demoFirst(catalogue: Catalogue): Model[] {
  const isDemo = ({ slug }: Model) => isOnlySimulatedModel(slug, catalogue)
  const all = [...catalogue.models.values()]
  return [...all.filter(isDemo), ...all.filter((model) => !isDemo(model))]
}

/** For sorting only, where a rounded price does no harm. */
function promptPrice({ price }: Endpoint): number {
  return price ? Number(price.prompt) : Number.MAX_SAFE_INTEGER
}

function endpointRow(
  { provider: slug, price, contextLength, maxCompletionTokens }: Endpoint,
  catalogue: Catalogue,
): EndpointRow {
  const provider = catalogue.providers.get(slug)
  return {
    provider: slug,
    providerName: provider ? shownName(provider) : slug,
    simulated: provider?.simulated ?? false,
    regions: [...(provider?.regions ?? [])],
    promptPerMillionNano: price && String(price.prompt),
    completionPerMillionNano: price && String(price.completion),
    contextLength,
    maxCompletionTokens,
  }
}
