import { Controller, Get, Inject, Param, Query, Req, Res } from '@nestjs/common'
import { RouteConfig } from '@nestjs/platform-fastify'
import { Fault, nearest, type Catalogue, type Endpoint, type Model, type ModelSlug } from '@turnpike/domain'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { isFree } from '../../route/aliases-chosen.ts'
import { VARIANTS } from '../../route/aliases-words.ts'
import { jsonBytes, listBytes, sendBytes } from './bytes.ts'
import { CatalogueCache, keyOf, LIVE_FOR_MS, type Wanted } from './cache.ts'
import { catalogueFor, listingsFor, listingsOf } from './listing.ts'
import { readModelQuery } from './query.ts'
import type { ListPlace } from './page-link.ts'
import { isLive, select } from './select.ts'
import { inferring } from '../../http/edge.ts'
import { Gateway } from '../../gateway.ts'
import { architectureOf, endpointBody, modelBody, providersBody } from './body.ts'

type Words = Readonly<Record<string, unknown>>

/** The catalogue, for everybody, with live figures: serialised once for all, and compressed once. */
@Controller(['api/v1', 'v1'])
export class ModelsController {
  readonly #cache = new CatalogueCache(() => performance.now())

  constructor(@Inject(Gateway) private readonly gateway: Gateway) {}

  @Get('models')
  @RouteConfig({ public: true })
  list(@Query() query: Words, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.#sendList({ path: '/api/v1/models', query }, ['text'], request, reply)
  }

  @Get('embeddings/models')
  @RouteConfig({ public: true })
  embedding(@Query() query: Words, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.#sendList({ path: '/api/v1/embeddings/models', query }, ['embeddings'], request, reply)
  }

  /** Of the models that a list with the same query would have. */
  @Get('models/count')
  @RouteConfig({ public: true })
  count(@Query() query: Words, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const directory = this.gateway.directory()
    const key = keyOf({ path: '/api/v1/models/count', query })
    return this.#send(request, reply, {
      key,
      make: () => {
        const modelQuery = readModelQuery(query, directory.catalogue)
        const { length } = select(listingsOf(directory), modelQuery, directory.catalogue, () => null)
        return jsonBytes({ data: { count: length } })
      },
    })
  }

  /** What the caller's policies, funds and our accounts leave, and what its own serve. */
  @Get('models/user')
  mine(@Query() query: Words, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const caller = inferring(request)
    const directory = this.gateway.directory()
    const catalogue = catalogueFor(caller, directory)
    const modelQuery = readModelQuery(query, catalogue)
    const figuresOf = (id: Endpoint['id']) => this.gateway.figures(id)
    const found = select(listingsFor(caller, directory, Date.now()), modelQuery, catalogue, figuresOf)
    const answer = listBytes(found, modelQuery, { path: '/api/v1/models/user', query })
    return sendBytes(request, reply, answer, { isShared: false })
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
    await this.#sendEndpoints(request, reply, { key: `${author}/${slug}` }, (bodyOf) => {
      const { model, endpoints } = findOffer(catalogue, `${author}/${slug}`)
      const { slug: id, name, created, description } = model
      const head = { id, name, created, description, architecture: architectureOf(model) }
      return { ...head, endpoints: endpoints.map((endpoint) => bodyOf(endpoint, model)) }
    })
  }

  /** Endpoints of providers that keep nothing, over all models. */
  @Get('endpoints/zdr')
  @RouteConfig({ public: true })
  async zeroRetention(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { catalogue } = this.gateway.directory()
    await this.#sendEndpoints(request, reply, { key: 'zdr', isFixed: true }, (bodyOf) =>
      [...catalogue.models.values()].flatMap((model) =>
        (catalogue.endpointsOf.get(model.slug) ?? [])
          .filter(({ provider }) => catalogue.providers.get(provider)?.zeroRetention)
          .map((endpoint) => bodyOf(endpoint, model)),
      ),
    )
  }

  @Get('model/:author/:slug')
  @RouteConfig({ public: true })
  wrapped(
    @Param('author') author: string,
    @Param('slug') slug: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const make = () => jsonBytes({ data: this.#body(`${author}/${slug}`) })
    return this.#send(request, reply, { key: `wrapped ${author}/${slug}`, make })
  }

  /** As clients of OpenAI and Anthropic retrieve a model; some escape the slash. */
  @Get(['models/:author/:slug', 'models/:author'])
  @RouteConfig({ public: true })
  one(
    @Param('author') author: string,
    @Param('slug') slug: string | undefined,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const name = slug === undefined ? author : `${author}/${slug}`
    return this.#send(request, reply, { key: `one ${name}`, make: () => jsonBytes(this.#body(name)) })
  }

  @Get('providers')
  @RouteConfig({ public: true })
  providers(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const directory = this.gateway.directory()
    const make = () => jsonBytes({ data: providersBody(directory) })
    return this.#send(request, reply, { key: 'providers', isFixed: true, make })
  }

  #sendList(place: ListPlace, outputs: readonly string[], request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const directory = this.gateway.directory()
    return this.#send(request, reply, {
      key: keyOf(place),
      isFixed: Object.keys(place.query).length === 0,
      ...(isLive(place.query['sort']) && { liveForMs: LIVE_FOR_MS }),
      make: () => {
        const query = readModelQuery(place.query, directory.catalogue, outputs)
        const figuresOf = (id: Endpoint['id']) => this.gateway.figures(id)
        return listBytes(select(listingsOf(directory), query, directory.catalogue, figuresOf), query, place)
      },
    })
  }

  /** Percentiles are for callers with a key; a wrong key is refused as everywhere. */
  async #sendEndpoints(
    request: FastifyRequest,
    reply: FastifyReply,
    { key, isFixed = false }: { key: string; isFixed?: boolean },
    dataOf: (bodyOf: (endpoint: Endpoint, model: Model) => unknown) => unknown,
  ): Promise<void> {
    const { authorization, 'x-api-key': apiKey } = request.headers
    const hasKey = authorization !== undefined || apiKey !== undefined
    if (hasKey) await this.gateway.identify(request.headers)
    const { catalogue, reachable } = this.gateway.directory()
    const bodyOf = (endpoint: Endpoint, model: Model) =>
      endpointBody(endpoint, model, catalogue, {
        served: reachable.has(endpoint.provider),
        figures: this.gateway.figures(endpoint.id),
        withPercentiles: hasKey,
      })
    const wanted: Wanted = {
      key: `${hasKey ? 'percentiles' : 'endpoints'} ${key}`,
      isFixed,
      liveForMs: LIVE_FOR_MS,
      make: () => jsonBytes({ data: dataOf(bodyOf) }),
    }
    await this.#send(request, reply, wanted, !hasKey)
  }

  #send(request: FastifyRequest, reply: FastifyReply, wanted: Wanted, isShared = true): Promise<void> {
    const { bytes, isAskedAgain } = this.#cache.get(this.gateway.directory(), wanted)
    return sendBytes(request, reply, bytes, { isShared, isWorthCompressing: isAskedAgain })
  }

  #body(slug: string) {
    const directory = this.gateway.directory()
    const { model, endpoints } = findOffer(directory.catalogue, slug)
    const known = listingsOf(directory).find((listing) => listing.model === model)
    return known ? modelBody(model, known.endpoints, known.served) : modelBody(model, endpoints, false)
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
