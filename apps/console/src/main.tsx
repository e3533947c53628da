import { createRoot } from 'react-dom/client'
import { createBrowserRouter, RouterProvider } from 'react-router-dom'
import { App } from './App.tsx'
import { openTexts } from './i18n/provider.ts'

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no element with the id root.')

const texts = await openTexts()
createRoot(root).render(
  // One route for all: react-admin matches below it. Only such a router can hold a navigation until unsaved work is settled.
  <RouterProvider router={createBrowserRouter([{ path: '*', element: <App texts={texts} /> }])} />,
)
