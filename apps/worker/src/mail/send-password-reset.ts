import { issueReset, type Jobs, type PrismaClient } from '@turnpike/store'
import type { Mail, Mailer } from './mailer.ts'

/** Mails the link of a reset, which exists in the mail alone; nothing to an address that nobody has proved. @param publicUrl links begin with it */
export async function sendPasswordReset(
  prisma: PrismaClient,
  mailer: Mailer,
  publicUrl: string,
  { resetId, email }: Jobs['send-password-reset'],
): Promise<void> {
  const issued = await issueReset(prisma, resetId, email, Date.now())
  // Behind the #, so that no server and no log on the way sees it.
  if (issued) await mailer.send({ to: email, ...resetMail(`${publicUrl}/reset#${issued.token}`) })
}

/** The mail that lets a person choose a new password. @param link works once */
function resetMail(link: string): Pick<Mail, 'subject' | 'text' | 'html'> {
  return {
    subject: 'A new password for Turnpike',
    text: `Choose a new password for Turnpike here:

${link}

The link works once, within an hour. A new password ends all your sessions. If you did not ask for it, ignore this mail: your
password stays as it is.
`,
    html: `<!doctype html>
<html lang="en">
<body style="font: 16px/1.5 system-ui, sans-serif; color: #1b1f24; max-width: 32rem; margin: 2rem auto; padding: 0 1rem">
<p><a href="${link}">Choose a new password for Turnpike</a>.</p>
<p style="color: #57606a">The link works once, within an hour. A new password ends all your sessions. If you did not ask for it, ignore this mail: your password stays as it is.</p>
</body>
</html>
`,
  }
}
