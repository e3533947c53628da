import { CssBaseline, ThemeProvider } from '@mui/material'
import { QueryCache, QueryClient } from '@tanstack/react-query'
import { lazy, useMemo } from 'react'
import { CoreAdminContext, CoreAdminUI, CustomRoutes, Resource, type I18nProvider } from 'react-admin'
import { Route } from 'react-router-dom'
import { ForgotPage, ResetPage } from './access/ResetPages.tsx'
import { SignInPage, SignUpPage } from './access/SignPages.tsx'
import { VerifyLinkPage } from './access/VerifyLinkPage.tsx'
import { VerifyPage } from './access/VerifyPage.tsx'
import { statusOf } from './api.ts'
import { openAuthProvider } from './authProvider.ts'
import { openDataProvider } from './dataProvider.ts'
import { noteSignedOut, sessionQuery } from './session.ts'
import { Notices } from './shell/Notices.tsx'
import { Shell } from './shell/Shell.tsx'
import { ThemeChoiceContext, useThemeState } from './shell/theme-choice.ts'
import { Home } from './start/Home.tsx'
import { StartPage } from './start/StartPage.tsx'
import { Broken } from './states/Broken.tsx'
import { MissingPage } from './states/Failure.tsx'
import { PageSkeleton } from './states/Loading.tsx'
import { themeOf } from './theme.ts'

const KeysPage = lazy(() => import('./keys/KeysPage.tsx'))
const UsagePage = lazy(() => import('./usage/UsagePage.tsx'))
const RequestsPage = lazy(() => import('./requests/RequestsPage.tsx'))
const RequestPage = lazy(() => import('./requests/RequestPage.tsx'))
const ModelsPage = lazy(() => import('./models/ModelsPage.tsx'))
const PoliciesPage = lazy(() => import('./policies/PoliciesPage.tsx'))
const NewPolicyPage = lazy(() => import('./policies/NewPolicyPage.tsx'))
const PolicyPage = lazy(() => import('./policies/PolicyPage.tsx'))
const ProviderKeysPage = lazy(() => import('./provider-keys/ProviderKeysPage.tsx'))
const WhatIfPage = lazy(() => import('./what-if/WhatIfPage.tsx'))
const SettingsPage = lazy(() => import('./settings/SettingsPage.tsx'))

/** The console: who may see which page at which address, and the providers that every page leans on. */
export function App({ texts }: { texts: I18nProvider }) {
  const themeState = useThemeState()
  const theme = useMemo(() => themeOf(themeState.mode), [themeState.mode])
  const queryClient = useMemo(openQueries, [])
  const authProvider = useMemo(() => openAuthProvider(queryClient), [queryClient])
  const dataProvider = useMemo(openDataProvider, [])
  return (
    <CoreAdminContext {...{ authProvider, dataProvider, queryClient }} i18nProvider={texts}>
      <ThemeChoiceContext value={themeState}>
        <ThemeProvider theme={theme}>
          <CssBaseline enableColorScheme />
          <CoreAdminUI
            title="Turnpike"
            layout={Shell}
            dashboard={Home}
            catchAll={MissingPage}
            error={Broken}
            loading={PageSkeleton}
            authenticationError={MissingPage}
            accessDenied={MissingPage}
            loginPage={false}
            requireAuth
            disableTelemetry
          >
            <CustomRoutes noLayout>
              <Route path="/sign-up" element={<SignUpPage />} />
              <Route path="/sign-in" element={<SignInPage />} />
              <Route path="/verify" element={<VerifyPage />} />
              <Route path="/verify-link" element={<VerifyLinkPage />} />
              <Route path="/forgot" element={<ForgotPage />} />
              <Route path="/reset" element={<ResetPage />} />
            </CustomRoutes>
            <CustomRoutes>
              <Route path="/start" element={<StartPage />} />
              <Route path="/usage" element={<UsagePage />} />
              <Route path="/provider-keys" element={<ProviderKeysPage />} />
              <Route path="/what-if" element={<WhatIfPage />} />
              <Route path="/settings" element={<SettingsPage />} />
            </CustomRoutes>
            <Resource name="keys" list={KeysPage} />
            <Resource name="policies" list={PoliciesPage} create={NewPolicyPage} edit={PolicyPage} />
            <Resource name="requests" list={RequestsPage} show={RequestPage} />
            <Resource name="models" list={ModelsPage} />
          </CoreAdminUI>
          <Notices />
        </ThemeProvider>
      </ThemeChoiceContext>
    </CoreAdminContext>
  )
}

/** The query cache. A 401 on any query means that the session has ended; the shell then redirects to the sign-in page. */
function openQueries(): QueryClient {
  const queryCache = new QueryCache({
    onError: (error) => {
      if (statusOf(error) !== 401) return
      noteSignedOut()
      queryClient.setQueryData(sessionQuery.queryKey, null)
    },
  })
  const queryClient = new QueryClient({
    queryCache,
    defaultOptions: { queries: { retry, staleTime: 2_000, refetchOnWindowFocus: true } },
  })
  return queryClient
}

/** One more try, and only where another try can help. */
function retry(failures: number, error: unknown): boolean {
  return failures < 1 && (statusOf(error) ?? 503) >= 500
}
