import type { Adapter } from '../adapter.ts'
import { explain } from '../explain.ts'
import { decodeWhole, googleDecoder } from './decode.ts'
import { decodeEmbeddings, encodeEmbeddings } from './embeddings.ts'
import { encodeContent } from './encode.ts'

/** The Gemini API. The base URL ends where `/models` begins: `https://generativelanguage.googleapis.com/v1beta`. */
export const google: Adapter = {
  dialect: 'google',
  encode: (request, model, secret) => ({
    path: `/${resourceOf(model)}${request.stream ? ':streamGenerateContent?alt=sse' : ':generateContent'}`,
    headers: { 'x-goog-api-key': secret },
    body: JSON.stringify(encodeContent(request, model)),
  }),
  decoder: googleDecoder,
  decodeWhole,
  explain,
  embeddings: {
    encode: (request, model, secret) => ({
      path: `/${resourceOf(model)}:batchEmbedContents`,
      headers: { 'x-goog-api-key': secret },
      body: JSON.stringify(encodeEmbeddings(request, resourceOf(model))),
    }),
    decode: decodeEmbeddings,
  },
}

/** `gemini-2.5-pro` → `models/gemini-2.5-pro`; a tuned model brings its own collection. */
function resourceOf(model: string): string {
  return encodeURI(model.includes('/') ? model : `models/${model}`)
}
