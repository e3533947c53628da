import { Socket, type AddressInfo } from 'node:net'
import { asFault } from '@turnpike/domain'
import type { Logger } from '@turnpike/server'
import { aCaller } from '@turnpike/testkit'
import { fastify } from 'fastify'
import { expect, it, onTestFinished } from 'vitest'
import { guardRoutes } from './edge.ts'
import { FaultFilter } from './fault.filter.ts'

type Host = Parameters<FaultFilter['catch']>[1]

it('an upload that its caller breaks off is nobody’s failure: it writes no line', async () => {
  const lines: unknown[] = []
  const log = { error: (line: unknown) => lines.push(line) }
  const filter = new FaultFilter(log as unknown as Logger)
  const server = fastify()
  onTestFinished(() => server.close())
  guardRoutes(server, () => Promise.resolve(aCaller()))
  server.post('/', () => 'read')
  const caught = new Promise<unknown>((resolve) => {
    server.setErrorHandler((thrown, request, reply) => {
      const http = { getRequest: () => request, getResponse: () => reply }
      filter.catch(thrown, { switchToHttp: () => http } as unknown as Host)
      resolve(thrown)
    })
  })
  const socket = new Socket()
  server.addHook('preParsing', (_request, _reply, payload, done) => {
    done(null, payload)
    socket.destroy()
  })
  await server.listen({ port: 0, host: '127.0.0.1' })
  socket.connect((server.server.address() as AddressInfo).port, '127.0.0.1')
  socket.write('POST / HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{"mo')
  expect(asFault(await caught).code).toBe('internal')
  expect(lines).toEqual([])
})
