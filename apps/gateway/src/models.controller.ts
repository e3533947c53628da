import { Controller, Get, Inject, Param, Res } from '@nestjs/common'
import { RouteConfig } from '@nestjs/platform-fastify'
import { Fault, type Catalogue, type ModelSlug } from '@turnpike/domain'
import type { FastifyReply } from 'fastify'
import { Gateway } from './gateway.ts'
import { endpointBody, modelBody } from './model-body.ts'

/** The catalogue, for everybody. */
@Controller(['api/v1/models', 'v1/models'])
export class ModelsController {
  constructor(@Inject(Gateway) private readonly gateway: Gateway) {}

  @Get()
  @RouteConfig({ public: true })
  list(@Res() reply: FastifyReply): void {
    const { catalogue, reachable } = this.gateway.reach()
    const data = [...catalogue.models.values()]
      .filter((model) => catalogue.endpointsOf.get(model.slug)?.some((endpoint) => reachable.has(endpoint.provider)))
      .map((model) => modelBody(model, catalogue))
    void reply.send({
      object: 'list',
      data,
      total_count: data.length,
      has_more: false,
      first_id: data[0]?.id ?? null,
      last_id: data.at(-1)?.id ?? null,
    })
  }

  @Get('count')
  @RouteConfig({ public: true })
  count(@Res() reply: FastifyReply): void {
    void reply.send({ data: { count: this.gateway.reach().catalogue.models.size } })
  }

  @Get(':author/:slug/endpoints')
  @RouteConfig({ public: true })
  endpoints(@Param('author') author: string, @Param('slug') slug: string, @Res() reply: FastifyReply): void {
    const { catalogue, reachable } = this.gateway.reach()
    const model = modelOf(catalogue, author, slug)
    const served = (catalogue.endpointsOf.get(model.slug) ?? []).filter((endpoint) => reachable.has(endpoint.provider))
    const { id, name, created, description, architecture } = modelBody(model, catalogue)
    void reply.send({
      data: {
        id,
        name,
        created,
        description,
        architecture,
        endpoints: served.map((endpoint) => endpointBody(endpoint, model, catalogue)),
      },
    })
  }

  @Get(':author/:slug')
  @RouteConfig({ public: true })
  one(@Param('author') author: string, @Param('slug') slug: string, @Res() reply: FastifyReply): void {
    const { catalogue } = this.gateway.reach()
    void reply.send(modelBody(modelOf(catalogue, author, slug), catalogue))
  }
}

function modelOf(catalogue: Catalogue, author: string, slug: string) {
  const model = catalogue.models.get(`${author}/${slug}` as ModelSlug)
  if (!model) throw new Fault('object_unknown', 'There is no such model. GET /api/v1/models lists what there is.')
  return model
}
