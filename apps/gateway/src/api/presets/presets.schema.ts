import { PRESET_STATUSES, PRESETS_PAGE_MAX, type PresetChange, type PresetContent } from '@turnpike/store'
import { z } from 'zod'
import { chatBody } from '../inference/chat.schema.ts'
import { invalid, parse } from '../../http/parse.ts'
import { keptOf, type Fields } from '../inference/preset-merge.ts'
import { isPresetSlug, presetNamed, SLUG_FORM } from '../inference/preset-name.ts'

/** Of fields and system prompt, as JSON. A gateway holds thousands of presets in memory. */
const PRESET_BYTES_MAX = 128 * 1024
const NOTHING_TO_KEEP =
  'There is nothing to keep: give a model, a system message, or any other field of a chat but messages.'
const NUL = '\0'

/** A chat, of which the messages may be missing. */
const source = z.looseObject({ ...chatBody.shape, messages: chatBody.shape.messages.nullish() })

/** Throws Fault `request_invalid` for what no chat or no preset can have. */
export function presetContentOf(slug: string, body: unknown): PresetContent {
  if (!isPresetSlug(slug)) throw invalid('slug', `slug: must be ${SLUG_FORM}`)
  parse(source, body)
  const named = presetNamed(body)
  if (named) throw invalid(named.param, `${named.param}: a preset cannot be made of another one; name models`)
  const { config, systemPrompt } = keptOf(body as Fields)
  if (systemPrompt?.includes(NUL)) throw invalid('messages', 'messages: a system prompt cannot have the character NUL')
  if (systemPrompt === null && Object.keys(config).length === 0) {
    throw invalid(undefined, NOTHING_TO_KEEP)
  }
  const bytes = Buffer.byteLength(JSON.stringify(config)) + Buffer.byteLength(systemPrompt ?? '')
  if (bytes > PRESET_BYTES_MAX) {
    const most = PRESET_BYTES_MAX / 1024
    throw invalid(undefined, `A preset holds ${most} KiB at most; this is ${Math.ceil(bytes / 1024)}.`)
  }
  return { slug, config, systemPrompt }
}

const text = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .refine((value) => !value.includes(NUL), 'cannot have the character NUL')

const CHANGEABLE = 'name, description, status and designated_version'

const change = z.strictObject(
  {
    name: text(100).exactOptional(),
    description: text(1_000).nullable().exactOptional(),
    status: z.enum(PRESET_STATUSES, `must be one of ${PRESET_STATUSES.join(', ')}`).exactOptional(),
    designated_version: z.int().min(1).max(9_999).exactOptional(),
  },
  {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `cannot be changed: of a preset ${CHANGEABLE} can. What it holds is changed by a new version.`
        : undefined,
  },
)

/** The body of PATCH /presets/{slug}; a description that is null is taken away. */
export function presetChangeOf(body: unknown): PresetChange {
  const { designated_version: designatedVersion, ...rest } = parse(change, body)
  return { ...rest, ...(designatedVersion !== undefined && { designatedVersion }) }
}

const OFFSET_MAX = 1_000_000
const page = z.object({ offset: whole(0, OFFSET_MAX).default(0), limit: whole(1, PRESETS_PAGE_MAX).default(50) })

/** Which part of a list is asked for. */
export function pageOf(query: unknown): z.infer<typeof page> {
  return parse(page, query)
}

/** The number of a version in a path. */
export function versionOf(written: string): number {
  return parse(z.object({ version: whole(1, 9_999) }), { version: written }).version
}

function whole(least: number, most: number) {
  const wrong = `must be a whole number from ${least} to ${most}`
  return z
    .string(wrong)
    .regex(/^\d{1,7}$/, wrong)
    .transform(Number)
    .pipe(z.number().min(least, wrong).max(most, wrong))
}
