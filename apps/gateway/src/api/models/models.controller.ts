import { Controller, Get, Inject, Param, Query, Req, Res } from '@nestjs/common'
import { RouteConfig } from '@nestjs/platform-fastify'
import { Fault, nearest, shownName, type Catalogue, type Endpoint, type Model, type ModelSlug } from '@turnpike/domain'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { isFree } from '../../route/aliases-chosen.ts'
import { VARIANTS } from '../../route/aliases-words.ts'
import { listBytes, sendBytes } from './bytes.ts'
import { CatalogueCache } from './cache.ts'
import { catalogueFor, listingsFor, listingsOf } from './listing.ts'
import { readModelQuery } from './query.ts'
import { select } from './select.ts'
import { inferring } from '../../http/edge.ts'
import { Gateway } from '../../gateway.ts'
import { architectureOf, datacentersOf, endpointBody, modelBody } from './body.ts'

type Words = Readonly<Record<string, unknown>>

/** The catalogue, for everybody, with live figures. */
@Controller(['api/v1', 'v1'])
export class ModelsController {
  readonly #cache = new CatalogueCache()

  constructor(@Inject(Gateway) private readonly gateway: Gateway) {}

  @Get('models')
  @RouteConfig({ public: true })
  list(@Query() query: Words, @Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    sendBytes(request, reply, this.#cache.list(this.gateway, { path: '/api/v1/models', query }, ['text']))
  }

  @Get('embeddings/models')
  @RouteConfig({ public: true })
  embedding(@Query() query: Words, @Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    sendBytes(
      request,
      reply,
      this.#cache.list(this.gateway, { path: '/api/v1/embeddings/models', query }, ['embeddings']),
    )
  }

  /** Of the models that a list with the same query would have. */
  @Get('models/count')
  @RouteConfig({ public: true })
  count(@Query() query: Words, @Res() reply: FastifyReply): void {
    const directory = this.gateway.directory()
    const modelQuery = readModelQuery(query, directory.catalogue)
    const { length } = select(listingsOf(directory), modelQuery, directory.catalogue, () => null)
    void reply.send({ data: { count: length } })
  }

  /** What the caller's policies, funds and our accounts leave, and what its own serve. */
  @Get('models/user')
  mine(@Query() query: Words, @Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    const caller = inferring(request)
    const directory = this.gateway.directory()
    const catalogue = catalogueFor(caller, directory)
    const modelQuery = readModelQuery(query, catalogue)
    const figuresOf = (id: Endpoint['id']) => this.gateway.figures(id)
    const found = select(listingsFor(caller, directory, Date.now()), modelQuery, catalogue, figuresOf)
    sendBytes(request, reply, listBytes(found, modelQuery, { path: '/api/v1/models/user', query }), false)
  }

  @Get('models/:author/:slug/endpoints')
  @RouteConfig({ public: true })
  async endpoints(
    @Param('author') author: string,
    @Param('slug') slug: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { catalogue } = this.gateway.directory()
    const { model, endpoints } = findOffer(catalogue, `${author}/${slug}`)
    const bodyOf = await this.#endpointBodies(request)
    const { slug: id, name, created, description } = model
    const head = { id, name, created, description, architecture: architectureOf(model) }
    void reply.send({ data: { ...head, endpoints: endpoints.map((endpoint) => bodyOf(endpoint, model)) } })
  }

  /** Endpoints of providers that keep nothing, over all models. */
  @Get('endpoints/zdr')
  @RouteConfig({ public: true })
  async zeroRetention(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { catalogue } = this.gateway.directory()
    const bodyOf = await this.#endpointBodies(request)
    const data = [...catalogue.models.values()].flatMap((model) =>
      (catalogue.endpointsOf.get(model.slug) ?? [])
        .filter(({ provider }) => catalogue.providers.get(provider)?.zeroRetention)
        .map((endpoint) => bodyOf(endpoint, model)),
    )
    void reply.send({ data })
  }

  @Get('model/:author/:slug')
  @RouteConfig({ public: true })
  wrapped(@Param('author') author: string, @Param('slug') slug: string, @Res() reply: FastifyReply): void {
    void reply.send({ data: this.#body(`${author}/${slug}`) })
  }

  /** As clients of OpenAI and Anthropic retrieve a model; some escape the slash. */
  @Get(['models/:author/:slug', 'models/:author'])
  @RouteConfig({ public: true })
  one(@Param('author') author: string, @Param('slug') slug: string | undefined, @Res() reply: FastifyReply): void {
    void reply.send(this.#body(slug === undefined ? author : `${author}/${slug}`))
  }

  @Get('providers')
  @RouteConfig({ public: true })
  providers(@Res() reply: FastifyReply): void {
    const { catalogue, reachable } = this.gateway.directory()
    const data = [...catalogue.providers.values()].map(({ slug, name, simulated, regions = [], ...policy }) => ({
      name: shownName({ name, simulated }),
      slug,
      privacy_policy_url: null,
      terms_of_service_url: null,
      status_page_url: null,
      headquarters: null,
      datacenters: datacentersOf(regions),
      simulated,
      served: reachable.has(slug),
      data_policy: { training: policy.retainsPrompts, zero_retention: policy.zeroRetention, regions },
    }))
    void reply.send({ data: data.toSorted((a, b) => Number(b.served) - Number(a.served)) })
  }

  #body(slug: string) {
    const directory = this.gateway.directory()
    const { model, endpoints } = findOffer(directory.catalogue, slug)
    const known = listingsOf(directory).find((listing) => listing.model === model)
    return known ? modelBody(model, known.endpoints, known.served) : modelBody(model, endpoints, false)
  }

  /** Percentiles are for callers with a key; a wrong key is refused as everywhere. */
  async #endpointBodies(request: FastifyRequest) {
    const { authorization, 'x-api-key': apiKey } = request.headers
    const hasKey = authorization !== undefined || apiKey !== undefined
    if (hasKey) await this.gateway.identify(request.headers)
    const { catalogue, reachable } = this.gateway.directory()
    return (endpoint: Endpoint, model: Model) =>
      endpointBody(endpoint, model, catalogue, {
        served: reachable.has(endpoint.provider),
        figures: this.gateway.figures(endpoint.id),
        withPercentiles: hasKey,
      })
  }
}

/** A variant `:free` leaves the endpoints that cost nothing. Throws Fault `object_unknown` with the nearest. */
function findOffer(catalogue: Catalogue, name: string): { model: Model; endpoints: readonly Endpoint[] } {
  const of = (slug: string) => catalogue.models.get(slug as ModelSlug)
  const endpointsOf = ({ slug }: Model) => catalogue.endpointsOf.get(slug) ?? []
  const whole = of(name)
  if (whole) return { model: whole, endpoints: endpointsOf(whole) }
  const colon = name.indexOf(':')
  const base = colon < 0 ? undefined : of(name.slice(0, colon))
  const variant = name.slice(colon + 1)
  if (base && VARIANTS.includes(variant)) {
    const all = endpointsOf(base)
    return { model: base, endpoints: variant === 'free' ? all.filter(({ price }) => price && isFree(price)) : all }
  }
  const near = nearest(name, catalogue.models.keys())
  const hint = near.length > 0 ? `Did you mean ${near.join(' or ')}?` : 'GET /api/v1/models lists what there is.'
  throw new Fault('object_unknown', `There is no model ${name.slice(0, 100)}. ${hint}`)
}
