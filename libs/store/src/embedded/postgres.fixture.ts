import { startEmbeddedPostgres } from './postgres.ts'

/** A process with an embedded PostgreSQL, to be killed by a test: prints the URL and stays. */
const { ownerUrl } = await startEmbeddedPostgres({ home: process.argv[2] ?? '', durable: false })
process.stdout.write(`${ownerUrl}\n`)
setInterval(() => undefined, 60_000)
