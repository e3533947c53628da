import type { OwnEndpointRow, OwnTest, ProviderKey } from '@turnpike/contract'
import { destinationOf, Fault, asReal, shownName, usdString, type Catalogue } from '@turnpike/domain'
import type { OwnCredentialSummary, OwnEndpointSummary, OwnPrice, OwnTest as StoredTest } from '@turnpike/store'
import * as z from 'zod'

/** A provider key as the console shows it. @param names of API keys, by id */
export function providerKeyRow(
  summary: OwnCredentialSummary,
  catalogue: Catalogue,
  names: ReadonlyMap<string, string>,
): ProviderKey {
  const { id, name, provider, lastFour, fingerprint, boundTo, placement, priority, share, models, keys } = summary
  const at = catalogue.providers.get(provider)
  return {
    id,
    name,
    provider,
    lastFour,
    fingerprint,
    boundTo,
    placement,
    priority,
    share,
    providerName: at ? shownName(asReal(at)) : provider,
    version: summary.secretVersion,
    moved: !at || destinationOf(at) !== boundTo,
    models: models && [...models],
    keys: keys && keys.map((key) => ({ id: key, name: names.get(key) ?? null })),
    disabled: summary.disabledAt !== null,
    test: testRow(summary.lastTest),
    createdAt: summary.createdAt.toISOString(),
    createdBy: summary.createdBy,
  }
}

/** An endpoint of one's own as the console shows it. */
export function ownEndpointRow(summary: OwnEndpointSummary): OwnEndpointRow {
  const { id, slug, name, dialect, baseUrl, upstreamModel, model, contextLength, maxCompletionTokens } = summary
  const { retainsPrompts, zeroRetention, placement, priority, lastFour, fingerprint, priceVersion } = summary
  return {
    id,
    slug,
    name,
    dialect,
    baseUrl,
    upstreamModel,
    model,
    contextLength,
    maxCompletionTokens,
    retainsPrompts,
    zeroRetention,
    placement,
    priority,
    lastFour,
    fingerprint,
    priceVersion,
    supportedParameters: [...summary.supportedParameters],
    inputModalities: [...summary.inputModalities],
    outputModalities: [...summary.outputModalities],
    regions: [...summary.regions],
    price: priceRow(summary.price),
    version: summary.secretVersion,
    disabled: summary.disabledAt !== null,
    test: testRow(summary.lastTest),
    createdAt: summary.createdAt.toISOString(),
    createdBy: summary.createdBy,
  }
}

function priceRow({ prompt, completion, cacheRead, request }: OwnPrice): OwnEndpointRow['price'] {
  return {
    prompt: usdString(prompt),
    completion: usdString(completion),
    cached: cacheRead === null ? null : usdString(cacheRead),
    request: usdString(request),
  }
}

function testRow(test: StoredTest | null): OwnTest | null {
  return test && { result: test.result, status: test.status, at: test.testedAt.toISOString() }
}

/** A page of rows that are all in memory: there are never many. An unknown cursor gives the first page. */
export function pageOf<Row extends { readonly id: string }>(
  rows: readonly Row[],
  limit: number,
  cursor: string | undefined,
): { data: Row[]; hasMore: boolean; nextCursor: string | null } {
  const from = rows.findIndex(({ id }) => id === cursor) + 1
  const data = rows.slice(from, from + limit)
  const hasMore = rows.length > from + limit
  return { data, hasMore, nextCursor: hasMore ? (data.at(-1)?.id ?? null) : null }
}

/** A text that is no UUID is answered like an unknown id. */
export function ownId(text: string, noSuch: () => Fault): string {
  if (z.uuid().safeParse(text).success) return text.toLowerCase()
  throw noSuch()
}

export function noSuchProviderKey(): Fault {
  return new Fault('object_unknown', 'There is no such provider key.')
}

export function noSuchEndpoint(): Fault {
  return new Fault('object_unknown', 'There is no such endpoint.')
}
