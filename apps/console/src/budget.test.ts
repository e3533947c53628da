import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'

const KB = 1000
/** What a browser fetches before the first page can be drawn. */
const FIRST_PAGE_KB_MAX = 360
/** All pages of one language but the chart, each of which is fetched when it is opened. */
const PAGES_KB_MAX = 400
/** The chart, fetched only by the usage page. */
const CHART_KB_MAX = 130

const folder = path.resolve(import.meta.dirname, '../../../dist/console')
const isBuilt = existsSync(path.join(folder, 'index.html'))

const packedKb = (file: string) => gzipSync(readFileSync(path.join(folder, file))).length / KB
const assets = () =>
  readdirSync(path.join(folder, 'assets')).flatMap((name) => (name.endsWith('.gz') ? [] : [`assets/${name}`]))
const isChart = (name: string) => name.includes('/UsageChart-')
const isOtherLanguage = (name: string) => /\/de-[\w-]+\.js$/.test(name)

// Building takes longer than all other tests together, so that only what was built is weighed.
describe.skipIf(!isBuilt)('the built console (skipped while dist/console is not built)', () => {
  it('loads its first page within the budget', () => {
    const page = readFileSync(path.join(folder, 'index.html'), 'utf8')
    const first = [...page.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map(([, name]) => name ?? '')
    expect(first.length).toBeGreaterThan(3)
    expect(['index.html', ...first].reduce((sum, name) => sum + packedKb(name), 0)).toBeLessThan(FIRST_PAGE_KB_MAX)
  })

  it('has all pages but the chart within theirs', () => {
    const scripts = assets().filter((name) => !isChart(name) && !isOtherLanguage(name))
    const total = ['index.html', ...scripts].reduce((sum, name) => sum + packedKb(name), 0)
    expect(total).toBeLessThan(PAGES_KB_MAX)
  })

  it('keeps the chart in a file of its own, within its budget', () => {
    const charts = assets().filter(isChart)
    expect(charts).toHaveLength(1)
    expect(packedKb(charts[0] ?? '')).toBeLessThan(CHART_KB_MAX)
  })

  it('is sent compressed as it is sent plain', () => {
    const read = (name: string) => readFileSync(path.join(folder, 'assets', name))
    const compressed = readdirSync(path.join(folder, 'assets')).filter((name) => name.endsWith('.gz'))
    expect(compressed.length).toBeGreaterThan(5)
    for (const name of compressed) expect(gunzipSync(read(name)).equals(read(name.slice(0, -3))), name).toBe(true)
  })

  it('names no other site in its page', () => {
    const page = readFileSync(path.join(folder, 'index.html'), 'utf8')
    expect(page).not.toMatch(/(?:src|href)="(?:https?:)?\/\//)
  })
})
