import { defineConfig } from '@playwright/test'
import { findBrowser } from './browser.ts'

export default defineConfig({
  testDir: '.',
  outputDir: '../../../test-results',
  reporter: 'list',
  timeout: 60_000,
  workers: 1,
  use: {
    launchOptions: await findBrowser(),
    viewport: { width: 1280, height: 800 },
  },
})
