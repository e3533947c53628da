import * as z from 'zod'
import { RequestRow } from './requests.ts'

/** The events of the stream by name; each carries its object as JSON. */
export const ConsoleEvents = {
  /** The person's e-mail address was verified, perhaps on another device. */
  verified: z.object({}),
  /** A key of the tenant was made, renamed or revoked. */
  key: z.object({ id: z.string() }),
  /** A request of the tenant was finished and can be looked up. */
  request: z.object({ row: RequestRow }),
} as const
export type ConsoleEventName = keyof typeof ConsoleEvents
export type ConsoleEvent = {
  [Name in ConsoleEventName]: { name: Name; data: z.infer<(typeof ConsoleEvents)[Name]> }
}[ConsoleEventName]
