/** How an OpenAI-shaped provider differs from the shape. A new habit is added here once three providers share it. */
export interface Habits {
  /** What the bound of the answer is called. Default `max_tokens`, which nearly all understand. */
  readonly maxTokensField?: 'max_tokens' | 'max_completion_tokens'
  /** Knows the `developer` role; elsewhere it is said as `system`. */
  readonly developerRole?: boolean
  /** Fields that it answers with an error. They are left out of the request. */
  readonly refuses?: readonly string[]
  /** Wants to see the model's unsealed thoughts again, in this field. */
  readonly replaysReasoning?: 'reasoning_content' | 'reasoning'
}

/** Sampling that grew up around open models. The closed ones refuse it. */
const OPEN_SAMPLING = ['top_k', 'min_p', 'top_a', 'repetition_penalty']
const LOGPROBS = ['logprobs', 'top_logprobs']

/** By provider slug. One line a provider; a provider that is not listed has none. */
export const HABITS: ReadonlyMap<string, Habits> = new Map<string, Habits>([
  ['openai', { maxTokensField: 'max_completion_tokens', developerRole: true, refuses: OPEN_SAMPLING }],
  ['groq', { maxTokensField: 'max_completion_tokens', refuses: [...OPEN_SAMPLING, ...LOGPROBS, 'logit_bias'] }],
  [
    'cerebras',
    {
      maxTokensField: 'max_completion_tokens',
      refuses: [...OPEN_SAMPLING, 'frequency_penalty', 'presence_penalty', 'logit_bias'],
    },
  ],
  ['together', { refuses: ['top_a'] }],
  ['fireworks', { refuses: ['top_a'] }],
  ['deepinfra', { refuses: ['top_a'] }],
  ['mistral', { refuses: [...OPEN_SAMPLING, ...LOGPROBS, 'stream_options', 'seed', 'logit_bias', 'user'] }],
  ['deepseek', { refuses: OPEN_SAMPLING, replaysReasoning: 'reasoning_content' }],
  ['xai', { maxTokensField: 'max_completion_tokens', refuses: OPEN_SAMPLING }],
  ['vllm', { refuses: ['top_a'], replaysReasoning: 'reasoning' }],
  ['ollama', { refuses: OPEN_SAMPLING }],
  ['generic', {}],
])
