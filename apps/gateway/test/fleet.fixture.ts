import { startFleet } from '@turnpike/testkit'

/** A process with a fleet of which some parts are frozen, to be killed by a test: prints what it started, and stays. */
const fleet = await startFleet({ gateways: 2, keys: 1 })
const { rows } = await fleet.postgres.pool.query<{ file: string }>(`SELECT pg_read_file('postmaster.pid') AS file`)
const redis = Number(/^process_id:(\d+)/m.exec(await fleet.redis.client.info('server'))?.[1])
fleet.redis.freeze()
fleet.gateways[0]?.freeze()
const pids = [redis, Number(rows[0]?.file.split('\n')[0]), ...fleet.gateways.map(({ pid }) => pid)]
process.stdout.write(`${JSON.stringify({ pids, simulator: fleet.simulator, home: fleet.home })}\n`)
setInterval(() => undefined, 60_000)
