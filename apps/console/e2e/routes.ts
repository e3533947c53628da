/** Every address of the console, with the heading that its page shows in English. */
export const ROUTES = [
  { path: '/sign-up', heading: 'Create your account', signedIn: false },
  { path: '/sign-in', heading: 'Sign in', signedIn: false },
  { path: '/verify', heading: 'Check your mail', signedIn: false },
  { path: '/verify-link#AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', heading: 'Verify your address', signedIn: false },
  { path: '/forgot', heading: 'Forgot your password?', signedIn: false },
  { path: '/reset#AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', heading: 'Choose a new password', signedIn: false },
  { path: '/start', heading: 'Quick start', signedIn: true },
  { path: '/usage', heading: 'Usage', signedIn: true },
  { path: '/what-if', heading: 'Simulate', signedIn: true },
  { path: '/requests', heading: 'Requests', signedIn: true },
  { path: '/keys', heading: 'API keys', signedIn: true },
  { path: '/provider-keys', heading: 'Provider keys', signedIn: true },
  { path: '/provider-keys?tab=endpoints', heading: 'Provider keys', signedIn: true },
  { path: '/policies', heading: 'Routing policies', signedIn: true },
  { path: '/policies/create', heading: 'New policy', signedIn: true },
  { path: '/models', heading: 'Models', signedIn: true },
  { path: '/settings', heading: 'Settings', signedIn: true },
] as const

/** One request; the tabs are `overview`, `route` and `json`. */
export function requestPath(id: string, tab: 'overview' | 'route' | 'json' = 'overview'): string {
  return tab === 'overview' ? `/requests/${id}/show` : `/requests/${id}/show?tab=${tab}`
}
