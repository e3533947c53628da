import { TOKENS_MAX, type EmbeddingRequest } from '@turnpike/domain'
import { z } from 'zod'
import { list } from '../../http/list.ts'
import { present } from '../inference/chat-request.ts'
import { routingFields } from '../inference/routing.schema.ts'

/** Inputs of one request at most, as OpenAI has it. */
const INPUTS_MAX = 2_048
/** Tokens of one input; no model takes as many. */
const INPUT_TOKENS_MAX = 131_072
/** Ids of tokens are indexes of a vocabulary, in 32 bits. */
const TOKEN_ID_MAX = 2_147_483_647
/** Of one vector; far above any model's. */
const DIMENSIONS_MAX = 1_000_000

/** Many numbers, which are looked at without a schema for each. */
const tokens = z.unknown().transform((value, context): number[] => {
  if (!Array.isArray(value)) context.addIssue({ code: 'invalid_type', expected: 'array', input: value })
  else if (value.length < 1 || value.length > INPUT_TOKENS_MAX) {
    context.addIssue(`must have from 1 to ${INPUT_TOKENS_MAX} tokens`)
  } else {
    const wrong = value.findIndex((token) => !Number.isInteger(token) || token < 0 || token > TOKEN_ID_MAX)
    if (wrong >= 0) context.addIssue({ code: 'custom', path: [wrong], message: 'must be the number of a token' })
  }
  return value as number[]
})

/** The body of POST /embeddings. */
export const embeddingBody = z.looseObject({
  ...routingFields,
  input: z.union([
    z.string().min(1),
    tokens,
    list(z.string().min(1), INPUTS_MAX, { least: 1 }),
    list(tokens, INPUTS_MAX, { least: 1 }),
  ]),
  dimensions: z.number().int().min(1).max(DIMENSIONS_MAX).nullish(),
  encoding_format: z.enum(['float', 'base64']).nullish(),
  user: z.string().max(512).nullish(),
})

/** The fields that a preset may fill: all but the texts. */
export const PRESET_FIELDS: ReadonlySet<string> = new Set(
  Object.keys(embeddingBody.shape).filter((field) => field !== 'input'),
)

/** A parsed body in the words of the hub. */
export function embeddingRequestOf(body: z.infer<typeof embeddingBody>): EmbeddingRequest {
  const input = typeof body.input === 'string' ? [body.input] : body.input
  const single = Array.isArray(input) && typeof input[0] === 'number'
  return {
    input: (single ? [input] : input) as EmbeddingRequest['input'],
    extra: {},
    ...present({ dimensions: body.dimensions, encodingFormat: body.encoding_format, user: body.user }),
  }
}

const BYTES_PER_TOKEN = 4

/** What the router knows of it: never the texts. */
export function featuresOf({ input, dimensions }: EmbeddingRequest) {
  const total = input.reduce(
    (sum, item) => sum + (typeof item === 'string' ? Math.ceil(item.length / BYTES_PER_TOKEN) : item.length),
    0,
  )
  return { promptTokens: Math.min(total, TOKENS_MAX), maxTokens: null, parameters: dimensions ? ['dimensions'] : [] }
}
