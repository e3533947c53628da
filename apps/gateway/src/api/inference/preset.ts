import { Fault, nearest } from '@turnpike/domain'
import type { PresetCache, PresetInUse, PresetLookup, PresetVersion } from '@turnpike/store'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { inferring } from '../../http/edge.ts'
import { invalid } from '../../http/parse.ts'
import { mergePreset, type Fields, type Held } from './preset-merge.ts'
import { isPresetSlug, presetNamed, type PresetNamed } from './preset-name.ts'

/** The preset of a request, and its model as the caller wrote it, which the merged body lacks. */
export interface AppliedPreset {
  readonly applied: PresetVersion
  readonly requestedModel: string
}

/** A body with its preset merged in. */
interface PresetApplied {
  readonly body: unknown
  /** Null: it names none. */
  readonly preset: AppliedPreset | null
}

/**
 * Merges the preset that a request names into its body, before any schema reads it. Throws 404 for one that is not there or not in use,
 * 503 when it cannot be looked up. @param takes as in `mergePreset`
 */
export function withPreset(
  presets: Pick<PresetCache, 'lookup'>,
  request: FastifyRequest,
  reply: FastifyReply,
  takes: ReadonlySet<string> | null,
): PresetApplied | Promise<PresetApplied> {
  const named = presetNamed(request.body)
  if (named === null) return { body: request.body, preset: null }
  return applied(presets, named, request, reply, takes)
}

async function applied(
  presets: Pick<PresetCache, 'lookup'>,
  named: PresetNamed,
  request: FastifyRequest,
  reply: FastifyReply,
  takes: ReadonlySet<string> | null,
): Promise<PresetApplied> {
  const { tenantId, workspaceId } = inferring(request)
  if (!isPresetSlug(named.slug)) throw unknownPreset(named.slug, [], named.param)
  const found = await presets.lookup({ tenantId, workspaceId }, named.slug, named.version)
  // A connection that closed before there was a listener for it emits no event.
  if (reply.raw.destroyed) throw new Fault('caller_gone', 'The caller hung up.')
  const preset = inUse(found, named)
  const held = heldBy(preset, named)
  const body = mergePreset(request.body as Fields, named, held, takes)
  if (!body['model'] && !body['models']) throw withoutModel(named)
  return {
    body,
    preset: { applied: { id: preset.id, version: held.version }, requestedModel: named.requestedModel },
  }
}

function inUse(found: PresetLookup, { slug, param }: PresetNamed): PresetInUse {
  switch (found.kind) {
    case 'unknown':
      throw new Fault('store_unavailable', `The preset “${slug}” cannot be read at this moment; please retry.`, {
        cause: found.cause,
      })
    case 'absent':
      throw unknownPreset(slug, found.slugs, param)
    case 'found': {
      const { status } = found.preset
      if (status === 'active') return found.preset
      throw new Fault(
        'object_unknown',
        `The preset “${slug}” is ${status}. Give it the status active to use it again.`,
        {
          param,
          metadata: { preset: { slug, status } },
        },
      )
    }
  }
}

function heldBy({ held, newest }: PresetInUse, { slug, version, param }: PresetNamed): Held & { version: number } {
  if (held) return held
  throw new Fault('object_unknown', `The preset “${slug}” has no version ${version}; the newest is ${newest}.`, {
    param,
  })
}

/** 404 that names the nearest. @param slugs those that there are */
export function unknownPreset(slug: string, slugs: readonly string[], param?: 'model' | 'preset'): Fault {
  const near = nearest(slug, slugs)
  const hint = near.length > 0 ? ` Did you mean ${near.join(', ')}?` : ''
  const message = `There is no preset “${slug.slice(0, 64)}” in the workspace of this key.${hint}`
  return new Fault('object_unknown', message, param && { param })
}

function withoutModel({ slug }: PresetNamed): Fault {
  return invalid(
    'model',
    `model: the preset “${slug}” has none, so that the request must name one, as in author/slug@preset/${slug}`,
  )
}
