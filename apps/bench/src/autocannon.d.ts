/** The part of autocannon that is used here; the package brings no types. */
declare module 'autocannon' {
  export interface AutocannonOptions {
    readonly url: string
    readonly method: 'POST'
    readonly headers: Readonly<Record<string, string>>
    readonly body: string
    readonly connections: number
    /** Seconds. */
    readonly duration: number
    /** Seconds. */
    readonly timeout: number
  }
  export interface AutocannonResult {
    /** Seconds. */
    readonly duration: number
    readonly errors: number
    readonly timeouts: number
    readonly non2xx: number
    readonly '2xx': number
  }
  export default function autocannon(options: AutocannonOptions): Promise<AutocannonResult>
}
