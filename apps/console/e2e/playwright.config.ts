import { defineConfig } from '@playwright/test'
import { findBrowser } from './browser.ts'

export default defineConfig({
  testDir: '.',
  outputDir: '../../../test-results',
  reporter: 'list',
  // Bounds of what hangs; a slow machine takes three times as long as a usual one.
  timeout: 240_000,
  expect: { timeout: 20_000 },
  workers: 1,
  use: {
    launchOptions: await findBrowser(),
    viewport: { width: 1280, height: 800 },
  },
})
