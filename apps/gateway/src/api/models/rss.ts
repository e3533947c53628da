import type { Listing } from './listing.ts'
import type { ListPlace } from './page-link.ts'

/** Items of a feed at most: readers look at what is new. */
const ITEMS_MAX = 100

/** Models as an RSS 2.0 feed, with links relative to this host, whose name only the reader knows. */
export function feedOf(page: readonly Listing[], { path }: ListPlace): string {
  const items = page.slice(0, ITEMS_MAX).map(({ model }) => {
    const link = `/api/v1/models/${model.slug}/endpoints`
    const date = model.created > 0 ? `<pubDate>${new Date(model.created * 1000).toUTCString()}</pubDate>` : ''
    const about = escaped(model.description || `${model.contextLength} tokens of context.`)
    return `<item><title>${escaped(model.name)}</title><link>${escaped(link)}</link><guid isPermaLink="false">${escaped(model.slug)}</guid>${date}<description>${about}</description></item>`
  })
  const head = `<title>Models</title><link>${escaped(path)}</link><description>Models of this gateway.</description>`
  return `<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel>${head}${items.join('')}</channel></rss>\n`
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** Without the control characters that XML has no place for. */
function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => ENTITIES[sign] ?? '').replace(/[^\P{Cc}\t\n\r]/gu, '')
}
