import { lookup as lookUp, Resolver } from 'node:dns/promises'
import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'

/** The addresses of a host name, as text, in the order to try them. Rejects when there are none. */
export type NameLookup = (host: string) => Promise<readonly string[]>

/** For names that the operator chose: a slow name server holds one of the process's few threads. */
export const lookUpBySystem: NameLookup = async (host) =>
  (await lookUp(host, { all: true })).map(({ address }) => address)

/** One query to a name server, milliseconds; two of them fit a connection's time limit. */
const QUERY_MS = 700
const QUERIES_MAX = 2
/** How long addresses of one family wait for those of the other: RFC 8305, section 3. */
const OTHER_FAMILY_MS = 50
const HOSTS_FILE = '/etc/hosts'

/**
 * For names that a tenant chose: no thread waits, and no search domain turns a short name into one of our own network.
 * @param servers addresses, with ports where they have one; default: those of the system
 */
export function lookUpByNameServers(servers?: readonly string[]): NameLookup {
  return async (host) => {
    const local = await inHostsFile(host)
    if (local.length > 0) return local
    const resolver = new Resolver({ timeout: QUERY_MS, tries: QUERIES_MAX })
    if (servers) resolver.setServers(servers)
    const found: string[] = []
    const queries = [resolver.resolve4(host), resolver.resolve6(host)].map(async (answer) => {
      found.push(...(await answer))
    })
    const both = Promise.allSettled(queries)
    await Promise.any(queries).catch((error: unknown) => {
      throw decisiveError(error)
    })
    await withinMs(both, OTHER_FAMILY_MS)
    return [...found]
  }
}

/** That a name has no addresses of one family says less than the other family's failure. */
function decisiveError(error: unknown): unknown {
  const errors: unknown[] = error instanceof AggregateError ? error.errors : [error]
  return errors.find((one) => !(one instanceof Error && 'code' in one && one.code === 'ENODATA')) ?? errors[0]
}

async function withinMs(promise: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise((resolve) => (timer = setTimeout(resolve, ms)))
  await Promise.race([promise, timeout])
  clearTimeout(timer)
}

async function inHostsFile(host: string): Promise<string[]> {
  // A machine without such a file names nothing in it.
  const text = await readFile(HOSTS_FILE, 'utf8').catch(() => '')
  return text.split('\n').flatMap((line) => {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().toLowerCase().split(/\s+/)
    return isIP(address) > 0 && names.includes(host.toLowerCase()) ? [address] : []
  })
}

/** An error as the system would give it. */
export function withCode(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}
