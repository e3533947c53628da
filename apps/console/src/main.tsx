import { createRoot } from 'react-dom/client'
import { BrowserRouter } from 'react-router-dom'
import { App } from './App.tsx'
import { openTexts } from './i18n/provider.ts'

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no element with the id root.')

const texts = await openTexts()
createRoot(root).render(
  <BrowserRouter>
    <App texts={texts} />
  </BrowserRouter>,
)
