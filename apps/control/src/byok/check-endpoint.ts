import type { OwnPrice as PriceForm } from '@turnpike/contract'
import { OWN_AUTHOR, parseUsd, type Catalogue, type ModelSlug, type NanoUsd } from '@turnpike/domain'
import { checkUrl, type EgressAllow } from '@turnpike/server'
import type { OwnPrice } from '@turnpike/store'
import type { Problem } from '../parse.ts'
import { refusal, unknownWord } from '../policies/problems.ts'

/** The fields of an endpoint that a schema alone cannot check. Absent: unchanged. */
export interface EndpointWish {
  readonly baseUrl?: string | undefined
  readonly model?: string | undefined
  readonly retainsPrompts?: boolean | undefined
  readonly zeroRetention?: boolean | undefined
}

/** Behind `~tenant/`. */
const OWN_MODEL_NAME = /^[a-z0-9][a-z0-9._-]{0,79}$/

/** Throws Fault `request_invalid` with every problem. @returns the address to store, if one was given */
export async function checkEndpoint(
  wish: EndpointWish,
  catalogue: Catalogue,
  allow: EgressAllow,
): Promise<string | undefined> {
  const problems: Problem[] = [...problemsOfModel(wish.model, catalogue), ...problemsOfRetention(wish)]
  const checked = wish.baseUrl === undefined ? null : await checkUrl(wish.baseUrl, allow)
  if (checked && !checked.ok) problems.push({ path: ['baseUrl'], message: `The base URL ${checked.why}.` })
  if (problems.length > 0) throw refusal(problems)
  return checked?.ok ? checked.url : undefined
}

function problemsOfModel(model: string | undefined, { models }: Catalogue): Problem[] {
  if (model === undefined || models.has(model as ModelSlug)) return []
  if (!model.startsWith(`${OWN_AUTHOR}/`)) {
    const message = `${unknownWord('model', model, models.keys())} A model of your own is named ${OWN_AUTHOR}/name.`
    return [{ path: ['model'], message }]
  }
  if (OWN_MODEL_NAME.test(model.slice(OWN_AUTHOR.length + 1))) return []
  const message = `After ${OWN_AUTHOR}/ come up to 80 of a to z, 0 to 9, full stop, underscore and hyphen.`
  return [{ path: ['model'], message }]
}

function problemsOfRetention({ retainsPrompts, zeroRetention }: EndpointWish): Problem[] {
  if (!retainsPrompts || !zeroRetention) return []
  return [{ path: ['zeroRetention'], message: 'An endpoint that may keep prompts keeps more than nothing.' }]
}

/** Decimal dollars, whose form was checked. */
export function priceOf({ prompt, completion, cached, request }: PriceForm): OwnPrice {
  return {
    prompt: nano(prompt),
    completion: nano(completion),
    cacheRead: cached === null ? null : nano(cached),
    request: nano(request),
  }
}

function nano(dollars: string): NanoUsd {
  const amount = parseUsd(dollars)
  if (amount === null) throw new Error('an amount passed the schema that is none')
  return amount
}
