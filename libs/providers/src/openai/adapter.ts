import type { Adapter } from '../adapter.ts'
import { explain } from '../explain.ts'
import { decodeWhole, openaiDecoder } from './decode.ts'
import { decodeEmbeddings, encodeEmbeddings } from './embeddings.ts'
import { encodeChat } from './encode.ts'
import type { Habits } from './habits.ts'

/** The chat completions shape as one provider speaks it. The base URL ends where `/chat/completions` begins. */
export function compatible(habits: Habits): Adapter {
  return {
    dialect: 'openai',
    reportsThinkingApart: false,
    encode: (request, model, secret) => ({
      path: '/chat/completions',
      headers: authorized(secret),
      body: JSON.stringify(encodeChat(request, model, habits)),
    }),
    decoder: openaiDecoder,
    decodeWhole,
    explain,
    whoAmI: (secret) => ({ path: '/models', headers: authorized(secret) }),
    embeddings: {
      reportsUsage: true,
      encode: (request, model, secret) => ({
        path: '/embeddings',
        headers: authorized(secret),
        body: JSON.stringify(encodeEmbeddings(request, model)),
      }),
      decode: decodeEmbeddings,
    },
  }
}

/** A box of one's own may want no credential at all. */
function authorized(secret: string): Record<string, string> {
  return secret === '' ? {} : { authorization: `Bearer ${secret}` }
}
