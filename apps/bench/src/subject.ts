/** What is measured: the floor, the gateway, or the upstream itself, without either. */
export interface Subject {
  readonly name: 'direct' | 'floor' | 'gateway'
  /** URL of chat completions. */
  readonly url: string
  readonly key: string
  /** Null where the process is not of interest. */
  readonly pid: number | null
  /** Resolves once nothing is left over from earlier requests, so that its cost counts for them. */
  rest(): Promise<void>
}

export function headersFor(subject: Subject): Record<string, string> {
  return { 'content-type': 'application/json', authorization: `Bearer ${subject.key}` }
}
