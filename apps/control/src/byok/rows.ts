import type { OwnEndpointRow, OwnTestAnswer, ProviderKey } from '@turnpike/contract'
import { destinationOf, asReal, shownName, usdString, type Catalogue } from '@turnpike/domain'
import type { OwnCredentialSummary, OwnEndpointSummary, OwnPrice } from '@turnpike/store'
import type { TestRun } from './test-runs.ts'

/** A provider key as the console shows it. @param names of API keys, by id */
export function providerKeyRow(
  summary: OwnCredentialSummary,
  catalogue: Catalogue,
  names: ReadonlyMap<string, string>,
): ProviderKey {
  const { provider, boundTo, models, keys } = summary
  const at = catalogue.providers.get(provider)
  return {
    ...resourceRow(summary),
    providerName: at ? shownName(asReal(at)) : provider,
    moved: !at || destinationOf(at) !== boundTo,
    models: models && [...models],
    keys: keys && keys.map((id) => ({ id, name: names.get(id) ?? null })),
  }
}

/** An endpoint of one's own as the console shows it. */
export function ownEndpointRow(summary: OwnEndpointSummary): OwnEndpointRow {
  return {
    ...resourceRow(summary),
    supportedParameters: [...summary.supportedParameters],
    inputModalities: [...summary.inputModalities],
    outputModalities: [...summary.outputModalities],
    regions: [...summary.regions],
    price: priceRow(summary.price),
  }
}

/** What keys and endpoints have in common; all the fields of a summary may be shown. */
function resourceRow<Summary extends OwnCredentialSummary | OwnEndpointSummary>(summary: Summary) {
  const { secretVersion, disabledAt, lastTest, createdAt, ...shown } = summary
  return {
    ...shown,
    version: secretVersion,
    disabled: disabledAt !== null,
    test: lastTest && { result: lastTest.result, status: lastTest.status, at: lastTest.testedAt.toISOString() },
    createdAt: createdAt.toISOString(),
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

export function testAnswer(run: TestRun): OwnTestAnswer {
  return { data: { ...run, at: run.at.toISOString() } }
}
