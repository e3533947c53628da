import * as z from 'zod'
import { faultCode } from './fields.ts'

/** Field errors in the shape of the form: a sentence, or the errors of an inner object or list. */
type FieldErrors = { [field: string]: string | FieldErrors }
const FieldErrors: z.ZodType<FieldErrors> = z.record(
  z.string(),
  z.lazy(() => z.union([z.string(), FieldErrors])),
)

/** Every refusal of the console API: RFC 9457 with a code to switch on, a sentence to show, and errors per field. */
export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: faultCode(),
  detail: z.string(),
  message: z.string(),
  request_id: z.string(),
  retry_after_ms: z.int().nullable(),
  metadata: z.record(z.string(), z.unknown()).optional(),
  errors: FieldErrors.optional(),
})
