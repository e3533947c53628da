import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { Fault } from '@turnpike/domain'
import { ConfigError } from '@turnpike/server'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { refuse } from '../edge.ts'

/** A file of the built console, in memory: a name that is not known is not a path that could be walked. */
interface Asset {
  readonly bytes: Buffer
  /** Null where packing gains nothing. */
  readonly packed: Buffer | null
  readonly type: string
  /** Its name holds a hash of its content, so it may be kept for ever. */
  readonly hashed: boolean
}

/** A console is some megabytes; a larger folder is not one. */
const FILES_MAX = 2_000
const YEAR_S = 31_536_000

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
}

/** Scripts from here only. Styles inline too: the component library writes its own as the page is drawn. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'self' https://checkout.stripe.com",
].join('; ')

/** Reads the built console. Throws ConfigError when the folder holds none. */
export async function readConsole(folder: string): Promise<ReadonlyMap<string, Asset>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const files = entries.filter((entry) => entry.isFile())
  if (files.length > FILES_MAX) throw new ConfigError('CONSOLE_DIR holds too many files to be a built console.')
  const assets = new Map<string, Asset>()
  for (const file of files) {
    const full = path.join(file.parentPath, file.name)
    const name = `/${path.relative(folder, full).split(path.sep).join('/')}`
    assets.set(name, await readAsset(full, name))
  }
  if (!assets.has('/index.html')) throw new ConfigError('CONSOLE_DIR has no index.html: build the console first.')
  return assets
}

/** Serves the console on every path that belongs to no API; paths that are no file are pages, which index.html draws. */
export function serveConsole(server: FastifyInstance, assets: ReadonlyMap<string, Asset>): void {
  server.get('/*', { config: { access: 'public' } }, (request: FastifyRequest, reply: FastifyReply) => {
    const name = request.url.split('?', 1)[0] ?? '/'
    const found = assets.get(name)
    const asset = found ?? (isPage(name) ? assets.get('/index.html') : undefined)
    if (asset) void send(request, reply, asset)
    else refuse(request, reply, new Fault('route_unknown', 'There is no such page or route.'))
  })
}

/** Pages have no dot in their last part. Whatever looks like an API in any spelling is not a page: a typo must not get HTML. */
function isPage(name: string): boolean {
  return !/(?:^|[/\\]|%2f|%5c|;)(?:console|api)(?:$|[/\\;%])/i.test(name) && !/\.[^/]*$/.test(name)
}

function send(request: FastifyRequest, reply: FastifyReply, { bytes, packed, type, hashed }: Asset): FastifyReply {
  reply.headers({
    'content-type': type,
    'cache-control': hashed ? `public, max-age=${YEAR_S}, immutable` : 'no-cache',
    'content-security-policy': POLICY,
    'cross-origin-opener-policy': 'same-origin',
    ...(packed && { vary: 'accept-encoding' }),
  })
  const takesGzip = /(?:^|[\s,])gzip(?:$|[\s,;])/i.test(request.headers['accept-encoding'] ?? '')
  return packed && takesGzip ? reply.header('content-encoding', 'gzip').send(packed) : reply.send(bytes)
}

const zip = promisify(gzip)
/** Smaller files fit one packet either way. */
const WORTH_PACKING_BYTES = 1_400

async function readAsset(file: string, name: string): Promise<Asset> {
  const bytes = await readFile(file)
  const type = TYPES[path.extname(name)] ?? 'application/octet-stream'
  const isText = /^(?:text|application\/(?:json|manifest)|image\/svg)/.test(type)
  const packed = isText && bytes.length > WORTH_PACKING_BYTES ? await zip(bytes) : null
  return { bytes, packed, type, hashed: /^\/assets\/.*-[\w-]{8,}\.\w+$/.test(name) }
}
