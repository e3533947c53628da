import type { Trouble } from './dialect.ts'

/** What is said when an answer fails after its status was sent. */
export const FAILED_LATE: Trouble = { status: 529, kind: 'overload', message: 'Overloaded' }

export const NO_CREDENTIAL: Trouble = {
  status: 401,
  kind: 'credential',
  message: "You didn't provide an API key. You need to provide your API key with every request.",
}
export const BAD_CREDENTIAL: Trouble = { status: 401, kind: 'credential', message: 'Incorrect API key provided.' }
export const NO_SUCH_PATH: Trouble = {
  status: 404,
  kind: 'missing',
  message: 'Unknown request URL. Please check the URL for typos.',
}
export const NOT_JSON: Trouble = {
  status: 400,
  kind: 'request',
  message: 'We could not parse the JSON body of your request.',
}
export const TOO_LARGE: Trouble = { status: 413, kind: 'too_large', message: 'Request exceeds the maximum size' }

export function tooLong(tokens: number, tokensMax: number): Trouble {
  return { status: 400, kind: 'context', message: `prompt is too long: ${tokens} tokens > ${tokensMax} maximum` }
}

/** The complaints that `status:` faults stand for. */
export const TROUBLES = {
  'status:400': { status: 400, kind: 'request', message: 'The request is invalid.' },
  'status:401': BAD_CREDENTIAL,
  'status:403': { status: 403, kind: 'forbidden', message: 'You are not allowed to use this resource.' },
  'status:404': { status: 404, kind: 'missing', message: 'The model does not exist or you do not have access to it.' },
  'status:413': TOO_LARGE,
  'status:429': { status: 429, kind: 'rate', message: 'Rate limit reached. Please try again later.' },
  'status:500': { status: 500, kind: 'internal', message: 'The server had an error while processing your request.' },
  'status:503': { status: 503, kind: 'overload', message: 'The server is overloaded or not ready yet.' },
  'status:529': { status: 529, kind: 'overload', message: 'Overloaded' },
  'status:context_length': tooLong(1_000_001, 1_000_000),
  'status:moderation': { status: 400, kind: 'moderation', message: 'The prompt was refused by the content policy.' },
} satisfies Readonly<Record<`status:${string}`, Trouble>>
