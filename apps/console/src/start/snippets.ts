interface Filled {
  readonly key: string
  /** Ends in `/v1`; the SDKs add the rest. */
  readonly baseUrl: string
  readonly model: string
}

/** Programs that run as they stand, each with what must be installed before; null when nothing. */
export const SNIPPETS = {
  curl: { label: 'curl', install: null, write: curl },
  python: { label: 'Python · openai', install: 'pip install openai', write: python },
  node: { label: 'Node · openai', install: 'npm install openai', write: node },
}

const QUESTION = 'Say hello in five words.'

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
