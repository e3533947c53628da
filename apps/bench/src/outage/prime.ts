/** Few at a time: what is primed shall not be stormed. */
const AT_ONCE = 8
/** On a busy machine a first use may take longer than a gateway waits; it is then repeated. */
const ATTEMPTS_MAX = 5
const PAUSE_MS = 500
const MODEL = 'sim/swift-8b'

/** Uses each key once at each gateway, so that they are known when the story begins. Rejects when one is refused. */
export async function prime(urls: readonly string[], keys: readonly string[]): Promise<void> {
  const due = urls.flatMap((url) => keys.map((key) => ({ url, key })))
  const worker = async () => {
    for (let next = due.pop(); next; next = due.pop()) await use(next.url, next.key)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

async function use(url: string, key: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const answer = await fetch(`${url}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify({ model: MODEL, messages: [{ role: 'user', content: 'Good morning.' }] }),
    })
    const text = await answer.text()
    if (answer.ok) return
    if (attempt === ATTEMPTS_MAX) throw new Error(`A key was refused before the story began: ${answer.status} ${text}`)
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  }
}
