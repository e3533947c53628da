export const VERIFY_PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
} as const

/** The page behind the link in the mail. */
export function verifyPage(verified: boolean): string {
  const [title, text] = verified
    ? ['Verified', 'Your address is verified. You can go back to the first tab; it goes on by itself.']
    : ['This link is not good any more', 'It was used, or is older than 15 minutes. Ask for a new mail in the console.']
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Turnpike</title>
<style>
  body { font: 1.125rem/1.5 system-ui, sans-serif; max-width: 32rem; margin: 20vh auto; padding: 0 1.5rem }
  h1 { font-size: 1.75rem; line-height: 1.2 }
</style>
<h1>${title}</h1>
<p>${text}</p>
</html>
`
}
