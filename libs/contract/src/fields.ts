import * as z from 'zod'
import type { FaultCode, Objective, Stage, UsageWarning } from '@turnpike/domain'
import { DIAGNOSES, REQUEST_OUTCOMES } from '@turnpike/domain/lists'

/** An amount of money in JSON: a whole number of nano-dollars as a decimal string, since it may not fit a float. */
export const nano = () => z.string().regex(/^-?\d{1,30}$/, 'must be a whole number of nano-dollars, as a string')

/** A moment: ISO 8601 in UTC, such as `2026-11-21T09:30:00.000Z`. */
export const instant = () => z.iso.datetime()

/** Tokens, requests, milliseconds: whole and not negative. */
export const count = () => z.int().min(0)

/** How a request ended. */
export const outcome = () => z.enum(REQUEST_OUTCOMES)

/** What was wrong with a request, and the name that this is about: the nearest model, the parameter. */
export const diagnosis = () => z.object({ code: z.enum(DIAGNOSES), about: z.string().nullable() })

/** Requests by outcome, which add up to all of them. */
export const outcomeCounts = () => ({
  succeeded: count(),
  failed: count(),
  interrupted: count(),
  cancelled: count(),
  rejected: count(),
})

/** A name that people give to things: trimmed, visible, on one line. */
export function name(longest: number) {
  return z
    .string()
    .trim()
    .min(1, 'Give it a name.')
    .max(longest, `At most ${longest} characters.`)
    .regex(VISIBLE, 'Only visible characters on one line.')
}

/** Text of a client that is only compared: bounded, and without characters that a database refuses. */
export function words(longest: number) {
  return z.string().max(longest).regex(VISIBLE, 'Only visible characters on one line.')
}

/** Control characters, line breaks and the invisible marks that turn text around stay out of names. */
const VISIBLE = /^[^\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]*$/u

/** A whole number in a query string. */
export function wholeNumber(least: number, most: number) {
  return z.coerce.number({ error: 'must be a number' }).int('must be a whole number').min(least).max(most)
}

/** A whole number in JSON. @param error what is said of anything else */
export function between(least: number, most: number, error: string) {
  return z.int({ error }).min(least, error).max(most, error)
}

/** Decimal dollars, nine decimals at most, as in `0.15`. */
export function dollars(error: string) {
  return z.string({ error }).regex(/^\d{1,9}(?:\.\d{1,9})?$/, error)
}

/** Words of the domain’s closed lists in answers; unknown ones too, since a newer server may send them. */
export const faultCode = () => z.custom<FaultCode>((value) => typeof value === 'string')
export const objective = () => z.custom<Objective>((value) => typeof value === 'string')
export const stage = () => z.custom<Stage>((value) => typeof value === 'string')
export const usageWarning = () => z.custom<UsageWarning>((value) => typeof value === 'string')
