import { issueVerification, type Jobs, type PrismaClient } from '@turnpike/store'
import type { Mail, Mailer } from './mailer.ts'

/**
 * Mails new code and link of a pending verification, which exist in the mail alone; to an address that somebody has proved a mail that
 * says so. @param publicUrl links begin with it
 */
export async function sendVerification(
  prisma: PrismaClient,
  mailer: Mailer,
  publicUrl: string,
  { verificationId }: Jobs['send-verification'],
): Promise<void> {
  const issued = await issueVerification(prisma, verificationId, Date.now())
  if (!issued) return
  if (issued.kind === 'known') {
    await mailer.send({ to: issued.email, ...knownMail(publicUrl) })
    return
  }
  // Behind the #, so that no server and no log on the way sees it.
  const link = `${publicUrl}/verify-link#${issued.linkToken}`
  await mailer.send({ to: issued.email, ...verificationMail(issued.code, link) })
}

/** The mail to somebody who has an account, when one is asked for with their address. */
function knownMail(publicUrl: string): Pick<Mail, 'subject' | 'text' | 'html'> {
  const [signIn, forgot] = [`${publicUrl}/sign-in`, `${publicUrl}/forgot`]
  return {
    subject: 'You have an account at Turnpike already',
    text: `Somebody signed up at Turnpike with your address. You have an account with it already, and it was not changed.

If it was you, sign in:

${signIn}

If you do not know your password any more, choose a new one:

${forgot}

If it was not you, ignore this mail: nobody can verify your address without your mails.
`,
    html: `<!doctype html>
<html lang="en">
<body style="font: 16px/1.5 system-ui, sans-serif; color: #1b1f24; max-width: 32rem; margin: 2rem auto; padding: 0 1rem">
<p>Somebody signed up at Turnpike with your address. You have an account with it already, and it was not changed.</p>
<p>If it was you, <a href="${signIn}">sign in</a>, or <a href="${forgot}">choose a new password</a>.</p>
<p style="color: #57606a">If it was not you, ignore this mail: nobody can verify your address without your mails.</p>
</body>
</html>
`,
  }
}

/** The mail that proves an address. @param code six digits @param link works once, as the code does */
function verificationMail(code: string, link: string): Pick<Mail, 'subject' | 'text' | 'html'> {
  const shown = `${code.slice(0, 3)} ${code.slice(3)}`
  return {
    subject: 'Your code for Turnpike',
    text: `Your code for Turnpike is

    ${code}

Type it where you signed up, or open this link:

${link}

Both are good for 15 minutes. If you did not sign up, ignore this mail: nothing happens without the code.
`,
    html: `<!doctype html>
<html lang="en">
<body style="font: 16px/1.5 system-ui, sans-serif; color: #1b1f24; max-width: 32rem; margin: 2rem auto; padding: 0 1rem">
<p>Your code for Turnpike is</p>
<p style="font: 600 32px/1.2 ui-monospace, monospace; letter-spacing: 2px">${shown}</p>
<p>Type it where you signed up, or <a href="${link}">verify your address</a>.</p>
<p style="color: #57606a">Both are good for 15 minutes. If you did not sign up, ignore this mail: nothing happens without the code.</p>
</body>
</html>
`,
  }
}
