import * as z from 'zod'
import { diagnosis, instant } from './fields.ts'
import { RequestRow } from './requests.ts'

/** The events of the stream by name; each carries its object as JSON. */
export const ConsoleEvents = {
  /** The person's e-mail address was verified, perhaps on another device. */
  verified: z.object({}),
  /** A key of the tenant was made, renamed or revoked. */
  key: z.object({ id: z.string() }),
  /** A request of the tenant was finished and can be looked up. */
  request: z.object({ row: RequestRow }),
  /**
   * A request from the network address of this console was refused before it could be tied to an organisation. Only the diagnosis is
   * sent, and nothing that its caller wrote.
   */
  refusal: z.object({ at: instant(), diagnosis: diagnosis() }),
} as const
export type ConsoleEventName = keyof typeof ConsoleEvents
export type ConsoleEvent = {
  [Name in ConsoleEventName]: { name: Name; data: z.infer<(typeof ConsoleEvents)[Name]> }
}[ConsoleEventName]
