import * as z from 'zod'
import { name, nano, words } from './fields.ts'
import { PASSWORD_BYTES_MAX, PASSWORD_LENGTH_MIN, ROLES } from './lists.ts'
import { PERMISSIONS } from './permissions.ts'

/** The longest address that mail can be delivered to. */
const EMAIL_LENGTH_MAX = 254

/** An e-mail address, trimmed and in lower case: people write theirs in more than one way. */
const email = () =>
  z
    .string()
    .trim()
    .toLowerCase()
    .max(EMAIL_LENGTH_MAX, `At most ${EMAIL_LENGTH_MAX} characters.`)
    .pipe(z.email('This is not an e-mail address.'))

/** A password as it is chosen. Neither trimmed nor otherwise changed. */
const newPassword = () =>
  z
    .string()
    .min(PASSWORD_LENGTH_MIN, `At least ${PASSWORD_LENGTH_MIN} characters.`)
    .refine(
      (password) => new TextEncoder().encode(password).length <= PASSWORD_BYTES_MAX,
      `At most ${PASSWORD_BYTES_MAX} bytes: plain letters count one, others two to four.`,
    )

export const SignUp = z.strictObject({
  email: email(),
  password: newPassword(),
  /** What the organisation is called; made from the address when absent. */
  organisation: name(80).optional(),
})
export type SignUp = z.infer<typeof SignUp>

/** A password that is tried may break the rules for new ones: it is simply wrong then. */
export const SignIn = z.strictObject({
  email: words(1_000).trim().toLowerCase(),
  password: z.string().max(1_000),
})
export type SignIn = z.infer<typeof SignIn>

export const Verify = z.strictObject({
  code: z
    .string()
    .trim()
    .regex(/^\d{6}$/, 'Six digits, as in the mail.'),
})

/** The token of a link in a mail: 32 random bytes, base64url. */
const linkToken = () => z.string().regex(/^[0-9A-Za-z_-]{43}$/, 'This is not the link of our mail.')

/** The link of a verification mail; its code too, unless the session that signed up sends it. */
export const VerifyLink = z.strictObject({ token: linkToken(), code: Verify.shape.code.optional() })

export const VerifyLinkAnswer = z.object({ state: z.enum(['verified', 'code_needed']) })
export type VerifyLinkAnswer = z.infer<typeof VerifyLinkAnswer>

export const ForgotPassword = z.strictObject({ email: email() })

export const ResetPassword = z.strictObject({ token: linkToken(), password: newPassword() })

export const ChangePassword = z.strictObject({ current: z.string().max(1_000), password: newPassword() })
export type ChangePassword = z.infer<typeof ChangePassword>

/** A session of the person who asks, as they see it in the settings. */
export const SessionRow = z.object({
  id: z.string(),
  /** Of the browser, 200 characters at most. */
  userAgent: z.string(),
  /** An IPv4 address, or the first half of an IPv6 address. */
  network: z.string(),
  createdAt: z.string(),
  lastSeenAt: z.string(),
  /** Whether it is the session that asks. */
  isThis: z.boolean(),
})
export type SessionRow = z.infer<typeof SessionRow>

export const SessionList = z.object({ data: z.array(SessionRow) })
export type SessionList = z.infer<typeof SessionList>

/** Body of a request that says everything by its path. */
export const Nothing = z.strictObject({})

export const Session = z.object({
  user: z.object({ id: z.string(), email: z.string(), emailVerified: z.boolean() }),
  organisation: z.object({
    id: z.string(),
    name: z.string(),
    /** `operator` is metered and not charged; `simulated` has simulated money for simulated endpoints; `credit` pays in advance. */
    funds: z.enum(['operator', 'simulated', 'credit']),
    balanceNano: nano(),
  }),
  workspace: z.object({ id: z.string(), name: z.string() }),
  role: z.enum(ROLES),
  permissions: z.array(z.enum(PERMISSIONS)),
  /** `manual`: credits are given by hand; `stripe`: they can be bought. */
  billing: z.enum(['manual', 'stripe']),
  /** The base URL for clients, ending `/api/v1`. */
  apiBase: z.string(),
  /** Where a product without real mail shows what it sent. */
  mailboxUrl: z.string().nullable(),
  product: z.enum(['standalone', 'hosted']),
})
export type Session = z.infer<typeof Session>

export const SessionAnswer = z.object({ session: Session })
export type SessionAnswer = z.infer<typeof SessionAnswer>
