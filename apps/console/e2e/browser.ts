import { execFileSync } from 'node:child_process'

/** A browser that is here: `CHROMIUM_PATH`, else `chromium` on the path, else the one that comes from the registry. */
export async function findBrowser(): Promise<{ executablePath: string; args: string[] }> {
  const given = process.env['CHROMIUM_PATH'] ?? onPath('chromium')
  if (given) return { executablePath: given, args: QUIET }
  // The package unpacks its libraries only where it believes to be in that environment.
  process.env['AWS_EXECUTION_ENV'] ??= 'AWS_Lambda_nodejs20.x'
  const { default: chromium } = await import('@sparticuz/chromium')
  // Its own arguments are for a throw-away environment: one process, no web security.
  return { executablePath: await chromium.executablePath(), args: QUIET }
}

/** Runs as root too, and makes no network requests by itself. */
const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

function onPath(name: string): string | undefined {
  try {
    return (
      execFileSync('which', [name], { stdio: ['ignore', 'pipe', 'ignore'] })
        .toString()
        .trim() || undefined
    )
  } catch {
    return undefined
  }
}
