import { createTransport } from 'nodemailer'
import { describe, expect, it } from 'vitest'

import { json, simulated } from './support.ts'

const simulator = simulated()

async function send(mail: object): Promise<void> {
  const transport = createTransport({
    host: '127.0.0.1',
    port: simulator.smtpPort,
    auth: { user: 'anyone', pass: 'anything' },
  })
  await transport.sendMail({
    from: 'Turnpike <no-reply@turnpike.example>',
    to: 'dev@example.com',
    subject: 'Hello',
    ...mail,
  })
  transport.close()
}

async function view(query = ''): Promise<{ page: string; policy: string | null }> {
  const response = await fetch(`${simulator.url}/mailbox/view${query}`)
  return { page: await response.text(), policy: response.headers.get('content-security-policy') }
}

describe('the development mailbox', () => {
  it('keeps a mail with its parts decoded, newest first', async () => {
    await send({ subject: 'Grüße', text: 'Your code is 123 456.' })
    await send({ subject: 'Second', html: '<p>Later</p>' })
    const { mails } = await json(fetch(`${simulator.url}/mailbox`))
    expect(mails?.map((mail) => mail['subject'])).toEqual(['Second', 'Grüße'])
    expect(mails?.[1]).toMatchObject({
      from: 'Turnpike <no-reply@turnpike.example>',
      to: ['dev@example.com'],
      html: null,
    })
    expect(mails?.[1]?.['text']).toContain('123 456')
    expect(await json(fetch(`${simulator.url}/mailbox/${String(mails?.[0]?.['id'])}`))).toMatchObject({
      subject: 'Second',
    })
    expect((await fetch(`${simulator.url}/mailbox/999`)).status).toBe(404)
    await fetch(`${simulator.url}/mailbox`, { method: 'DELETE' })
    expect(await json(fetch(`${simulator.url}/mailbox`))).toEqual({ mails: [] })
  })

  it('shows a mail with its links to click, and runs nothing that came in it', async () => {
    const text = 'Open https://example.com/verify?token=a&b=1. <script>alert(1)</script>'
    await send({ subject: '<img src=x onerror=alert(1)>', text })
    const [mail] = (await json(fetch(`${simulator.url}/mailbox`)))['mails'] ?? []
    const { page, policy } = await view(`?id=${String(mail?.['id'])}`)
    expect(page).toContain('href="https://example.com/verify?token=a&amp;b=1" target="_blank"')
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
    expect(page).not.toMatch(/<script|<img/)
    expect(policy).toContain("default-src 'none'")
    expect(page).not.toMatch(/\b(?:src|href)="(?:https?:)?\/\/(?!example\.com)/)
  })

  it('keeps HTML mail in a sandbox without scripts', async () => {
    await send({ html: '<a href="https://example.com/go">Go</a><script>alert("x")</script>' })
    const [mail] = (await json(fetch(`${simulator.url}/mailbox`)))['mails'] ?? []
    const { page } = await view(`?id=${String(mail?.['id'])}`)
    const frame = /<iframe[^>]*>/.exec(page)?.[0] ?? ''
    expect(frame).toContain('sandbox="allow-popups allow-popups-to-escape-sandbox"')
    expect(frame).toContain('&lt;a href=&quot;https://example.com/go&quot;')
  })

  it('keeps the last two hundred', async () => {
    const transport = createTransport({ host: '127.0.0.1', port: simulator.smtpPort, pool: true, maxConnections: 5 })
    const mails = Array.from({ length: 203 }, (_, at) => ({
      from: 'a@example.com',
      to: 'b@example.com',
      subject: `No ${at}`,
      text: '',
    }))
    await Promise.all(mails.map((mail) => transport.sendMail(mail)))
    transport.close()
    expect((await json(fetch(`${simulator.url}/mailbox`)))['mails']).toHaveLength(200)
  })
})
