import { Fault, type EmbeddingRequest } from '@turnpike/domain'
import type { EmbeddingAnswer } from '../adapter.ts'
import { createCounter } from '../counter.ts'
import { answerIn } from '../explain.ts'
import { garbled, listOf, vectorOf, within } from '../frame.ts'

/** One request a text. Throws Fault `request_invalid` for token lists. */
export function encodeEmbeddings(request: EmbeddingRequest, resource: string): Record<string, unknown> {
  return {
    requests: request.input.map((text) => {
      if (typeof text !== 'string') {
        throw new Fault('request_invalid', 'This model embeds text, not token numbers.', { param: 'input' })
      }
      return { model: resource, content: { parts: [{ text }] }, outputDimensionality: request.dimensions }
    }),
  }
}

/** Vectors come as numbers, in the order of the texts. */
export function decodeEmbeddings(body: unknown): EmbeddingAnswer {
  const answer = answerIn(body)
  const vectors = listOf(answer['embeddings']).map((embedding) => vectorOf(within(embedding)['values']))
  if (vectors.length === 0) throw garbled('an answer without vectors')
  const { count, flags } = createCounter()
  const promptTokens = count(within(answer['usageMetadata'])['promptTokenCount'])
  return { vectors, promptTokens, ...flags }
}
