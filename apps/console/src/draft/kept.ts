/** Drafts that were not saved, in this tab alone: one for each document of an organisation. They hold no secrets. */
const PREFIX = 'turnpike.draft.'
/** A policy is a few thousand characters; browsers keep five million in all. */
const DRAFT_CHARS_MAX = 200_000
/** Documents that one leaves half done in one tab; beyond it those that were begun first are dropped. */
const DRAFTS_MAX = 10

/** What a tab keeps, as `sessionStorage` has it. */
export type DraftStore = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>

/** The names of the two parts never hold a full stop: they are ids. */
export function draftName(organisationId: string, documentId: string): string {
  return `${PREFIX}${organisationId}.${documentId}`
}

/** The draft that was kept; null for none, and where the browser keeps nothing. */
export function keptDraft(name: string, store: () => DraftStore = tab): string | null {
  try {
    return store().getItem(name)
  } catch {
    return null
  }
}

/** Keeps a draft, null to forget it. One that is too long is not kept: the page still has it. */
export function keepDraft(name: string, text: string | null, store: () => DraftStore = tab): void {
  try {
    const drafts = store()
    if (text === null || text.length > DRAFT_CHARS_MAX) return drafts.removeItem(name)
    if (drafts.getItem(name) === null) makeRoom(drafts)
    drafts.setItem(name, text)
  } catch {
    // Storage can be forbidden by the browser. The draft then lives as long as its page.
  }
}

function makeRoom(drafts: DraftStore): void {
  const names = Array.from({ length: drafts.length }, (_, i) => drafts.key(i) ?? '').filter((name) =>
    name.startsWith(PREFIX),
  )
  for (const name of names.slice(0, Math.max(0, names.length - DRAFTS_MAX + 1))) drafts.removeItem(name)
}

function tab(): DraftStore {
  return sessionStorage
}
