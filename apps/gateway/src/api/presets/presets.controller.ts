import { Controller, Get, Header, HttpCode, Inject, Param, Patch, Post, Query, Req } from '@nestjs/common'
import { Fault, type Caller } from '@turnpike/domain'
import type { FastifyRequest } from 'fastify'
import { inferring } from '../../http/edge.ts'
import { Gateway } from '../../gateway.ts'
import { invalid } from '../../http/parse.ts'
import { presetBody, presetWithVersion, versionBody } from './answer.ts'
import { unknownPreset } from '../inference/preset.ts'
import { isPresetSlug } from '../inference/preset-name.ts'
import { pageOf, presetChangeOf, presetContentOf, versionOf } from './presets.schema.ts'

/** Presets of the key's workspace, made from the bodies of requests. Nothing here asks a model. */
@Controller(['api/v1/presets', 'v1/presets'])
export class PresetsController {
  constructor(@Inject(Gateway) private readonly gateway: Gateway) {}

  @Get()
  @Header('cache-control', 'no-store')
  async list(@Query() query: unknown, @Req() request: FastifyRequest) {
    const { presets, total } = await this.#presets.list(inferring(request), pageOf(query))
    return { data: presets.map(presetBody), total_count: total }
  }

  @Get(':slug')
  @Header('cache-control', 'no-store')
  async one(@Param('slug') slug: string, @Req() request: FastifyRequest) {
    const caller = inferring(request)
    const found = isPresetSlug(slug) && (await this.#presets.find(caller, slug))
    return { data: presetWithVersion(found || (await this.#unknown(caller, slug))) }
  }

  @Get(':slug/versions')
  @Header('cache-control', 'no-store')
  async versions(@Param('slug') slug: string, @Query() query: unknown, @Req() request: FastifyRequest) {
    const caller = inferring(request)
    const page = pageOf(query)
    const found = isPresetSlug(slug) && (await this.#presets.versions(caller, slug, page))
    const { versions, total } = found || (await this.#unknown(caller, slug))
    return { data: versions.map(versionBody), total_count: total }
  }

  @Get(':slug/versions/:version')
  @Header('cache-control', 'no-store')
  async version(@Param('slug') slug: string, @Param('version') written: string, @Req() request: FastifyRequest) {
    const caller = inferring(request)
    const version = versionOf(written)
    const found = isPresetSlug(slug) && (await this.#presets.version(caller, slug, version))
    const { saved, newest } = found || (await this.#unknown(caller, slug))
    if (!saved) throw noVersion(slug, version, newest)
    return { data: versionBody(saved) }
  }

  /** Makes the preset, or a new version of it that is in force at once. */
  @Post(':slug/chat/completions')
  @HttpCode(200)
  async save(@Param('slug') slug: string, @Req() request: FastifyRequest) {
    const caller = inferring(request)
    return { data: presetWithVersion(await this.#presets.save(caller, presetContentOf(slug, request.body))) }
  }

  @Patch(':slug')
  async change(@Param('slug') slug: string, @Req() request: FastifyRequest) {
    const caller = inferring(request)
    const change = presetChangeOf(request.body)
    if (!isPresetSlug(slug)) return this.#unknown(caller, slug)
    const changed = await this.#presets.change(caller, slug, change)
    switch (changed.kind) {
      case 'unknown':
        return this.#unknown(caller, slug)
      case 'version_unknown':
        throw noVersion(slug, change.designatedVersion ?? 0, null, 'designated_version')
      case 'changed':
        return { data: presetWithVersion(changed) }
    }
  }

  get #presets() {
    return this.gateway.stores.presets
  }

  async #unknown(caller: Caller, slug: string): Promise<never> {
    throw unknownPreset(slug, await this.#presets.slugs(caller))
  }
}

function noVersion(slug: string, version: number, newest: number | null, param?: string): Fault {
  const message = `The preset “${slug}” has no version ${version}.${newest === null ? '' : ` The newest is ${newest}.`}`
  return param === undefined ? new Fault('object_unknown', message) : invalid(param, message)
}
