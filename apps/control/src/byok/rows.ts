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

export function testAnswer(run: TestRun): OwnTestAnswer {
  const { result, status, message, at } = run
  return { data: { result, status, message, at: at.toISOString() } }
}
