import type { Standalone } from './standalone.ts'

/** What a newcomer sees: where to go, where to point a client, and a request to paste. */
export function banner({ consoleUrl, apiUrl, key, withoutRedis }: Standalone): string {
  return `
  Turnpike is open.

  Console   ${consoleUrl}
  API       ${apiUrl}
  Key       ${key}${withoutRedis ? `\n\n  Without Redis: ${withoutRedis} Everything works; this is one process, so its own memory is exact.` : ''}

  Try it:

  curl ${apiUrl}/chat/completions \\
    -H "Authorization: Bearer ${key}" \\
    -H "Content-Type: application/json" \\
    -d '{"model":"sim/swift-8b","messages":[{"role":"user","content":"What is a turnpike?"}],"stream":true}'

  Ctrl-C ends everything; data is kept for the next start.

`
}
