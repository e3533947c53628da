import { lookAtPages } from './look.ts'
import { signUpInBrowser, test } from './product.ts'

test.use({ suite: 'pages' })

// Axe is put into the page by the test, which the console's own policy would rightly refuse.
test.use({ bypassCSP: true })

test('every page opens for somebody new, fits its window and is clean by axe', async ({ page, product }) => {
  await lookAtPages(page, product, { signedIn: false })
  await signUpInBrowser(page, product, 'pages@example.org')
  await lookAtPages(page, product, { signedIn: true })
})
