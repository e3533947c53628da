import { answerJson, answerProblem, type Desk } from './desk.ts'
import type { Mail, Mailbox } from './mailbox.ts'

/** The mailbox over HTTP, and `GET /mailbox/view` for people. */
export function mailboxDesk(mailbox: Mailbox): Desk {
  return ({ method, path, query }, response) => {
    const [, root, id] = path.split('/')
    if (root !== 'mailbox') return false
    if (method === 'DELETE' && id === undefined) {
      mailbox.clear()
      return answerJson(response, { mails: [] })
    }
    if (method !== 'GET') return false
    if (id === undefined) return answerJson(response, { mails: mailbox.list() })
    if (id !== 'view') {
      const mail = mailbox.find(id)
      return mail
        ? answerJson(response, mail)
        : answerProblem(response, 'There is no such mail, or it gave way to newer ones.', 404)
    }
    response.writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': PAGE_POLICY,
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    })
    response.end(mailboxPage(mailbox.list(), mailbox.find(query.get('id') ?? '')))
    return true
  }
}

/** What the page may load: its own style, nothing from anywhere else, and no script at all. */
const PAGE_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data: https:; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** The mails on one side, the chosen one on the other. Without a choice the page refreshes itself. */
function mailboxPage(mails: readonly Mail[], chosen: Mail | undefined): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
${chosen ? '' : `<meta http-equiv="refresh" content="${REFRESH_S}">`}
<title>${chosen ? `${escaped(chosen.subject)} · ` : ''}Development mailbox</title>
<style>${STYLE}</style>
</head>
<body>
<header><h1><a href="/mailbox/view">Development mailbox</a></h1><p>Mail that this machine sent. Nothing here is delivered.</p></header>
<nav aria-label="Mails">${mails.length === 0 ? NOTHING : `<ol>${mails.map((mail) => row(mail, mail === chosen)).join('')}</ol>`}</nav>
<main>${chosen ? opened(chosen) : mails.length === 0 ? '' : '<p class="quiet">Choose a mail to read it.</p>'}</main>
</body>
</html>`
}

const REFRESH_S = 3
const NOTHING = '<p class="quiet">No mail yet. This page looks again every three seconds.</p>'

function row(mail: Mail, open: boolean): string {
  return `<li><a href="/mailbox/view?id=${mail.id}"${open ? ' aria-current="true"' : ''}><strong>${escaped(mail.subject || '(no subject)')}</strong><span>${escaped(mail.to.join(', '))}</span><time datetime="${mail.receivedAt}">${clock(mail)}</time></a></li>`
}

function opened(mail: Mail): string {
  const text = `<pre>${linked(mail.text)}</pre>`
  return `<article><h2>${escaped(mail.subject || '(no subject)')}</h2>
<dl><dt>From</dt><dd>${escaped(mail.from)}</dd><dt>To</dt><dd>${escaped(mail.to.join(', '))}</dd><dt>Received</dt><dd>${mail.receivedAt.slice(0, 10)} ${clock(mail)}</dd></dl>
${mail.html === null ? text : `${framed(mail.html)}${mail.text === '' ? '' : `<details><summary>Plain text</summary>${text}</details>`}`}</article>`
}

function clock(mail: Mail): string {
  return `${mail.receivedAt.slice(11, 19)} UTC`
}

/** Foreign HTML runs no script and reaches nothing of ours; its links open in a tab of their own. */
function framed(html: string): string {
  return `<iframe title="The mail" sandbox="allow-popups allow-popups-to-escape-sandbox" referrerpolicy="no-referrer" srcdoc="${escaped(`<base target="_blank">${html}`)}"></iframe>`
}

/** Plain text with its web addresses made into links. */
function linked(text: string): string {
  return text
    .split(/(https?:\/\/[^\s<>"]*[^\s<>".,;:!?)\]'])/)
    .map((part, at) =>
      at % 2 === 0
        ? escaped(part)
        : `<a href="${escaped(part)}" target="_blank" rel="noopener noreferrer">${escaped(part)}</a>`,
    )
    .join('')
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character)
}

const STYLE = `
:root { color-scheme: light dark; --ground: #f6f7f9; --sheet: #fff; --ink: #1b1f24; --quiet: #57606a; --line: #d8dee4; --link: #0a58ca; --chosen: #e3edfb }
@media (prefers-color-scheme: dark) { :root { --ground: #14171b; --sheet: #1c2026; --ink: #e6e9ed; --quiet: #9aa4af; --line: #333a43; --link: #79b0ff; --chosen: #22344d } }
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; display: grid; grid-template: auto 1fr / minmax(16rem, 24rem) 1fr }
header { grid-column: 1 / -1; padding: 1rem 1.5rem; border-bottom: 1px solid var(--line); display: flex; flex-wrap: wrap; gap: 0 1rem; align-items: baseline }
h1 { font-size: 1.125rem; margin: 0 } h1 a { color: inherit; text-decoration: none } header p, .quiet { color: var(--quiet); margin: 0 }
nav { border-right: 1px solid var(--line); overflow-y: auto } nav .quiet, main { padding: 1.5rem }
ol { list-style: none; margin: 0; padding: 0 }
nav a { display: grid; grid-template-columns: 1fr auto; gap: 0 .75rem; padding: .75rem 1.5rem; border-bottom: 1px solid var(--line); color: inherit; text-decoration: none }
nav a strong { grid-column: 1 / -1; overflow-wrap: anywhere } nav a span, nav a time { color: var(--quiet); font-size: .875rem; overflow-wrap: anywhere }
nav a:hover, nav a[aria-current] { background: var(--chosen) }
article { background: var(--sheet); border: 1px solid var(--line); border-radius: .5rem; padding: 1.5rem }
h2 { margin: 0 0 .75rem; font-size: 1.25rem; overflow-wrap: anywhere }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .125rem 1rem; margin: 0 0 1.25rem; font-size: .875rem } dt { color: var(--quiet) } dd { margin: 0; overflow-wrap: anywhere }
pre { font: inherit; white-space: pre-wrap; overflow-wrap: anywhere; margin: 0 } main a { color: var(--link) }
iframe { width: 100%; height: 65vh; border: 1px solid var(--line); border-radius: .25rem; background: #fff; color-scheme: light }
details { margin-top: 1rem } summary { cursor: pointer; margin-bottom: .5rem }
a:focus-visible, summary:focus-visible { outline: 2px solid var(--link); outline-offset: -2px }
@media (max-width: 48rem) { body { grid-template: auto auto 1fr / 1fr } nav { border-right: 0; max-height: 40vh } main { padding: 1rem } }
`
