#!/usr/bin/env node
/**
 * Prisma's command line hands everything that concerns a schema or a database to a native program, `schema-engine`,
 * which it downloads. Where that download is not possible, or not wanted, this program takes its place: it speaks the
 * same line-by-line JSON-RPC over standard input and output, and runs the same engine from the WebAssembly build that
 * Prisma publishes to npm, over the JavaScript driver adapter that the product uses anyway. `prisma.config.ts` names it.
 *
 * Four faults of the adapter (7.10) would break `migrate`; each is put right below where its comment says so.
 */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { PrismaPg } from '@prisma/adapter-pg'
import {
  bindMigrationAwareSqlAdapterFactory,
  ColumnTypeEnum,
  mockMigrationAwareAdapterFactory,
} from '@prisma/driver-adapter-utils'
import * as glue from '@prisma/schema-engine-wasm/schema_engine_bg'
import { __wbg_set_wasm as setInstance } from '@prisma/schema-engine-wasm/schema_engine_bg'
import { Client, escapeIdentifier } from 'pg'

const require = createRequire(import.meta.url)
/** PostgreSQL's numbers of two types. */
const CHAR = 18
const TEXT = 25
const CONNECT_TIMEOUT_MS = 5_000
/** What the native engine answers to an error that has no code of its own. */
const RPC_ERROR = 4466
/** Requests of ours to the command line ("print this") need ids that its own requests never have. */
let printId = 1_000_000
/** What the engine wrote when it panicked. */
let panic = ''
/** What the WebAssembly build calls its entry. */
const START = '__wbindgen_start'
/** What must be done before this program ends. */
const endings = []

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  strict: false,
  options: {
    version: { type: 'boolean' },
    datamodels: { type: 'string', multiple: true },
    datasource: { type: 'string' },
  },
})
const databaseUrl = flags.datasource ? JSON.parse(flags.datasource).url : undefined

if (flags.version) process.stdout.write('schema-engine-wasm\n')
else if (positionals[0] === 'cli') process.exitCode = await checkDatabase(positionals[1])
else await serve()

/** `cli can-connect-to-database` and `cli create-database`: the exit code is the answer, a logged error its reason. */
async function checkDatabase(command) {
  try {
    if (command === 'create-database') await createDatabase(databaseUrl)
    else await withClient(databaseUrl, () => undefined)
    return 0
  } catch (error) {
    const fields = { error_code: error.code === '3D000' ? 'P1003' : 'P1001', message: error.message }
    process.stderr.write(`\n${JSON.stringify({ level: 'ERROR', target: 'schema_engine::logger', fields })}\n`)
    return 1
  }
}

/** Answers requests one after another, in order, until standard input ends. */
async function serve() {
  const engine = await startEngine()
  let current = null
  // An engine that panics leaves its promise unsettled; unanswered, the command line would wait, or end as if all were well.
  process.once('uncaughtException', (error) => {
    const message = `The schema engine panicked. ${panic || error.message}`
    const data = { is_panic: false, message, meta: null }
    send({ jsonrpc: '2.0', id: current, error: { code: RPC_ERROR, message, data } })
    setImmediate(() => process.exit(1))
  })
  for await (const line of createInterface({ input: process.stdin })) {
    const message = JSON.parse(line)
    current = message.id
    // Without a method it is the answer to a request of ours.
    if (message.method) send({ jsonrpc: '2.0', id: message.id, ...(await answer(engine, message)) })
  }
  // The engine does not wait for its shadow databases to be gone; the command line may end us as soon as it has its answer.
  await Promise.allSettled(endings)
  process.exit(0)
}

async function answer(engine, { method, params }) {
  try {
    return { result: (await call(engine, method, params)) ?? null }
  } catch (error) {
    const message = error?.message ?? String(error)
    const code = typeof error?.code === 'string' ? error.code : undefined
    const data = { is_panic: false, message, meta: error?.meta ?? null, error_code: code }
    return { error: { code: code ?? RPC_ERROR, message, data } }
  }
}

/** The engine's methods carry the protocol's names, but for three. */
async function call(engine, method, params) {
  if (method === 'getDatabaseVersion') return engine.version(params)
  if (method === 'createDatabase') {
    return { databaseName: await createDatabase(params?.datasource?.url ?? databaseUrl) }
  }
  const result = await engine[method](params)
  if (method !== 'diff') return result
  // The command line prints a difference when it is asked to, and ignores it in the result.
  if (result.stdout) {
    send({ jsonrpc: '2.0', id: printId++, method: 'print', params: { content: result.stdout.replace(/\n$/, '') } })
  }
  return { ...result, stdout: null }
}

function send(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`)
}

async function startEngine() {
  const file = require.resolve('@prisma/schema-engine-wasm/schema_engine_bg').replace(/_bg\.js$/, '_bg.wasm')
  const module = await WebAssembly.compile(await readFile(file))
  const instance = await WebAssembly.instantiate(module, { './schema_engine_bg.js': glue })
  setInstance(instance.exports)
  instance.exports[START]()
  globalThis.PRISMA_WASM_PANIC_REGISTRY = { set_message: (text) => (panic = text) }
  const datamodels = flags.datamodels
    ? await Promise.all(flags.datamodels.map(async (name) => [name, await readFile(name, 'utf8')]))
    : undefined
  // Comparing and formatting need no database: then the engine gets an adapter that refuses to connect.
  const adapter = databaseUrl ? adapterFor(databaseUrl) : mockMigrationAwareAdapterFactory('postgres')
  return glue.SchemaEngine.new({ datamodels }, () => undefined, bindMigrationAwareSqlAdapterFactory(adapter))
}

/**
 * Fault 1: the adapter does not know PostgreSQL's one-byte "char", the type of many columns of the system's catalogue.
 * Such a column is passed to the adapter as text, and in its answer marked as characters, as the engine expects.
 */
function withCharacters(connection) {
  const queryRaw = connection.queryRaw
  connection.queryRaw = async (query) => {
    let isCharacter = []
    const performIO = async (statement) => {
      const { fields, rows, rowCount } = await connection.performIO(statement)
      isCharacter = fields.map((field) => field.dataTypeID === CHAR)
      return {
        fields: fields.map((field, i) => (isCharacter[i] ? { ...field, dataTypeID: TEXT } : field)),
        rows,
        rowCount,
      }
    }
    const answered = await queryRaw.call(Object.create(connection, { performIO: { value: performIO } }), query)
    const columnTypes = answered.columnTypes.map((type, i) => (isCharacter[i] ? ColumnTypeEnum.Character : type))
    return { ...answered, columnTypes }
  }
  return connection
}

/**
 * Fault 2: the adapter names its shadow database in `database`, which a connection string overrules, so that the shadow
 * would be the real database; hence the parts. Fault 3: it drops the shadow while its own pool still holds it open;
 * here the pool is closed first.
 */
function adapterFor(url) {
  const config = connectionParts(url)
  const options = { schema: new URL(url).searchParams.get('schema') ?? undefined }
  const adapter = new PrismaPg(config, options)
  const connect = adapter.connect.bind(adapter)
  adapter.connect = async () => withWholeScripts(withCharacters(await connect()))
  adapter.connectToShadowDb = async () => {
    const database = `prisma_shadow_${process.pid}_${Date.now().toString(36)}`
    const identifier = escapeIdentifier(database)
    await withClient(url, (client) => client.query(`CREATE DATABASE ${identifier}`))
    const shadow = withWholeScripts(withCharacters(await new PrismaPg({ ...config, database }, options).connect()))
    const close = shadow.dispose.bind(shadow)
    const drop = async () => {
      await close()
      await withClient(url, (client) => client.query(`DROP DATABASE IF EXISTS ${identifier} WITH (FORCE)`))
    }
    shadow.dispose = () => {
      const dropped = drop()
      endings.push(dropped)
      return dropped
    }
    return shadow
  }
  return adapter
}

/** Fault 4: the adapter cuts a script at every semicolon, those in functions and comments too. The server knows better. */
function withWholeScripts(connection) {
  connection.executeScript = async (script) => {
    try {
      await connection.client.query(script)
    } catch (error) {
      connection.onError(error)
    }
  }
  return connection
}

function connectionParts(text) {
  const url = new URL(text)
  const sslmode = url.searchParams.get('sslmode') ?? 'disable'
  const encrypted = ['require', 'verify-ca', 'verify-full', 'no-verify'].includes(sslmode)
  return {
    host: url.searchParams.get('host') ?? url.hostname,
    port: Number(url.port || 5432),
    user: decodeURIComponent(url.username) || undefined,
    password: decodeURIComponent(url.password) || undefined,
    database: decodeURIComponent(url.pathname.slice(1)),
    ssl: encrypted ? { rejectUnauthorized: sslmode.startsWith('verify') } : undefined,
  }
}

/** Makes the database that the URL names, from the server's own. Returns its name. */
async function createDatabase(target) {
  const url = new URL(target)
  const name = decodeURIComponent(url.pathname.slice(1))
  url.pathname = '/postgres'
  await withClient(url.toString(), (client) => client.query(`CREATE DATABASE ${escapeIdentifier(name)}`))
  return name
}

async function withClient(url, work) {
  const client = new Client({ ...connectionParts(url), connectionTimeoutMillis: CONNECT_TIMEOUT_MS })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
