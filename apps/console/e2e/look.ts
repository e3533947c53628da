import { createRequire } from 'node:module'
import type { Page } from '@playwright/test'
import type { Product } from '@turnpike/testkit'
import { expect } from './product.ts'
import { ROUTES } from './routes.ts'

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

/**
 * Opens the pages without a session or, with `signedIn`, those of a signed-in user: each has its
 * heading, nothing failed to load, nothing scrolls sideways, and axe finds nothing.
 */
export async function lookAtPages(page: Page, product: Product, who: { signedIn: boolean }): Promise<void> {
  for (const { path, heading, signedIn } of ROUTES) {
    // The page that waits for a code is looked at on the way in.
    if (signedIn !== who.signedIn || path === '/verify') continue
    await page.goto(product.console + path)
    await expect(page.getByRole('heading', { name: heading, level: 1 })).toBeVisible()
    await expect(page.getByText('This could not be loaded')).toHaveCount(0)
    await expect(page.getByRole('progressbar')).toHaveCount(0)
    await lookAt(page)
  }
}

const BACKGROUND = { light: 'rgb(247, 245, 240)', dark: 'rgb(15, 19, 23)' }
/** A long page on a busy machine takes its time to change its colours. */
const SOON = { timeout: 20_000 }
const SHOTS = process.env['SHOTS']

/** The page as it is now, in both widths and themes. Keeps screenshots when SHOTS names a folder. */
export async function lookAtAll(page: Page, name: string): Promise<void> {
  for (const [width, height] of [
    [1280, 800],
    [390, 844],
  ] as const) {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.setViewportSize({ width, height })
      // The colours change at once, not over a quarter of a second.
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await expect(page.locator('body')).toHaveCSS('background-color', BACKGROUND[colorScheme], SOON)
      await lookAt(page)
      if (SHOTS) await page.screenshot({ path: `${SHOTS}/${name}-${width}-${colorScheme}.png`, fullPage: true })
    }
  }
  await page.setViewportSize({ width: 1280, height: 800 })
}

/** The page as it is now: as wide as its window, and clean by axe's rules for WCAG 2.1 AA. */
export async function lookAt(page: Page): Promise<void> {
  const overflow = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
  expect(overflow, `${page.url()} scrolls sideways`).toBe(0)
  await page.addScriptTag({ path: axe })
  const found: unknown = await page.evaluate(`axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] })
    .then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ target }) => target.join(' ')).join(', ')))`)
  expect(found, page.url()).toEqual([])
}
