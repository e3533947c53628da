import { issueVerification, type Jobs, type PrismaClient } from '@turnpike/store'
import type { Mailer } from './mailer.ts'
import { verificationMail } from './verification-mail.ts'

interface Means {
  readonly prisma: PrismaClient
  readonly mailer: Mailer
  /** Links begin with it. */
  readonly publicUrl: string
}

/**
 * Makes code and link of a pending verification and mails them. They exist in the mail alone; a mail that failed is sent
 * anew with others. One that is not needed any more is not sent.
 */
export async function sendVerification(
  { prisma, mailer, publicUrl }: Means,
  { verificationId }: Jobs['send-verification'],
): Promise<void> {
  const issued = await issueVerification(prisma, verificationId, Date.now())
  if (!issued) return
  const link = `${publicUrl}/console/v1/verify?token=${issued.linkToken}`
  await mailer.send({ to: issued.email, ...verificationMail(issued.code, link) })
}
