import { expect, it } from 'vitest'
import { draftName, keepDraft, keptDraft, type DraftStore } from './kept.ts'

/** A tab's storage. */
function aStore(): () => DraftStore {
  const kept = new Map<string, string>()
  const store: DraftStore = {
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, text) => void kept.set(name, text),
    removeItem: (name) => void kept.delete(name),
    key: (i) => [...kept.keys()][i] ?? null,
    get length() {
      return kept.size
    },
  }
  return () => store
}

it('keeps one draft for each document of an organisation, until it is forgotten', () => {
  const store = aStore()
  keepDraft(draftName('org', 'a'), 'mine', store)
  expect(keptDraft(draftName('org', 'a'), store)).toBe('mine')
  expect(keptDraft(draftName('org', 'b'), store)).toBeNull()
  expect(keptDraft(draftName('other', 'a'), store)).toBeNull()
  keepDraft(draftName('org', 'a'), null, store)
  expect(keptDraft(draftName('org', 'a'), store)).toBeNull()
})

it('keeps ten drafts at most, and none that is longer than any document', () => {
  const store = aStore()
  store().setItem('another', 'stays')
  for (let i = 0; i < 12; i++) keepDraft(draftName('org', `${i}`), 'x', store)
  expect(store().length).toBe(11)
  expect(keptDraft(draftName('org', '1'), store)).toBeNull()
  expect(keptDraft(draftName('org', '11'), store)).toBe('x')
  expect(store().getItem('another')).toBe('stays')
  keepDraft(draftName('org', '11'), 'x'.repeat(200_001), store)
  expect(keptDraft(draftName('org', '11'), store)).toBeNull()
})

it('is no fault where the browser keeps nothing', () => {
  const forbidden = () => {
    throw new Error('forbidden')
  }
  keepDraft('a', 'x', forbidden)
  expect(keptDraft('a', forbidden)).toBeNull()
})
