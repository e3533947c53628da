export const SNIPPETS = ['curl', 'python', 'node'] as const
type SnippetName = (typeof SNIPPETS)[number]

interface Filled {
  readonly key: string
  /** Ends in `/v1`; the SDKs add the rest. */
  readonly baseUrl: string
  readonly model: string
}

export const SNIPPET_LABELS: Record<SnippetName, string> = {
  curl: 'curl',
  python: 'Python · openai',
  node: 'Node · openai',
}

/** What must be installed before; null when nothing. */
export const INSTALL: Record<SnippetName, string | null> = {
  curl: null,
  python: 'pip install openai',
  node: 'npm install openai',
}

const QUESTION = 'Say hello in five words.'

/** A program that runs as it stands. */
export function snippet(name: SnippetName, filled: Filled): string {
  return WRITERS[name](filled)
}

const WRITERS: Record<SnippetName, (filled: Filled) => string> = { curl, python, node }

function curl({ key, baseUrl, model }: Filled): string {
  return `curl ${baseUrl}/chat/completions \\
  -H "Authorization: Bearer ${key}" \\
  -H "Content-Type: application/json" \\
  -d '{
    "model": "${model}",
    "messages": [{ "role": "user", "content": "${QUESTION}" }]
  }'`
}

function python({ key, baseUrl, model }: Filled): string {
  return `from openai import OpenAI

client = OpenAI(
    base_url="${baseUrl}",
    api_key="${key}",
)

answer = client.chat.completions.create(
    model="${model}",
    messages=[{"role": "user", "content": "${QUESTION}"}],
)
print(answer.choices[0].message.content)`
}

function node({ key, baseUrl, model }: Filled): string {
  return `import OpenAI from 'openai'

const client = new OpenAI({
  baseURL: '${baseUrl}',
  apiKey: '${key}',
})

const answer = await client.chat.completions.create({
  model: '${model}',
  messages: [{ role: 'user', content: '${QUESTION}' }],
})
console.log(answer.choices[0].message.content)`
}
