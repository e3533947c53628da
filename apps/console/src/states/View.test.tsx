import { ThemeProvider } from '@mui/material'
import polyglotI18nProvider from 'ra-i18n-polyglot'
import { HttpError, I18nContext, type TranslationMessages } from 'react-admin'
import { renderToStaticMarkup } from 'react-dom/server'
import { MemoryRouter } from 'react-router-dom'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { en } from '../i18n/en/en.ts'
import { themeOf } from '../theme.ts'
import { View, type Viewed } from './View.tsx'

const TEXTS = polyglotI18nProvider(() => en as unknown as TranslationMessages, 'en', [], { allowMissing: true })
const UNAVAILABLE = new HttpError('no', 503, { code: 'store_unavailable' })

beforeAll(() => void vi.stubGlobal('navigator', { language: 'en', languages: ['en'] }))
afterAll(() => void vi.unstubAllGlobals())

function shown(changes: Partial<Viewed<string>>): string {
  const query = {
    ...{ data: undefined, error: null, isFetching: false, dataUpdatedAt: 0 },
    refetch: () => undefined,
    ...changes,
  }
  return renderToStaticMarkup(
    <I18nContext value={TEXTS}>
      <ThemeProvider theme={themeOf('light')}>
        <MemoryRouter>
          <View query={query} skeleton="skeleton">
            {(text) => <p>{text}</p>}
          </View>
        </MemoryRouter>
      </ThemeProvider>
    </I18nContext>,
  )
}

it('keeps what was fetched when a renewal fails, and says how old it is', () => {
  const html = shown({ data: 'figures', error: UNAVAILABLE, dataUpdatedAt: Date.now() - 3 * 60_000 })
  expect(html).toContain('<p>figures</p>')
  expect(html).toContain('3 minutes ago')
  expect(html).toContain('Try again')
})

it('shows nothing that a renewal found to be withdrawn', () => {
  const html = shown({ data: 'figures', error: new HttpError('gone', 404, {}), dataUpdatedAt: Date.now() })
  expect(html).not.toContain('figures')
})

it('has a skeleton before the first answer, and an error in its place', () => {
  expect(shown({ isFetching: true })).toBe('skeleton')
  expect(shown({ error: UNAVAILABLE })).toContain('This could not be loaded')
  expect(shown({ data: 'figures' })).toContain('figures')
  expect(shown({ data: 'figures' })).not.toContain('Try again')
})
