import { Controller, Get, Inject } from '@nestjs/common'
import { RouteConfig } from '@nestjs/platform-fastify'
import type { EndpointRow, ModelList } from '@turnpike/contract'
import type { Catalogue, Endpoint, Model } from '@turnpike/domain'
import { Control } from '../control.ts'

/** The catalogue, with who serves what at which price. */
@Controller('console/v1/models')
export class ModelsController {
  constructor(@Inject(Control) private readonly control: Control) {}

  @Get()
  @RouteConfig({ access: 'models:read', unverified: true })
  async list(): Promise<ModelList> {
    const catalogue = await this.control.catalogue()
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
    return { data: data.filter(({ endpoints }) => endpoints.length > 0) }
  }
}

/** By slug, and what the simulator plays before everything else: it answers without any account. */
function demoFirst(catalogue: Catalogue): Model[] {
  const isSimulated = ({ slug }: Model) =>
    catalogue.endpointsOf.get(slug)?.some(({ provider }) => catalogue.providers.get(provider)?.simulated) === true
  const all = [...catalogue.models.values()]
  return [...all.filter(isSimulated), ...all.filter((model) => !isSimulated(model))]
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
    providerName: provider?.name ?? slug,
    simulated: provider?.simulated ?? false,
    promptPerMillionNano: price && String(price.prompt),
    completionPerMillionNano: price && String(price.completion),
    contextLength,
    maxCompletionTokens,
  }
}
