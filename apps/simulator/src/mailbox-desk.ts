import { answerJson, answerProblem, type Desk } from './desk.ts'
import type { Mailbox } from './mailbox.ts'
import { mailboxPage, PAGE_POLICY } from './mailbox-page.ts'

/** The mailbox over HTTP: `GET /mailbox`, `GET /mailbox/{id}`, `DELETE /mailbox`, and `GET /mailbox/view` for people. */
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
